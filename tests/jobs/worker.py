"""What processes do in the tests of background work, until they are killed."""

from __future__ import annotations

import asyncio
import math
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from sqlalchemy import select

from switchroom import logs
from switchroom.bus import Bus
from switchroom.db import base
from switchroom.db.database import Database
from switchroom.jobs.due_rows import Claim
from switchroom.jobs.singleton import HeldLease, Singleton
from tests.jobs.errands import Errand, Errands
from tests.jobs.place import note

NAME = "counting"


def count(database_url: str, worker: str, lease: timedelta, fast: timedelta = timedelta()) -> None:
    """Count while the lease is this process', whose clock is so much `fast`."""
    _set_clock(fast)
    logs.configure("text", "error")
    bus = Bus()
    asyncio.run(counting(Database(database_url, bus), bus, worker, lease))


def count_once(database_url: str, worker: str, lease: timedelta) -> None:
    """Count until the lease is lost, and give it up at once when it falls to this process again."""
    logs.configure("text", "error")
    bus = Bus()
    asyncio.run(counting(Database(database_url, bus), bus, worker, lease, turns=1))


async def counting(
    database: Database, bus: Bus, worker: str, lease: timedelta, *, turns: float = math.inf
) -> None:
    """Count whenever the lease falls to this worker, at most so many times."""

    async def work(held: HeldLease) -> None:
        nonlocal turns
        turns -= 1
        while turns >= 0:
            async with database.write(None) as session:
                await held.hold(session)
                await note(session, NAME, worker)
            await asyncio.sleep(0.02)

    await Singleton(database, bus, NAME, lease=lease).run(work)


def errands(
    database_url: str, worker: str, lease: timedelta, seconds: float, fast: timedelta = timedelta()
) -> None:
    """Do errands, each so long, by a clock that is so much `fast`."""
    _set_clock(fast)
    logs.configure("text", "error")

    async def way(_: Claim[Errand]) -> None:
        await asyncio.sleep(seconds)

    work = Errands(Database(database_url), worker, lease=lease, way=way)
    asyncio.run(work.runner.run())


def errands_until(database_url: str, worker: str, lease: timedelta, file: Path) -> None:
    """Do errands, each until the file is there."""
    logs.configure("text", "error")

    async def way(_: Claim[Errand]) -> None:
        while not file.exists():  # noqa: ASYNC110, ASYNC240 - another process makes it
            await asyncio.sleep(0.01)

    work = Errands(Database(database_url), worker, lease=lease, way=way)
    asyncio.run(work.runner.run())


def _set_clock(fast: timedelta) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + fast

    base.datetime = Clock


def hang_with_a_lock(database_url: str) -> None:
    """Lock all errands once there are any, and do no more."""

    async def hang() -> None:
        database = Database(database_url)
        while True:
            async with database.write(None) as session:
                if await session.scalar(select(Errand.id).with_for_update()) is not None:
                    await asyncio.sleep(3600)
            await asyncio.sleep(0.02)

    asyncio.run(hang())
