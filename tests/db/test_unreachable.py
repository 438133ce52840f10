"""A database that is away."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from switchroom.db import database as database_module
from switchroom.db.base import Base, now
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Unavailable
from switchroom.identity.models import SignInFailure
from tests.databases import with_tables
from tests.ports import free_port
from tests.postgresql import postgresql_server

LIMIT = 20.0


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


async def test_a_file_that_may_not_grow_is_full_until_it_may(tmp_path: Path) -> None:
    async def write(size: int) -> None:
        async with database.write(None) as session:
            session.add(SignInFailure(key=f"{size}" * 1000, failures=1, last_at=now()))
            await session.flush()

    async def limit(pages: int) -> None:
        async with database.read(None) as session:  # the pool gives the connection that it gave before
            await session.execute(text(f"PRAGMA max_page_count = {pages}"))

    async with with_tables(f"sqlite+aiosqlite:///{tmp_path / 'own.db'}") as (database, _):
        await limit(1)  # which is as many as there are
        with pytest.raises(Unavailable) as raised:
            await write(10_000_000)
        assert raised.value.code is ErrorCode.DATABASE_FULL
        with pytest.raises(Unavailable):
            await database.check(LIMIT)
        await limit(1_000_000)
        await write(10_000_000)


async def test_connections_that_are_all_in_use_are_no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be said not to be ready, and those who come after it would have no more of them."""
    monkeypatch.setattr(database_module, "_CONNECT_LIMIT", 0.2)
    with postgresql_server() as address:
        database = Database(f"postgresql+asyncpg://{address}", pool_size=1)
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with database.write(None) as first, database.write(None) as second:
            for session in (first, second):
                await session.execute(text("SELECT 1"))
            with pytest.raises(Unavailable):
                async with database.write(None) as third:
                    await third.execute(text("SELECT 1"))
        await database.check(LIMIT)
        await database.close()
