"""The log is read once by a process, however many follow it there, and none of them misses anything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from switchroom.db.database import Database
from switchroom.events import tail as tail_module
from switchroom.events.append import append
from switchroom.events.log import EventFilter, EventLog, LoggedEvent
from switchroom.events.tail import EventTail
from tests.events.source import Source, organizations, tailing
from tests.events.statements import statements
from tests.happened import happened

LIMIT = 60


@asynccontextmanager
async def followed(source: Source) -> AsyncGenerator[tuple[EventLog, EventTail]]:
    log = EventLog(source.database, keep=timedelta(days=30))
    async with asyncio.timeout(LIMIT), tailing(log, source.bus) as tail:
        yield log, tail


async def happens(database: Database, organization_id: int, kind: str, number: int = 0) -> None:
    async with database.write(None) as session:
        append(session, organization_id, happened(kind, number=number), str(number % 3))


async def heard_until(
    tail: EventTail,
    organization_id: int | None,
    last: str,
    *,
    after: int = 0,
    wanted: EventFilter | None = None,
    ready: asyncio.Event | None = None,
    take: asyncio.Event | None = None,
) -> Sequence[LoggedEvent]:
    """What a follower hears up to an event of the type `last`; it says when it has heard something, and then
    waits with the rest."""
    heard: list[LoggedEvent] = []
    async with aclosing(tail.follow(organization_id, wanted, after=after)) as events:
        async for event in events:
            heard.append(event)
            if event.type == last:
                break
            if ready is not None:
                ready.set()
            if take is not None:
                await take.wait()
    return heard


def reads_the_log(statement: str) -> bool:
    return statement.lstrip().startswith("SELECT") and "events" in statement and "INSERT" not in statement


def reads_of_one(statement: str) -> bool:
    """Followers read the log of their organization only while they are behind."""
    return reads_the_log(statement) and "events.organization_id = " in statement


async def test_the_database_is_asked_once_for_all_followers(events: Source) -> None:
    every = await organizations(events.database, 20)
    ours, others = every[:10], every[10:]
    async with followed(events) as (_, tail), asyncio.TaskGroup() as group:
        ready = [asyncio.Event() for _ in range(50)]
        for organization_id in ours:
            await happens(events.database, organization_id, "test.begun")
        following = [
            group.create_task(heard_until(tail, ours[number % 10], "test.last", ready=one))
            for number, one in enumerate(ready)
        ]
        for one in ready:
            await one.wait()
        started = time.monotonic()
        with statements(events.database, reads_the_log) as asked:
            for number in range(100):
                await happens(events.database, others[number % 10], "test.elsewhere")
            # Two statements each time that the tail looks by itself, once in a second.
            assert len(asked) <= 2 * (time.monotonic() - started + 1)
        started = time.monotonic()
        with statements(events.database, lambda one: "events" in one and "SELECT" in one) as asked:
            for number in range(100):
                await happens(events.database, ours[number % 10], "test.here", number)
            for organization_id in ours:
                await happens(events.database, organization_id, "test.last")
            heard = await asyncio.gather(*following)
            reads = [one for one in asked if reads_the_log(one)]
            assert len(reads) <= 2 * (110 + time.monotonic() - started + 1)
            assert not [one for one in asked if reads_of_one(one)]
    for number, of_one in enumerate(heard):
        assert [event.data["number"] for event in of_one if event.type == "test.here"] == [
            *range(number % 10, 100, 10)
        ]


async def test_one_batch_is_one_reading(events: Source) -> None:
    every = await organizations(events.database, 10)
    async with followed(events) as (_, tail), asyncio.TaskGroup() as group:
        for organization_id in every:
            await happens(events.database, organization_id, "test.begun")
        ready = [asyncio.Event() for _ in range(50)]
        following = [
            group.create_task(heard_until(tail, every[number % 10], "test.last", ready=one))
            for number, one in enumerate(ready)
        ]
        for one in ready:
            await one.wait()
        started = time.monotonic()
        with statements(events.database, reads_the_log) as asked:
            async with events.database.write(None) as session:
                for number in range(100):
                    append(session, every[number % 10], happened("test.here"), "x")
                for organization_id in every:
                    append(session, organization_id, happened("test.last"), "x")
            heard = await asyncio.gather(*following)
            assert len(asked) <= 2 * (1 + time.monotonic() - started + 1)
    assert {len(of_one) for of_one in heard} == {12}


async def test_one_that_is_slow_reads_what_it_has_missed(
    events: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail_module, "MOST_BEHIND", 5)
    mine = events.organization_id
    async with followed(events) as (log, tail), asyncio.TaskGroup() as group:
        await happens(events.database, mine, "test.begun")
        ready, take, quick = asyncio.Event(), asyncio.Event(), asyncio.Event()
        slow = group.create_task(heard_until(tail, mine, "test.last", ready=ready, take=take))
        other = group.create_task(heard_until(tail, mine, "test.almost", ready=quick))
        await ready.wait()
        await quick.wait()
        with statements(events.database, reads_of_one) as asked:
            for number in range(40):
                await happens(events.database, mine, "test.here", number)
            await happens(events.database, mine, "test.almost")
            await other  # the tail has passed all that by the slow one
            by_the_quick_one = len(asked)
            take.set()
            await happens(events.database, mine, "test.last")
            heard = await slow
            assert len(asked) > by_the_quick_one
        assert heard == await log.read(mine)


async def test_who_comes_later_misses_nothing_and_hears_nothing_twice(events: Source) -> None:
    every = await organizations(events.database, 3)
    elsewhere = Database(events.database.engine.url.render_as_string(hide_password=False), events.bus)

    async def write(database: Database, number: int) -> None:
        for turn in range(60):
            await happens(database, every[(number + turn) % 3], "test.here", turn)

    async with followed(events) as (log, tail):
        following: list[tuple[int | None, int, asyncio.Task[Sequence[LoggedEvent]]]] = []
        async with asyncio.TaskGroup() as group:
            writing = [
                group.create_task(write(events.database if number % 2 else elsewhere, number))
                for number in range(4)
            ]
            while not all(task.done() for task in writing):
                for organization_id in (None, *every):
                    after = 0 if len(following) % 3 else await log.newest(organization_id)
                    task = group.create_task(heard_until(tail, organization_id, "test.last", after=after))
                    following.append((organization_id, after, task))
                await asyncio.sleep(0.1)
            async with events.database.write(None) as session:
                for organization_id in every:
                    append(session, organization_id, happened("test.last"), "x")
        for organization_id, after, task in following:
            expected = await log.read(organization_id, after=after)
            last = next(n for n, event in enumerate(expected) if event.type == "test.last")
            assert task.result() == expected[: last + 1]
    await elsewhere.close()


class Interrupted(EventLog):
    """The log, with something that happens after each reading of an organization's."""

    after_reading: Callable[[], Awaitable[None]] | None = None

    async def read(self, *given: Any, **named: Any) -> list[LoggedEvent]:
        events = await super().read(*given, **named)
        if self.after_reading is not None:
            await self.after_reading()
        return events


