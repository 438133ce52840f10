"""Work that falls due: who does it, when, how much at once, and what becomes of it when something dies."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select, update
from structlog.testing import capture_logs

from switchroom.db.clock import clock
from switchroom.errors import ErrorCode, Unavailable
from switchroom.jobs.due_rows import Claim
from switchroom.jobs.lease import Leases
from tests.jobs.errands import HOUR, SECOND, SHORT, Errand, Errands, walk
from tests.jobs.place import LIMIT, Place, end
from tests.jobs.worker import errands, errands_until, hang_with_a_lock

DAY = timedelta(days=1)
NEVER = 3600.0


@pytest.fixture
async def place(here: Place) -> Place:
    async with here.database.engine.begin() as connection:
        await connection.run_sync(Errand.metadata.create_all)
    return here


@pytest.fixture
def renewing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases are renewed many times before they can be over, however long the machine stands still."""
    monkeypatch.setattr(Leases, "renew_every", 0.1)


@asynccontextmanager
async def running(*workers: Errands) -> AsyncGenerator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(one.runner.run()) for one in workers]
    try:
        yield tasks
    finally:
        await end(*tasks)


async def send(place: Place, *ids: str, **values: Any) -> None:
    """Errands that are due in the order in which they are named."""
    async with place.database.write(None) as session:
        for number, one in enumerate(ids):
            due = clock(timedelta(milliseconds=number - len(ids)))
            session.add(Errand(**{"id": one, "due_at": due, **values}))


async def errand(place: Place, key: str) -> Errand:
    async with place.database.read(None) as session:
        return (await session.scalars(select(Errand).where(Errand.id == key))).one()


async def taken_by_somebody(place: Place, key: str) -> None:
    async def taken() -> bool:
        return (await errand(place, key)).worker != ""

    await place.eventually(taken)


async def pass_an_hour(place: Place, key: str) -> None:
    """As far as one errand is concerned, and a little more."""
    await place.execute("UPDATE errands SET due_at = due_at - 3660000000 WHERE id = :key", key=key)


async def works(place: Place) -> Counter[str]:
    """How often each errand was done."""
    return Counter(work for work, _ in await place.done())


async def test_several_processes_do_each_job_once(place: Place) -> None:
    async def until_done(number: int) -> None:
        await place.until(lambda count: count.total() >= number)

    ids: list[str] = []
    for name in ("a", "b", "c"):
        place.process(errands, name, HOUR, 0.005)
    deadline = time.monotonic() + LIMIT
    while len(await place.count()) < 2:  # one may have begun long before the others
        assert time.monotonic() < deadline
        more = [f"{number:06}" for number in range(len(ids), len(ids) + 120)]
        await send(place, *more)
        ids += more
        await until_done(len(ids))
    assert await works(place) == dict.fromkeys(ids, 1)


async def test_two_claims_at_the_same_moment_share_what_there_is(place: Place) -> None:
    ids = [str(number) for number in range(8)]
    await send(place, *ids)
    workers = [Errands(place.database) for _ in range(4)]
    claims = await asyncio.gather(*(one.rows.claim(2) for one in workers))
    assert sorted(claim.key for some in claims for claim in some) == ids


async def test_what_is_due_longest_comes_first_and_nothing_before_its_time(place: Place) -> None:
    await send(place, "third", "second", "first")
    await send(place, "later", due_at=clock(HOUR))
    await place.execute("UPDATE errands SET due_at = due_at - 3000000 WHERE id = 'second'")
    await place.execute("UPDATE errands SET due_at = due_at - 6000000 WHERE id = 'first'")
    rows = Errands(place.database).rows
    assert [claim.key for claim in await rows.claim(2)] == ["first", "second"]
    assert [claim.key for claim in await rows.claim(2)] == ["third"]
    wait = await rows.due_in()
    assert wait is not None
    assert wait > timedelta()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_row_that_somebody_has_locked_keeps_nobody_waiting(place: Place) -> None:
    """SQLite has no locks on rows: whoever writes has the whole database."""
    await send(place, "locked", "free")
    async with place.database.write(None) as session:
        await session.execute(select(Errand).where(Errand.id == "locked").with_for_update())
        async with asyncio.timeout(LIMIT):
            assert [claim.key for claim in await Errands(place.database).rows.claim(2)] == ["free"]


async def test_what_a_killed_process_had_is_done_by_another_when_the_lease_is_over(place: Place) -> None:
    first = place.process(errands, "a", HOUR, NEVER)
    await send(place, "1")
    await taken_by_somebody(place, "1")
    await first.kill()
    assert await Errands(place.database).rows.claim(1) == []
    await pass_an_hour(place, "1")
    async with running(Errands(place.database, "b")):
        await place.reached("b")
    assert await works(place) == {"1": 1}
    assert (await errand(place, "1")).attempts == 2


