"""A database that is away."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Unavailable
from switchroom.identity.models import SignInFailure
from tests.databases import with_tables
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
            await database.check()
        await limit(1_000_000)
        await write(10_000_000)
