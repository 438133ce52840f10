"""The database's clock in statements."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import BigInteger, bindparam, select

from switchroom.db.clock import clock
from switchroom.db.database import Database


async def test_a_statement_with_the_clock_is_compiled_once(database_url: str) -> None:
    """Whatever it adds to the time; compiling takes longer than most of these statements do."""
    database = Database(database_url)
    compiled: dict[Any, Any] = {}
    try:
        async with database.engine.connect() as opened:
            connection = await opened.execution_options(compiled_cache=compiled)
            moments = [
                (await connection.execute(select(clock(timedelta(hours=hours))))).scalar_one()
                for hours in (1, 2, 3)
            ]
            bound = select(clock(bindparam("later", type_=BigInteger())))
            for later in (1, 2):
                await connection.execute(bound, {"later": later})
    finally:
        await database.close()
    assert len(compiled) == 2
    for earlier, later in pairwise(moments):
        assert later - earlier >= timedelta(hours=1)
