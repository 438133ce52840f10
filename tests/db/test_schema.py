"""The migrations make exactly what the models say, on both databases."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, inspect, text

from switchroom.db import schema
from switchroom.db.database import Database
from switchroom.platform import build as app
from switchroom.platform.schema import bring_up_to_date
from switchroom.platform.tables import METADATA


@pytest.fixture
async def database(empty_database_url: str) -> AsyncGenerator[Database]:
    """An empty database."""
    empty = Database(empty_database_url)
    yield empty
    await empty.close()


@pytest.mark.filterwarnings("ignore:.*expression-based index")  # SQLite does not say what is in one
async def test_the_migrated_schema_is_that_of_the_models(database: Database) -> None:
    assert app.Platform
    assert await schema.upgrade(database)

    def differences(connection: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection), METADATA)

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def test_the_migrations_are_one_chain_in_the_order_of_their_numbers() -> None:
    """Two that were written at the same time are put in order before they are let in."""
    scripts = ScriptDirectory.from_config(schema.configuration())
    revisions = [one.revision for one in scripts.walk_revisions()][::-1]
    assert scripts.get_heads() == [revisions[-1]]
    assert revisions == [f"{number:04d}" for number in range(1, len(revisions) + 1)]


async def test_upgrading_again_changes_nothing(database: Database) -> None:
    assert await schema.upgrade(database)
    assert not await schema.upgrade(database)


@pytest.mark.filterwarnings("ignore:.*expression-based index")  # SQLite does not say what is in one
async def test_a_new_database_has_the_schema_that_the_migrations_make(
    database: Database, empty_database_url: str, tmp_path: Path
) -> None:
    """Made by the command, in a process that has imported only what the command imports."""
    command_line = [Path(sys.executable).with_name("switchroom"), "db", "upgrade", "--data", tmp_path]
    environment = {**os.environ, "SWITCHROOM_DATABASE_URL": empty_database_url}
    by_command = await asyncio.to_thread(
        subprocess.run, command_line, env=environment, check=True, capture_output=True, timeout=60
    )
    assert by_command.stdout == b"upgraded\n"
    async with database.engine.begin() as connection:
        made = await connection.run_sync(_described)
        await connection.run_sync(_drop_all)

    assert await schema.upgrade(database)

    async with database.engine.connect() as connection:
        assert made == await connection.run_sync(_described)


@pytest.mark.parametrize("make", [schema.upgrade, bring_up_to_date])
async def test_the_planner_is_told_of_many_rows_from_the_start(
    database: Database, make: Callable[[Database], Awaitable[bool]]
) -> None:
    assert await make(database)
    async with database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            untold = (
                "SELECT name FROM sqlite_schema "
                "WHERE type = 'index' AND name NOT IN (SELECT idx FROM sqlite_stat1)"
            )
        else:
            untold = (
                "SELECT relname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
                "WHERE relkind = 'r' AND attname = 'organization_id' AND attoptions IS NULL"
            )
        assert (await connection.execute(text(untold))).scalars().all() == []


async def test_starting_twice_changes_nothing(database: Database) -> None:
    assert await bring_up_to_date(database)
    assert not await bring_up_to_date(database)
    assert not await schema.upgrade(database)


async def test_two_processes_that_start_at_once_make_one_schema(
    database: Database, empty_database_url: str
) -> None:
    other = Database(empty_database_url)
    made = await asyncio.gather(bring_up_to_date(database), bring_up_to_date(other))
    await other.close()
    assert sorted(made) == [False, True]


def _described(connection: Connection) -> dict[str, Any]:
    """Every table's columns, keys and indexes. What a column defaults to in the database is left out: the
    models fill it in, and migrations need it for the rows that are there."""
    inspector = inspect(connection)
    tables = sorted(inspector.get_table_names())
    rows: dict[str, Any] = {"version": connection.scalar(text("SELECT version_num FROM alembic_version"))}
    for table in tables:
        rows[table] = {
            "columns": {
                one["name"]: (
                    str(one["type"]),
                    one["nullable"],
                )
                for one in inspector.get_columns(table)
            },
            "key": sorted(inspector.get_pk_constraint(table)["constrained_columns"]),
            "unique": sorted(
                (str(one["name"]), one["column_names"]) for one in inspector.get_unique_constraints(table)
            ),
            "foreign": sorted(
                (
                    str(one["name"]),
                    one["constrained_columns"],
                    one["referred_table"],
                    str(one.get("options", {})),
                )
                for one in inspector.get_foreign_keys(table)
            ),
            "indexes": sorted(
                (str(one["name"]), str(one["column_names"]), _options(one.get("dialect_options", {})))
                for one in inspector.get_indexes(table)
            ),
        }
    rows["views"] = {name: inspector.get_view_definition(name) for name in inspector.get_view_names()}
    if connection.dialect.name == "sqlite":
        names = "SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%' ORDER BY name"
        rows["counting"] = connection.execute(text(names)).scalars().all()
    return rows


def _options(options: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in options.items()}


def _drop_all(connection: Connection) -> None:
    for view in inspect(connection).get_view_names():
        connection.execute(text(f"DROP VIEW {view}"))
    everything = MetaData()
    everything.reflect(connection)
    everything.drop_all(connection)


_CONTACT = json.dumps(
    {"details": {"phone_numbers": {"land_lines": [], "mobiles": ["0170 123 45 67", "112", "x"], "faxes": []}}}
)


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
        await connection.run_sync(up_to, "0042")
        columns = "organization_id, user_id, name, search_text, phonebook, details, created_at"
        for own in ("NULL", "(SELECT min(id) FROM memberships WHERE organization_id = 1)"):
            values = f"1, {own}, 'Zoë', '', 'global', :details, {moment}"
            contact = f"INSERT INTO contacts ({columns}) VALUES ({values})"
            await connection.execute(text(contact), {"details": _CONTACT})
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
        assert await one("SELECT count(*) FROM contact_numbers") == 2
        found = "SELECT name FROM contact_numbers JOIN contacts ON contacts.id = contact_id WHERE ending = "
        assert await one(f"{found} '1234567' AND contact_numbers.organization_id = 1") == "Zoë"
