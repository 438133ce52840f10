"""A database that is away."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from switchroom.db.database import Database
from switchroom.errors import Unavailable
from tests.postgresql import free_port, postgresql_server


async def test_nobody_listens() -> None:
    database = Database(f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/nothing")
    with pytest.raises(Unavailable):
        async with database.read(None) as session:
            await session.execute(text("SELECT 1"))
    with pytest.raises(Unavailable):
        async with database.write(None) as session:
            await session.execute(text("SELECT 1"))
    await database.close()


async def test_the_server_goes_away_between_two_requests() -> None:
    with postgresql_server() as address:
        database = Database(f"postgresql+asyncpg://{address}")
        async with database.read(None) as session:
            assert await session.scalar(text("SELECT 1")) == 1
    with pytest.raises(Unavailable):
        async with database.read(None) as session:
            await session.execute(text("SELECT 1"))
    await database.close()
