"""Work of one worker at a time: who does it, and who when that one is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import groupby

import pytest
from sqlalchemy import select

from switchroom.bus import Bus
from switchroom.db.clock import clock
from switchroom.jobs.lease import LEASE
from switchroom.jobs.models import NamedLease
from switchroom.jobs.singleton import HeldLease, Singleton
from tests.jobs.errands import HOUR, SHORT
from tests.jobs.place import LIMIT, Place, end, note
from tests.jobs.worker import NAME, count, count_once, counting

DAY = timedelta(days=1)


@asynccontextmanager
async def working(
    here: Place, *workers: str, lease: timedelta = HOUR
) -> AsyncGenerator[list[asyncio.Task[None]]]:
    """Workers of this process that count."""
    tasks = [asyncio.create_task(counting(here.database, here.bus, one, lease)) for one in workers]
    try:
        yield tasks
    finally:
        await end(*tasks)


async def pass_an_hour(here: Place) -> None:
    """As far as leases are concerned, and a little more."""
    await here.execute("UPDATE leases SET until = until - 3660000000")


def turns(done: Sequence[tuple[str, str]]) -> list[str]:
    """The workers, each as often as it began anew."""
    return [worker for worker, _ in groupby(worker for _, worker in done)]


async def kept_until(here: Place) -> tuple[datetime, datetime]:
    """Until when somebody has the lease, and the time now, both by the database's clock."""
    async with here.database.read(None) as session:
        until, moment = (await session.execute(select(NamedLease.until, clock()))).one()
    return until, moment


async def test_one_works_and_the_others_wait(here: Place) -> None:
    async with working(here, "a", "b", "c"):
        await here.until(lambda count: count.total() >= 20)
    assert len(turns(await here.done())) == 1


async def test_who_stops_hands_over_at_once(here: Place) -> None:
    async with working(here, "a") as (first,):
        await here.more("a")
        async with working(here, "b"):
            await end(first)
            await here.more("b")
    assert turns(await here.done()) == ["a", "b"]


async def test_who_is_killed_is_followed_when_the_lease_is_over(here: Place) -> None:
    first = here.process(count, "a", SHORT)
    await here.more("a")
    async with working(here, "b", lease=SHORT):
        await first.kill()
        await here.more("b")
    assert turns(await here.done()) == ["a", "b"]


@pytest.mark.slow
async def test_who_was_frozen_writes_nothing_more(here: Place) -> None:
    # It has one turn, should "b" lose the lease on a busy machine.
    first = here.process(count_once, "a", LEASE)
    await here.more("a")
    await here.freeze(first)
    async with working(here, "b", lease=LEASE):
        await here.more("b")
        first.thaw()
        await here.more("b", 30)
    assert turns(await here.done()) == ["a", "b"]


async def test_several_processes_take_turns_as_they_are_killed(here: Place) -> None:
    workers = {name: here.process(count, name, HOUR) for name in ("a", "b", "c", "d")}
    seen: list[str] = []
    while workers:
        await here.until(lambda count: any(count[one] >= 3 for one in workers))
        (at_work,) = [one for one in (await here.count()) if one in workers]
        await workers.pop(at_work).kill()
        await pass_an_hour(here)
        seen.append(at_work)
    assert turns(await here.done()) == seen


@pytest.mark.parametrize("fast", [DAY, -DAY], ids=["fast", "slow"])
async def test_whose_clock_is_wrong_neither_loses_nor_keeps_it_too_long(here: Place, fast: timedelta) -> None:
    first = here.process(count, "a", HOUR, fast)
    await here.more("a")
    until, moment = await kept_until(here)
    assert HOUR / 2 < until - moment <= HOUR
    async with working(here, "b"):
        await here.more("a")  # "b" has looked
        assert turns(await here.done()) == ["a"]
        await first.kill()
        await pass_an_hour(here)
        await here.more("b")
    assert turns(await here.done()) == ["a", "b"]


async def test_the_lease_of_the_dead_does_not_last_when_the_clock_is_put_back(here: Place) -> None:
    async with here.database.write(None) as session:
        session.add(NamedLease(name=NAME, worker="dead", until=clock(HOUR)))
    async with working(here, "a", lease=SHORT):
        await here.more("a")


async def test_who_lives_keeps_it_when_the_clock_is_put_back(here: Place) -> None:
    async def is_shortened() -> bool:
        until, moment = await kept_until(here)
        return HOUR / 2 < until - moment <= HOUR

    async with working(here, "a"):
        await here.more("a")
        await here.execute("UPDATE leases SET until = until + 86400000000")
        async with working(here, "b"):
            await here.eventually(is_shortened)
            await here.more("a")
    assert turns(await here.done()) == ["a"]


async def test_the_database_goes_away_and_comes_back(here: Place) -> None:
    """Nobody works while the lease cannot be renewed, and somebody does afterwards."""
    stopped = asyncio.Event()

    async def work(held: HeldLease) -> None:
        try:
            async with here.database.write(None) as session:
                await held.hold(session)
                await note(session, NAME, "a")
            await asyncio.Event().wait()
        finally:
            stopped.set()

    task = asyncio.create_task(Singleton(here.database, here.bus, NAME, lease=SHORT).run(work))
    await here.reached("a")
    async with here.away("leases"), asyncio.timeout(LIMIT):
        await stopped.wait()
    await here.reached("a", 2)
    await end(task)


async def test_what_fails_falls_to_another(here: Place) -> None:
    async def work(held: HeldLease) -> None:
        raise RuntimeError("this worker cannot")

    with pytest.raises(RuntimeError):
        await Singleton(here.database, here.bus, NAME, lease=HOUR).run(work)
    async with working(here, "b"):
        await here.more("b")


async def test_names_do_not_meet(here: Place) -> None:
    async def work(held: HeldLease) -> None:
        async with here.database.write(None) as session:
            await held.hold(session)
            await note(session, "another", "b")

    async with working(here, "a"):
        await here.more("a")
        async with asyncio.timeout(LIMIT):
            await Singleton(here.database, Bus(), "another").run(work)
    assert (await here.count())["b"] == 1
