"""Work that is done from time to time, by one of all workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from switchroom.db.clock import clock
from switchroom.jobs.models import NamedLease
from switchroom.jobs.periodic import Periodic
from tests.jobs.place import Place, note

HOUR = timedelta(hours=1)
SOON = timedelta(seconds=0.3)
NAME = "tidying"


def noting(here: Place, worker: str) -> Callable[[], Awaitable[None]]:
    async def work() -> None:
        async with here.database.write(None) as session:
            await note(session, NAME, worker)

    return work


@asynccontextmanager
async def running(*some: Periodic) -> AsyncGenerator[None]:
    tasks = [asyncio.create_task(one.run()) for one in some]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_it_is_done_once_in_its_time_whoever_does_it(here: Place) -> None:
    async with running(*(Periodic(here.database, NAME, HOUR, noting(here, name)) for name in "abc")):
        await here.until(lambda count: count.total() >= 1)
        await asyncio.sleep(SOON.total_seconds())
    async with running(Periodic(here.database, NAME, HOUR, noting(here, "d"))):
        await asyncio.sleep(SOON.total_seconds())
    assert (await here.count()).total() == 1


async def test_it_is_done_again_and_again(here: Place) -> None:
    async with running(*(Periodic(here.database, NAME, SOON, noting(here, name)) for name in "ab")):
        await here.until(lambda count: count.total() >= 3)


async def test_what_fails_is_done_again_soon(here: Place) -> None:
    attempts = 0

    async def work() -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise ValueError("not this time")
        await noting(here, "a")()

    async with running(Periodic(here.database, NAME, HOUR, work, after_failure=SOON)):
        await here.reached("a")
    assert attempts == 2


async def test_the_database_goes_away_and_comes_back(here: Place) -> None:
    async with here.away("leases"):
        task = asyncio.create_task(Periodic(here.database, NAME, HOUR, noting(here, "a")).run())
        await asyncio.sleep(SOON.total_seconds())
    await here.reached("a")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_it_does_not_wait_for_years_when_the_clock_is_put_back(here: Place) -> None:
    """Nor does the time of others change, which is longer."""
    async with here.database.write(None) as session:
        session.add(NamedLease(name=NAME, worker="dead", until=clock(1000 * HOUR)))
        session.add(NamedLease(name="monthly", worker="dead", until=clock(700 * HOUR)))
    async with running(Periodic(here.database, NAME, SOON, noting(here, "a"))):
        await here.reached("a")
    async with running(Periodic(here.database, "monthly", 720 * HOUR, noting(here, "b"))):
        await asyncio.sleep(SOON.total_seconds())
    assert (await here.count())["b"] == 0
