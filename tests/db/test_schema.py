"""The migrations make exactly what the models say, on both databases."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from switchroom import app
from switchroom.db import schema
from switchroom.db.base import Base
from switchroom.db.database import Database


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Database]:
    """An empty database."""
    if request.param == "sqlite":
        empty = Database(f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")
    else:
        server: str = request.getfixturevalue("postgresql_url")
        name = f"empty_{secrets.token_hex(4)}"
        maintenance = Database(server)
        async with maintenance.engine.connect() as connection:
            await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(
                text(f"CREATE DATABASE {name}")
            )
        await maintenance.close()
        empty = Database(f"{server.rsplit('/', 1)[0]}/{name}")
    yield empty
    await empty.close()


async def test_the_migrated_schema_is_that_of_the_models(database: Database) -> None:
    assert app.Platform
    assert await schema.upgrade(database)

    def differences(connection: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection), Base.metadata)

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_upgrading_again_changes_nothing(database: Database) -> None:
    assert await schema.upgrade(database)
    assert not await schema.upgrade(database)
