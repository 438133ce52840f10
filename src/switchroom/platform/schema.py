"""Schema of the database at the start of the platform: made at once where there is none, else migrated."""

from __future__ import annotations

import asyncio
import re
from enum import Enum
from importlib import resources

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select, text

from switchroom.db.database import Database
from switchroom.db.statistics import assume_many_rows
from switchroom.platform.reasons import brief
from switchroom.settings import ConfigurationError

_VERSIONS = "alembic_version"
_MIGRATION = re.compile(r"(\d{4})_\w+\.py")
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7302179)")
_version = Table(_VERSIONS, MetaData(), Column("version_num", String(32), primary_key=True))
"""The table in which Alembic keeps the newest migration applied."""


_REACH_LIMIT = 10.0
"""Seconds for the database to answer."""


class Schema(Enum):
    """State of a database: empty, with the tables of this version, or with those of another."""

    EMPTY = "empty"
    CURRENT = "current"
    OLD = "old"
    NEWER = "newer"


class DatabaseUnreachable(ConfigurationError):
    """The database does not answer, or lets nobody in; `reason` says why, in one line."""

    def __init__(self, error: BaseException) -> None:
        self.reason = brief(error)
        super().__init__(f"the database cannot be reached (database.url): {self.reason}")


async def bring_up_to_date(database: Database) -> bool:
    """Bring the database to the schema of this version. True if anything was to be done. Raises
    ConfigurationError for one that is newer, DatabaseUnreachable.

    An empty database gets the tables of the models in one step, without Alembic, whose loading and ten
    migrations are a quarter of a first start.
    """
    if await require_usable(database) is Schema.CURRENT:
        return False
    async with database.changing_schema() as connection:
        state = await connection.run_sync(_create_if_empty)
    if state is Schema.OLD:
        from switchroom.db import schema

        return await schema.upgrade(database)
    return state is Schema.EMPTY


async def require_usable(database: Database) -> Schema:
    """State of the database. Raises ConfigurationError for one that is of a newer version,
    DatabaseUnreachable."""
    state, version = await examine_schema(database)
    if state is Schema.NEWER:
        raise ConfigurationError(
            f"the database is of a newer version of Switchroom (schema {version}; this one has {NEWEST})"
        )
    return state


async def examine_schema(database: Database) -> tuple[Schema, str]:
    """State of the database, and the version of its schema, empty without one. Raises DatabaseUnreachable."""
    try:
        async with asyncio.timeout(_REACH_LIMIT), database.engine.connect() as connection:
            return await connection.run_sync(_state)
    except Exception as error:  # each driver has its own, which are not loaded without it
        raise DatabaseUnreachable(error) from error


def _newest_migration() -> str:
    """The id of the newest migration, which its file's name begins with."""
    names = (file.name for file in (resources.files("switchroom.db") / "migrations" / "versions").iterdir())
    return max(match[1] for name in names if (match := _MIGRATION.fullmatch(name)))


NEWEST = _newest_migration()


def _state(connection: Connection) -> tuple[Schema, str]:
    tables = inspect(connection).get_table_names()
    if _VERSIONS not in tables:
        return (Schema.OLD if tables else Schema.EMPTY), ""
    version = max(connection.execute(select(_version.c.version_num)).scalars(), default="")
    if version == NEWEST:
        return Schema.CURRENT, version
    return (Schema.NEWER if version > NEWEST else Schema.OLD), version


def _create_if_empty(connection: Connection) -> Schema:
    """Make the tables in an empty database. Returns the state before."""
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_AT_A_TIME)
    state, _ = _state(connection)
    if state is Schema.EMPTY:
        from switchroom.platform.tables import METADATA  # here: it is most of what a command would load

        METADATA.create_all(connection, checkfirst=False)
        _version.create(connection)
        connection.execute(insert(_version).values(version_num=NEWEST))
        assume_many_rows(connection)
    return state
