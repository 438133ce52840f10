"""How much more eight writers in eight organizations write on PostgreSQL than one writer does, and than eight
in one organization, who wait for each other.

Run as `python -m benchmarks.log_writers URL`, of an empty database whose server synchronizes the disk. A
transaction looks at its organization and writes one event. It is committed as quickly as the disk allows, and
then as with a synchronous standby, which answers after 5 ms.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from switchroom.db.base import Base
from switchroom.db.database import Database, do_last
from switchroom.events.append import append
from switchroom.events.types import DomainEvent
from switchroom.identity.models import Organization

WRITERS = 8
_SECONDS = 3.0
_ROUNDS = 5


class Written(DomainEvent, frozen=True, kw_only=True):
    event_type = "bench.written"
    happens_to = "nothing"
    number: int


async def measure(url: str) -> None:
    database = Database(url, pool_size=2 * WRITERS)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    made = [
        Organization(ulid=f"01FHHEX2VQQ378MV7Z5NAG{one:04}", display_name="Bench") for one in range(WRITERS)
    ]
    async with database.write(None) as session:
        session.add_all(made)
    every = [one.id for one in made]
    ways = {"one": every[:1], "eight in one organization": every[:1] * WRITERS, "eight in eight": every}
    for standby in (0.0, 0.005):
        rates: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(_ROUNDS):
            for way, organizations in ways.items():
                rates[way].append(await _rate(database, organizations, standby))
        print(f"a standby answers after {standby * 1000:.0f} ms" if standby else "no standby")
        for way, measured in rates.items():
            shares = [rate / one for rate, one in zip(measured, rates["one"], strict=True)]
            rate, share = statistics.median(measured), statistics.median(shares)
            print(f"  {way}: {rate:.0f} a second, {share:.2f} x one")
    await database.close()


async def _rate(database: Database, organizations: Sequence[int], standby: float) -> float:
    """Transactions a second of a writer for each."""
    started = time.perf_counter()
    written = 0

    def answer(session: Session) -> None:
        session.execute(text("SELECT pg_sleep(:standby)"), {"standby": standby})

    async def write(organization_id: int) -> None:
        nonlocal written
        while time.perf_counter() - started < _SECONDS:
            async with database.write(organization_id) as session:
                await session.get_one(Organization, organization_id)
                append(session, organization_id, Written(number=written), "x")
                if standby:
                    do_last(session, answer)
            written += 1

    await asyncio.gather(*(write(one) for one in organizations))
    return written / (time.perf_counter() - started)


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1]))
