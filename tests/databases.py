"""Builder of a database with the tables of the platform, and nothing in them; and a mark of tests that
need only one kind."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from switchroom.bus import Bus
from switchroom.db.base import Base
from switchroom.db.database import Database

ON_ONE_DATABASE = pytest.mark.parametrize("running", ["sqlite"], indirect=True, scope="session")
"""For what ends before the database is asked, or is asked on each kind by another test."""


@asynccontextmanager
async def with_tables(database_url: str) -> AsyncGenerator[tuple[Database, Bus]]:
    """The database, closed at the end of the block, and the bus of its notices."""
    bus = Bus()
    database = Database(database_url, bus)
    try:
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        yield database, bus
    finally:
        await database.close()
