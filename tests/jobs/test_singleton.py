"""Work of one worker at a time: who does it, and who when that one is gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import groupby

import pytest

from switchroom.bus import Bus
from switchroom.db.clock import clock
from switchroom.jobs.lease import LEASE
from switchroom.jobs.models import NamedLease
from switchroom.jobs.singleton import LOOK_EVERY, HeldLease, Singleton
from tests.jobs.place import LIMIT, Place, end, note
from tests.jobs.worker import NAME, count, counting

SHORT = timedelta(seconds=2)
"""A lease for those that die or are lost."""

LONG = timedelta(seconds=3)
"""A lease for those that keep it, on a machine that is busy."""

HOUR = timedelta(hours=1)


@asynccontextmanager
async def working(
    here: Place, *workers: str, lease: timedelta = LEASE
) -> AsyncGenerator[list[asyncio.Task[None]]]:
    """Workers of this process that count."""
    tasks = [asyncio.create_task(counting(here.database, here.bus, one, lease)) for one in workers]
    try:
        yield tasks
    finally:
        await end(*tasks)


def turns(done: Sequence[tuple[str, str]]) -> list[str]:
    """The workers, each as often as it began anew."""
    return [worker for worker, _ in groupby(worker for _, worker in done)]


async def test_one_works_and_the_others_wait(here: Place) -> None:
    async with working(here, "a", "b", "c"):
        await here.until(lambda count: count.total() >= 20)
    assert len(turns(await here.done())) == 1


async def test_who_stops_hands_over_at_once(here: Place) -> None:
    async with working(here, "a") as (first,):
        await here.more("a")
        async with working(here, "b"):
            begun = time.monotonic()
            await end(first)
            await here.more("b")
            assert time.monotonic() - begun < LEASE.total_seconds() / 2
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
    first = here.process(count, "a", LEASE)  # long enough for "b" not to lose it, however busy the machine is
    await here.more("a")
    await here.freeze(first)
    async with working(here, "b"):
        await here.more("b")
        first.thaw()
        await here.more("b", 100)
    assert turns(await here.done()) == ["a", "b"]


async def test_several_processes_take_turns_as_they_are_killed(here: Place) -> None:
    workers = {name: here.process(count, name, SHORT) for name in ("a", "b", "c", "d")}
    seen: list[str] = []
    while workers:
        await here.until(lambda count: any(count[one] >= 3 for one in workers))
        (at_work,) = [one for one in (await here.count()) if one in workers]
        await workers.pop(at_work).kill()
        seen.append(at_work)
    assert turns(await here.done()) == seen


@pytest.mark.parametrize("fast", [HOUR, -HOUR], ids=["fast", "slow"])
@pytest.mark.slow
async def test_whose_clock_is_wrong_neither_loses_nor_keeps_it_too_long(here: Place, fast: timedelta) -> None:
    first = here.process(count, "a", LONG, fast)
    await here.more("a")
    async with working(here, "b", lease=LONG):
        await asyncio.sleep(1.2 * LONG.total_seconds())  # time enough to take it
        assert turns(await here.done()) == ["a"]
        await first.kill()
        await here.more("b")
    assert turns(await here.done()) == ["a", "b"]


async def test_the_lease_of_the_dead_does_not_last_when_the_clock_is_put_back(here: Place) -> None:
    async with here.database.write(None) as session:
        session.add(NamedLease(name=NAME, worker="dead", until=clock(HOUR)))
    async with working(here, "a", lease=SHORT):
        await here.more("a")


@pytest.mark.slow
async def test_who_lives_keeps_it_when_the_clock_is_put_back(here: Place) -> None:
    async with working(here, "a", lease=LONG):
        await here.more("a")
        async with working(here, "b", lease=LONG):
            await here.execute("UPDATE leases SET until = until + 3600000000")
            await asyncio.sleep(1.5 * LONG.total_seconds())
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
        await Singleton(here.database, here.bus, NAME).run(work)
    begun = time.monotonic()
    async with working(here, "b"):
        await here.more("b")
        assert time.monotonic() - begun < LEASE.total_seconds() / 2


async def test_names_do_not_meet(here: Place) -> None:
    async def work(held: HeldLease) -> None:
        async with here.database.write(None) as session:
            await held.hold(session)
            await note(session, "another", "b")

    async with working(here, "a"):
        await here.more("a")
        async with asyncio.timeout(LOOK_EVERY * 10):
            await Singleton(here.database, Bus(), "another").run(work)
    assert (await here.count())["b"] == 1