@pytest.mark.usefixtures("renewing")
async def test_what_takes_longer_than_a_lease_stays_in_its_hands(place: Place) -> None:
    go_on = asyncio.Event()

    async def way(_: Claim[Errand]) -> None:
        await go_on.wait()

    async def renewed() -> bool:
        return (await errand(place, "1")).due_at > due_at

    await send(place, "1")
    async with running(Errands(place.database, way=way)):
        await taken_by_somebody(place, "1")
        for _ in range(3):
            due_at = (await errand(place, "1")).due_at
            await place.eventually(renewed)
        assert await Errands(place.database).rows.claim(1) == []
        go_on.set()
        await place.reached("a")
    assert (await errand(place, "1")).attempts == 1


async def test_the_result_of_a_frozen_process_is_not_written(place: Place, tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    first = place.process(errands_until, "a", SHORT, go_on)
    await send(place, "1")
    await taken_by_somebody(place, "1")
    await place.freeze(first)
    async with running(Errands(place.database, "b")):
        await place.reached("b")
    go_on.touch()
    first.thaw()
    await send(place, "2")
    await place.reached("a")
    assert await place.done() == [("1", "b"), ("2", "a")]


@pytest.mark.usefixtures("renewing")
async def test_a_lease_that_is_lost_stops_the_work(place: Place) -> None:
    stopped = asyncio.Event()

    async def way(_: Claim[Errand]) -> None:
        if not stopped.is_set():
            try:
                await asyncio.sleep(NEVER)
            finally:
                stopped.set()

    await send(place, "1")
    async with running(Errands(place.database, way=way)):
        await taken_by_somebody(place, "1")
        await place.execute(
            "UPDATE errands SET worker = 'another', attempts = 7, due_at = due_at + 3600000000"
        )
        async with asyncio.timeout(LIMIT):
            await stopped.wait()
        assert await place.done() == []
        assert ((one := await errand(place, "1")).worker, one.attempts) == ("another", 7)
        await place.execute("UPDATE errands SET worker = '', due_at = 0")
        await place.reached("a")
    assert (await errand(place, "1")).attempts == 8


async def test_no_more_at_once_than_a_process_may_do(place: Place) -> None:
    now = most = 0

    async def way(job: Claim[Errand]) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await walk(job)
        now -= 1

    await send(place, *(str(number) for number in range(30)))
    async with running(Errands(place.database, at_once=3, way=way)):
        await place.reached("a", 30)
    assert most == 3


async def test_a_notice_and_the_time_of_a_job_wake_the_worker(place: Place) -> None:
    """It looks by itself only after an hour."""
    work = Errands(place.database, look_every=NEVER)
    await send(place, "in time", due_at=clock(SECOND))
    async with running(work):
        await place.reached("a")
        await send(place, "told")
        work.runner.wake()
        await place.reached("a", 2)


async def test_while_the_database_is_away_results_wait_for_it(place: Place) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def way(_: Claim[Errand]) -> None:
        begun.set()
        await go_on.wait()

    await send(place, "1")
    async with running(Errands(place.database, lease=HOUR, way=way)):
        async with asyncio.timeout(LIMIT):
            await begun.wait()
        async with place.away("errands"):
            go_on.set()
            await asyncio.sleep(0.5)  # some attempts to write it down
        await place.reached("a")
        await send(place, "2")
        await place.reached("a", 2)
    assert (await errand(place, "1")).attempts == 1


async def test_a_worker_that_ends_finishes_what_it_can(place: Place) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def way(job: Claim[Errand]) -> None:
        begun.set()
        await go_on.wait()

    await send(place, "short")
    async with running(Errands(place.database, finish_limit=LIMIT, way=way)) as (task,):
        async with asyncio.timeout(LIMIT):
            await begun.wait()
        await send(place, "not begun")
        task.cancel()
        go_on.set()
        await asyncio.gather(task, return_exceptions=True)
    assert await works(place) == {"short": 1}
    assert (await errand(place, "not begun")).attempts == 0


async def test_a_worker_that_ends_gives_up_what_takes_too_long(place: Place) -> None:
    begun = asyncio.Event()

    async def way(job: Claim[Errand]) -> None:
        begun.set()
        await asyncio.sleep(NEVER)

    await send(place, "long")
    async with running(Errands(place.database, finish_limit=0.1, way=way)) as (task,):
        async with asyncio.timeout(LIMIT):
            await begun.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await works(place) == {}
    long = await errand(place, "long")
    assert (long.worker, long.attempts) == ("", 0)
    async with running(Errands(place.database, "b")):
        await place.reached("b")


async def test_one_that_fails_unforeseen_waits_for_its_lease_and_holds_up_nobody(place: Place) -> None:
    async def way(job: Claim[Errand]) -> None:
        if job.key == "bad" and job.attempt == 1:
            raise RuntimeError("unforeseen")

    failed = _metric("switchroom_jobs_failed_total")
    await send(place, "bad", "good")
    async with running(Errands(place.database, way=way)):
        await place.reached("a", 1)
        assert await works(place) == {"good": 1}
        assert await Errands(place.database).rows.claim(1) == []
        await pass_an_hour(place, "bad")
        await place.reached("a", 2)
    assert (await errand(place, "bad")).attempts == 2
    assert _metric("switchroom_jobs_failed_total") == failed + 1


async def test_one_that_finds_the_database_away_waits_for_its_lease_without_a_traceback(place: Place) -> None:
    async def way(job: Claim[Errand]) -> None:
        if job.attempt == 1:
            raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE)

    failed = _metric("switchroom_jobs_failed_total")
    await send(place, "work")
    with capture_logs() as logs:
        async with running(Errands(place.database, lease=SHORT, way=way)):
            await place.reached("a", 1)
    (said,) = (entry for entry in logs if entry["event"] == "job left for later")
    assert "exc_info" not in said
    assert _metric("switchroom_jobs_failed_total") == failed


