"""What processes do in the tests of background work, until they are killed."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, tzinfo

from switchroom import logs
from switchroom.bus import Bus
from switchroom.db import base
from switchroom.db.database import Database
from switchroom.jobs.singleton import HeldLease, Singleton
from tests.jobs.place import note

NAME = "counting"


def count(database_url: str, worker: str, lease: timedelta, fast: timedelta = timedelta()) -> None:
    """Count while the lease is this process', whose clock is so much `fast`."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + fast

    base.datetime = Clock
    logs.configure("text", "error")
    bus = Bus()
    asyncio.run(counting(Database(database_url, bus), bus, worker, lease))


async def counting(database: Database, bus: Bus, worker: str, lease: timedelta) -> None:
    async def work(held: HeldLease) -> None:
        while True:
            async with database.write(None) as session:
                await held.hold(session)
                await note(session, NAME, worker)
            await asyncio.sleep(0.005)

    await Singleton(database, bus, NAME, lease=lease).run(work)
