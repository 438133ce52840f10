"""Writers of different organizations do not wait for each other, and still no reader passes over an event."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from switchroom.db import database as database_module
from switchroom.db.database import Database, do_last
from switchroom.events.append import append
from switchroom.events.buffer import EventBuffer
from switchroom.events.log import EventLog, LoggedEvent
from switchroom.events.models import Event
from switchroom.events.tail import EventTail
from tests.events.source import organizations, source, tailing
from tests.happened import happened
from tests.postgresql import new_database

LIMIT = 60
GATE = 4711
"""An advisory lock that a transaction waits for when it has written its events."""

_WAITING = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


@pytest.fixture
async def postgresql(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Database]:
    """Who waits for a lock in it waits for longer than the machine stands still."""
    monkeypatch.setattr(database_module, "LOCK_LIMIT", LIMIT * 1000)
    monkeypatch.setattr(database_module, "_LONGEST_IDLE", LIMIT * 1000)
    async with source(await new_database(postgresql_url)) as opened:
        yield opened.database


def log_of(database: Database) -> EventLog:
    return EventLog(database, keep=timedelta(days=30))


async def happens(database: Database, *organization_ids: int, kind: str = "test.happened") -> None:
    async with database.write(None) as session:
        for organization_id in organization_ids:
            append(session, organization_id, happened(kind), "x")


async def held(database: Database, organization_id: int) -> None:
    """Write an event, and commit it once the gate is open."""

    def wait(session: Session) -> None:
        session.execute(text(f"SELECT pg_advisory_xact_lock({GATE})"))

    async with database.write(None) as session:
        append(session, organization_id, happened("test.held"), "x")
        do_last(session, wait)


@contextlib.asynccontextmanager
async def closed_gate(database: Database) -> AsyncGenerator[None]:
    async with database.engine.connect() as connection:
        await connection.execute(text(f"SELECT pg_advisory_lock({GATE})"))
        try:
            yield
        finally:
            await connection.execute(text(f"SELECT pg_advisory_unlock({GATE})"))


async def until_waiting(database: Database, number: int) -> None:
    deadline = time.monotonic() + LIMIT
    async with database.engine.connect() as connection:
        while await connection.scalar(_WAITING) != number:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)


async def until_logged(database: Database, organization_id: int, number: int) -> None:
    deadline = time.monotonic() + LIMIT
    while True:
        async with database.read(organization_id) as session:
            if await session.scalar(select(func.count(Event.id))) == number:
                return
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def kinds(events: Sequence[LoggedEvent]) -> list[str]:
    return [event.type for event in events]


async def test_an_organization_waits_for_itself_only(postgresql: Database) -> None:
    log = log_of(postgresql)
    slow, quick = await organizations(postgresql, 2)
    await happens(postgresql, slow, kind="test.before")
    begun = await log.newest(None)
    async with asyncio.timeout(LIMIT), asyncio.TaskGroup() as writing, closed_gate(postgresql):
        writing.create_task(held(postgresql, slow))
        await until_waiting(postgresql, 1)
        after = writing.create_task(happens(postgresql, slow, kind="test.after"))
        await until_waiting(postgresql, 2)
        await happens(postgresql, quick, kind="test.quick")  # waits for nobody
        assert not after.done()
        assert kinds(await log.read(quick)) == ["test.quick"]
        assert kinds(await log.read(slow)) == ["test.before"]
        # Who reads of all sees nothing of which something earlier may still come.
        assert kinds(await log.read(None)) == ["test.before"]
        assert await log.newest(None) == begun
    assert kinds(await log.read(slow)) == ["test.before", "test.held", "test.after"]
    assert kinds(await log.read(None, after=begun)) == ["test.held", "test.quick", "test.after"]


async def test_what_is_rolled_back_keeps_nobody_waiting(postgresql: Database) -> None:
    log = log_of(postgresql)
    first, second = await organizations(postgresql, 2)

    async def refused() -> None:
        def refuse(_: Session) -> None:
            raise RuntimeError

        with contextlib.suppress(RuntimeError):
            async with postgresql.write(None) as session:
                append(session, first, happened("test.refused"), "x")
                do_last(session, refuse)

    await refused()
    await happens(postgresql, second)
    await refused()
    assert kinds(await log.read(None)) == ["test.happened"]
    await happens(postgresql, first)
    assert kinds(await log.read(None)) == ["test.happened", "test.happened"]


async def test_writers_of_several_organizations_do_not_block_each_other(database_url: str) -> None:
    async with source(database_url) as opened:
        database = opened.database
        one, other = await organizations(database, 2)

        async def write(*organization_ids: int) -> None:
            for _ in range(20):
                await happens(database, *organization_ids)

        async with asyncio.timeout(LIMIT):
            await asyncio.gather(write(one, other), write(other, one), write(other, one), write(one, other))
        assert len(await log_of(database).read(None)) == 4 * 20 * 2


async def test_events_noted_for_others_do_not_wait_for_an_organization(postgresql: Database) -> None:
    """The buffer writes for all organizations: one whose log is held is written once it is free."""
    first, second = await organizations(postgresql, 2)
    buffer, log = EventBuffer(postgresql), log_of(postgresql)
    async with asyncio.timeout(LIMIT), asyncio.TaskGroup() as group, closed_gate(postgresql):
        group.create_task(held(postgresql, first))
        await until_waiting(postgresql, 1)
        for organization_id in (first, second, first):
            buffer.add(organization_id, happened("test.noted"), "x")
        group.create_task(buffer.finish())
        await until_waiting(postgresql, 2)
        # The second neither waits nor is waited for.
        await happens(postgresql, second)
        await until_logged(postgresql, second, 2)
    assert kinds(await log.read(None)).count("test.noted") == 3


async def followed(tail: EventTail, organization_id: int | None, writers: int) -> list[LoggedEvent]:
    """What a follower hears until so many writers are done."""
    heard: list[LoggedEvent] = []
    async with contextlib.aclosing(tail.follow(organization_id, after=0)) as events:
        async for event in events:
            heard.append(event)
            writers -= event.type == "test.done"
            if not writers:
                break
    return heard


def linger(session: Session) -> None:
    """Others are committed meanwhile."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_sleep(random() / 100)"))


