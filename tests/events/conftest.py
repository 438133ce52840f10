"""Fixtures of the tests of web hooks: an organization in a database of its own, on each kind."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.events.source import Source, source


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'events.db'}"
    server: str = request.getfixturevalue("postgresql_url")
    name = f"events_{uuid4().hex}"
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    return f"{server.rpartition('/')[0]}/{name}"


@pytest.fixture
async def events(database_url: str) -> AsyncGenerator[Source]:
    async with source(database_url) as opened:
        yield opened
