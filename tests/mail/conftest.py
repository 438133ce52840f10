"""Fixtures of the tests of mail: a sender on each database, with a database of its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.mail.mail_server import MailServer, mail_server
from tests.mail.post import Sender, sender


@pytest.fixture
async def organization(tmp_path: Path) -> AsyncGenerator[Sender]:
    async with sender(f"sqlite+aiosqlite:///{tmp_path / 'mail.db'}") as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'mail.db'}"
    server: str = request.getfixturevalue("postgresql_url")
    name = f"mail_{uuid4().hex}"
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    return f"{server.rpartition('/')[0]}/{name}"


@pytest.fixture
async def post() -> AsyncGenerator[MailServer]:
    async with mail_server() as opened:
        yield opened
