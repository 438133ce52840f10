"""How much more eight writers in eight organizations write on PostgreSQL than one writer does, and than eight
in one organization, who wait for each other.

The server synchronizes the disk. A transaction looks at its organization and writes one event. Its commit
takes as long as with a synchronous standby, which answers after 5 ms: without one, the writers' own process
is the limit, and not what they wait for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session
from tests.postgresql import postgresql_server

from benchmarks.figures import Direction, Result, Series, Target
from switchroom.db.base import Base
from switchroom.db.database import Database, do_last
from switchroom.events.append import append
from switchroom.events.types import DomainEvent
from switchroom.identity.models import Organization

WRITERS = 8
OVER_ONE_WRITER = 3.0
OVER_ONE_ORGANIZATION = 2.0
_SECONDS = 1.5
_STANDBY = 0.005


class Written(DomainEvent, frozen=True, kw_only=True):
    event_type = "bench.written"
    happens_to = "nothing"
    number: int


async def measure(directory: Path, *, rounds: int) -> Result:
    with postgresql_server("fsync=on") as server:
        database = Database(f"postgresql+asyncpg://{server}", pool_size=2 * WRITERS)
        try:
            return await _measure(database, rounds)
        finally:
            await database.close()


async def _measure(database: Database, rounds: int) -> Result:
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    made = [
        Organization(ulid=f"01FHHEX2VQQ378MV7Z5NAG{one:04}", display_name="Bench") for one in range(WRITERS)
    ]
    async with database.write(None) as session:
        session.add_all(made)
    every = [one.id for one in made]
    rates: dict[str, list[float]] = {"one": [], "together": [], "apart": []}
    for _ in range(rounds):
        rates["one"].append(await _rate(database, every[:1]))
        rates["together"].append(await _rate(database, every[:1] * WRITERS))
        rates["apart"].append(await _rate(database, every))
    one = Series(name="one writer", unit="/s", values=rates["one"], is_yardstick=True)
    together = Series(
        name=f"{WRITERS} writers in one organization", unit="/s", values=rates["together"], is_yardstick=True
    )
    apart = Series(name=f"{WRITERS} writers in {WRITERS} organizations", unit="/s", values=rates["apart"])
    over_one = apart.over(one, f"{apart.name}, over one writer")
    over_together = apart.over(together, f"{apart.name}, over those in one organization")
    return Result(
        title="Writers of the event log on PostgreSQL",
        series=[apart, one, together, over_one, over_together],
        targets=[
            Target(over_one, Direction.AT_LEAST, OVER_ONE_WRITER),
            Target(over_together, Direction.AT_LEAST, OVER_ONE_ORGANIZATION),
        ],
        notes=[
            f"Transactions a second, of one event each, whose commit takes {_STANDBY * 1000:g} ms longer "
            "than the disk, as with a synchronous standby."
        ],
    )


async def _rate(database: Database, organizations: Sequence[int]) -> float:
    """Transactions a second of a writer for each."""
    started = time.perf_counter()
    written = 0

    def answer(session: Session) -> None:
        session.execute(text("SELECT pg_sleep(:standby)"), {"standby": _STANDBY})

    async def write(organization_id: int) -> None:
        nonlocal written
        while time.perf_counter() - started < _SECONDS:
            async with database.write(organization_id) as session:
                await session.get_one(Organization, organization_id)
                append(session, organization_id, Written(number=written), "x")
                do_last(session, answer)
            written += 1

    await asyncio.gather(*(write(one) for one in organizations))
    return written / (time.perf_counter() - started)
