"""The migrations make exactly what the models say, on both databases."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from switchroom.db import schema
from switchroom.db.base import Base
from switchroom.db.database import Database
from switchroom.jobs.models import NamedLease
from switchroom.meetings import models
from switchroom.platform import build as app


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


@pytest.mark.filterwarnings("ignore:.*expression-based index")  # SQLite does not say what is in one
async def test_the_migrated_schema_is_that_of_the_models(database: Database) -> None:
    assert app.Platform
    assert models.Meeting
    assert NamedLease
    assert await schema.upgrade(database)

    def differences(connection: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection), Base.metadata)

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_upgrading_again_changes_nothing(database: Database) -> None:
    assert await schema.upgrade(database)
    assert not await schema.upgrade(database)


async def test_an_upgrade_keeps_what_there_is(database: Database) -> None:
    """The first release's organizations and people, with what belongs to them, outlive every migration."""

    def up_to(connection: Connection, revision: str) -> None:
        configuration = schema.configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, revision)

    moment = 1_700_000_000_000_000
    rows = [
        ("organizations", {"id": 1, "ulid": "A" * 26, "display_name": "Säge AG", "properties": "{}"}),
        ("organizations", {"id": 2, "ulid": "B" * 26, "display_name": "Zwei", "properties": "{}"}),
        *(
            (
                "people",
                {
                    "id": f"person-{number}",
                    "username": f"{number}@example.org",
                    "password_hash": "",
                    "email": "",
                    "first_name": "",
                    "last_name": "",
                    "title": "",
                    "locale": "en",
                    "spoken_languages": "[]",
                },
            )
            for number in range(3)
        ),
        *(
            (
                "memberships",
                {
                    "organization_id": 1 + number % 2,
                    "person_id": f"person-{number}",
                    "standing": "participant",
                    "administration": 0,
                    "properties": "{}",
                },
            )
            for number in range(3)
        ),
        (
            "memberships",
            {
                "organization_id": 2,
                "person_id": "person-0",
                "standing": "participant",
                "administration": 0,
                "properties": "{}",
            },
        ),
    ]
    async with database.engine.begin() as connection:
        await connection.run_sync(up_to, "0001")
        for table, row in rows:
            names = [*row, "created_at"]
            values = ", ".join(f":{name}" for name in names)
            await connection.execute(
                text(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values})"),
                {**row, "created_at": moment},
            )
        await connection.run_sync(up_to, "0008")
        await connection.execute(text("UPDATE people SET external_id = 'crm-1' WHERE id = 'person-1'"))
    await schema.upgrade(database)
    of_only_one = (
        "SELECT count(*) FROM memberships JOIN people ON people.id = person_id"
        " WHERE memberships.calendar_token = people.calendar_token"
    )
    async with database.engine.connect() as connection:

        async def one(query: str) -> object:
            return await connection.scalar(text(query))

        assert await one("SELECT count(*) FROM memberships") == 4
        assert await one("SELECT count(DISTINCT hex_id) FROM organizations WHERE length(hex_id) = 24") == 2
        assert await one("SELECT count(DISTINCT hex_id) FROM people WHERE length(hex_id) = 24") == 3
        assert await one("SELECT count(DISTINCT calendar_token) FROM memberships") == 4
        assert await one(of_only_one) == 2
        assert await one("SELECT max(external_id) FROM memberships") == "crm-1"
        assert await one("SELECT count(*) FROM meeting_terms") == 2