@pytest.mark.parametrize("fast", [DAY, -DAY], ids=["fast", "slow"])
async def test_a_worker_whose_clock_is_wrong_keeps_the_times(place: Place, fast: timedelta) -> None:
    """Neither does it take what is not due, nor does what it takes come too late or too soon to others."""
    await send(place, "later", due_at=clock(2 * HOUR))
    await send(place, "1")
    first = place.process(errands, "a", HOUR, NEVER, fast)
    await taken_by_somebody(place, "1")
    assert await Errands(place.database).rows.claim(2) == []
    await first.kill()
    await pass_an_hour(place, "1")
    async with running(Errands(place.database, "b")):
        await place.reached("b")
    assert await works(place) == {"1": 1}
    assert (await errand(place, "later")).attempts == 0


async def test_what_fails_is_due_again_by_its_schedule(place: Place) -> None:
    async def way(_: Claim[Errand]) -> None:
        raise ValueError

    await send(place, "1")
    work = Errands(place.database, way=way, retries=[HOUR])
    assert await work.runner.once()
    assert not await work.runner.once()
    wait = await work.rows.due_in()
    assert wait is not None
    assert HOUR - LIMIT * SECOND < wait <= HOUR + SECOND
    one = await errand(place, "1")
    assert (one.worker, one.attempts, one.done) == ("", 1, False)
    await place.execute("UPDATE errands SET due_at = 0")
    assert await work.runner.once()
    assert (await errand(place, "1")).done


async def test_the_lease_of_the_dead_does_not_last_when_the_clock_is_put_back(place: Place) -> None:
    """While what waits to be tried again waits on."""
    await send(place, "of the dead", worker="dead", attempts=1, due_at=clock(HOUR))
    await send(place, "waits", attempts=1, due_at=clock(HOUR))
    async with running(Errands(place.database, lease=SHORT)):
        await place.reached("a")
    assert await works(place) == {"of the dead": 1}
    assert (await errand(place, "waits")).attempts == 1


async def test_a_job_that_is_withdrawn_while_it_is_done_leaves_no_result(place: Place) -> None:
    async def way(job: Claim[Errand]) -> None:
        async with place.database.write(None) as session:
            await session.execute(update(Errand).where(Errand.id == job.key).values(done=True))

    await send(place, "1")
    assert await Errands(place.database, way=way).runner.once()
    assert await place.done() == []


async def test_metrics_tell_what_waits_and_what_runs(place: Place) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def way(_: Claim[Errand]) -> None:
        begun.set()
        await go_on.wait()

    await send(place, "1", "2", "3")
    work = Errands(place.database, at_once=1, way=way)
    assert await work.count_waiting() == 3
    async with running(work):
        async with asyncio.timeout(LIMIT):
            await begun.wait()
        assert _metric("switchroom_jobs_running") == 1
        assert await work.count_waiting() == 2
        go_on.set()
        await place.reached("a", 3)

        async def counted() -> bool:
            return _metric("switchroom_jobs_waiting") == 0 and _metric("switchroom_jobs_running") == 0

        await place.eventually(counted)


def _metric(name: str) -> float:
    return REGISTRY.get_sample_value(name, {"kind": "errands"}) or 0.0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_transaction_whose_process_hangs_lets_its_rows_go(place: Place) -> None:
    """It has a row locked, in the middle of taking it up; PostgreSQL does not know that it hangs."""
    first = place.process(hang_with_a_lock)
    await send(place, "1")

    async def locked() -> bool:
        async with place.database.write(None) as session:
            free = select(Errand.id).with_for_update(skip_locked=True)
            return await session.scalar(free) is None

    await place.eventually(locked)
    first.freeze()
    async with running(Errands(place.database, "b")):
        await place.reached("b")