async def test_what_happens_while_one_reads_what_there_was_is_not_missed(events: Source) -> None:
    mine = events.organization_id
    log = Interrupted(events.database, keep=timedelta(days=30))
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def follow_another(tail: EventTail) -> None:
        async for event in tail.follow(mine, after=0):
            heard.put_nowait(event.type)

    async def interrupt() -> None:
        log.after_reading = None
        await happens(events.database, mine, "test.between")
        while await heard.get() != "test.between":
            pass

    await happens(events.database, mine, "test.begun")
    async with asyncio.timeout(LIMIT), tailing(log, events.bus) as tail:
        other = asyncio.create_task(follow_another(tail))
        assert await heard.get() == "test.begun"
        log.after_reading = interrupt
        ready = asyncio.Event()
        late = asyncio.create_task(heard_until(tail, mine, "test.last", ready=ready))
        await ready.wait()
        await happens(events.database, mine, "test.last")
        assert [event.type for event in await late] == ["test.begun", "test.between", "test.last"]
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)


async def test_followers_hear_what_fits(events: Source) -> None:
    mine = events.organization_id
    (other,) = await organizations(events.database, 1)
    async with followed(events) as (_, tail), asyncio.TaskGroup() as group:
        await happens(events.database, mine, "test.begun")
        ready = [asyncio.Event() for _ in range(2)]
        by_type = EventFilter(types=["test.begun", "test.wanted", "test.last"])
        of_object = EventFilter(object_id="0")
        first = group.create_task(heard_until(tail, mine, "test.last", wanted=by_type, ready=ready[0]))
        second = group.create_task(heard_until(tail, mine, "test.last", wanted=of_object, ready=ready[1]))
        for one in ready:
            await one.wait()
        for number in range(6):
            await happens(events.database, mine, "test.wanted" if number % 2 else "test.other", number)
            await happens(events.database, other, "test.wanted", 99)
        await happens(events.database, mine, "test.last")
    assert [event.data["number"] for event in first.result()] == [0, 1, 3, 5, 0]
    assert [event.data["number"] for event in second.result()] == [0, 0, 3, 0]


async def test_nobody_following_costs_nothing(events: Source) -> None:
    async with followed(events) as (_, tail):
        await happens(events.database, events.organization_id, "test.last")
        await heard_until(tail, events.organization_id, "test.last")
        with statements(events.database, reads_the_log) as asked:
            for number in range(10):
                await happens(events.database, events.organization_id, "test.here", number)
            assert asked == []
