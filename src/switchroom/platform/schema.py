"""Schema of the database at the start of the platform: made at once where there is none, else migrated."""

from __future__ import annotations

import re
from importlib import resources

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select, text

import switchroom.accounts.models
import switchroom.conference.cluster.ownership
import switchroom.conference.room.permission_overrides
import switchroom.events.models
import switchroom.events.webhooks.models
import switchroom.identity.models
import switchroom.jobs.models
import switchroom.mail.models
import switchroom.meetings.models
import switchroom.meetings.recordings.models
import switchroom.rooms.models
from switchroom.db.base import Base
from switchroom.db.database import Database
from switchroom.db.statistics import assume_many_rows

_WITH_TABLES = (
    switchroom.accounts.models,
    switchroom.conference.cluster.ownership,
    switchroom.conference.room.permission_overrides,
    switchroom.events.models,
    switchroom.events.webhooks.models,
    switchroom.identity.models,
    switchroom.jobs.models,
    switchroom.mail.models,
    switchroom.meetings.models,
    switchroom.meetings.recordings.models,
    switchroom.rooms.models,
)
"""Every module with tables: a new database gets all of them."""

_VERSIONS = "alembic_version"
_MIGRATION = re.compile(r"(\d{4})_\w+\.py")
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7302179)")
_version = Table(_VERSIONS, MetaData(), Column("version_num", String(32), primary_key=True))
"""The table in which Alembic keeps the newest migration applied."""


async def bring_up_to_date(database: Database) -> bool:
    """Bring the database to the schema of this version. True if anything was to be done.

    An empty database gets the tables of the models in one step, without Alembic, whose loading and ten
    migrations are a quarter of a first start.
    """
    async with database.changing_schema() as connection:
        state = await connection.run_sync(_create_if_empty)
    if state == "old":
        from switchroom.db import schema

        return await schema.upgrade(database)
    return state == "created"


def newest_migration() -> str:
    """The id of the newest migration, which its file's name begins with."""
    names = (file.name for file in (resources.files("switchroom.db") / "migrations" / "versions").iterdir())
    return max(match[1] for name in names if (match := _MIGRATION.fullmatch(name)))


def _create_if_empty(connection: Connection) -> str:
    """`current`, `old`, or, after an empty database has been given its tables, `created`."""
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_AT_A_TIME)
    tables = inspect(connection).get_table_names()
    if _VERSIONS in tables:
        current = connection.execute(select(_version.c.version_num)).scalars().all()
        return "current" if current == [newest_migration()] else "old"
    if tables:
        return "old"
    Base.metadata.create_all(connection, checkfirst=False)
    _version.create(connection)
    connection.execute(insert(_version).values(version_num=newest_migration()))
    assume_many_rows(connection)
    return "created"
