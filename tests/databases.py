"""Builders of a database with the tables of the platform, and nothing in them; and a mark of tests that need
only one kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import Connection, inspect

from switchroom.bus import Bus
from switchroom.db.base import Base
from switchroom.db.database import Database
from switchroom.platform.schema import bring_up_to_date

ON_ONE_DATABASE = pytest.mark.parametrize("running", ["sqlite"], indirect=True, scope="session")
"""For what ends before the database is asked, or is asked on each kind by another test."""


@asynccontextmanager
async def with_tables(database_url: str) -> AsyncGenerator[tuple[Database, Bus]]:
    """The database, closed at the end of the block, and the bus of its notices."""
    bus = Bus()
    database = Database(database_url, bus)
    try:
        async with database.engine.begin() as connection:
            await connection.run_sync(_make)
        yield database, bus
    finally:
        await database.close()


def _make(connection: Connection) -> None:
    if not inspect(connection).has_table("organizations"):  # those of `database_url` have all tables
        Base.metadata.create_all(connection)


def make_tables(database_url: str) -> None:
    """Make the tables of this version in an empty database, for copies of it. A loop may run here."""

    async def make() -> None:
        database = Database(database_url)
        try:
            assert await bring_up_to_date(database)
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, make()).result()