async def test_readers_see_each_event_once_and_in_order(database_url: str) -> None:
    writers, each = 12, 20
    async with source(database_url) as opened:
        elsewhere = Database(database_url, opened.bus)
        every = await organizations(opened.database, writers // 2)

        async def write(number: int) -> None:
            chance = random.Random(number)
            database = chance.choice((opened.database, elsewhere))
            for turn in range(each):
                mine, another = every[number % len(every)], chance.choice(every)
                with contextlib.suppress(ZeroDivisionError):
                    async with database.write(None) as session:
                        append(session, mine, happened("test.written", turn=turn), str(number))
                        if chance.random() < 0.3:
                            append(session, another, happened("test.aside", turn=turn), str(number))
                        do_last(session, linger)
                        if chance.random() < 0.2:
                            raise ZeroDivisionError
                await asyncio.sleep(0)
            async with database.write(None) as session:
                for organization_id in every:
                    append(session, organization_id, happened("test.done"), str(number))

        log = log_of(opened.database)
        async with asyncio.timeout(LIMIT), tailing(log, opened.bus) as tail, asyncio.TaskGroup() as group:
            of_all = group.create_task(followed(tail, None, writers * len(every)))
            of_one = group.create_task(followed(tail, every[0], writers))
            for number in range(writers):
                group.create_task(write(number))
        assert of_all.result() == await log.read(None)
        assert of_one.result() == await log.read(every[0])
        turns: defaultdict[tuple[int, str, str], list[int]] = defaultdict(list)
        for event in of_all.result():
            if event.type != "test.done":
                turns[event.organization_id, event.type, event.object_id].append(event.data["turn"])
        assert all(of_one == sorted(set(of_one)) for of_one in turns.values())
        await elsewhere.close()
