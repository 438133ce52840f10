"""A worker delivers for the hooks that it has leases on: what it does when one is lost, when it ends, while
the database is away, and when its clock is wrong."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, MutableMapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from switchroom.db import base
from switchroom.db.clock import clock
from switchroom.events.webhooks.delivery import HookDelivery
from switchroom.events.webhooks.models import Delivery, HookLease, WebHook
from switchroom.events.webhooks.outbound import Outbound
from switchroom.jobs.lease import Leases
from tests.events.receiver import Receiver, listening
from tests.events.source import LOOPBACK, QUICK, Source, going_on
from tests.jobs.place import LIMIT, Place

HOUR = timedelta(hours=1)
NEVER = 3600.0


@asynccontextmanager
async def sending(
    events: Source, *, lease: timedelta = HOUR, retries: Sequence[timedelta] = QUICK
) -> AsyncGenerator[None]:
    """A worker that delivers what is queued, and waits for receivers as long as they take."""
    outbound = Outbound(LOOPBACK, timeout=NEVER)
    delivery = HookDelivery(events.database, outbound, events.bus, retry_delays=retries, lease=lease)
    async with going_on(delivery.run()):
        yield


async def queued(events: Source, number: int, *hooks: WebHook) -> None:
    """So many events about one object, which wait for all hooks."""
    async with events.queueing():
        for one in range(number):
            await events.happens(number=one)
        for hook in hooks:
            await events.until(hook, *["waiting"] * number)


@asynccontextmanager
async def taken_over(events: Source) -> AsyncGenerator[None]:
    """Another worker has all hooks, and keeps them while the block runs."""

    async def keep() -> None:
        while True:
            async with events.database.write(None) as session:
                await session.execute(update(HookLease).values(worker="another", until=clock(HOUR)))
            await asyncio.sleep(0.05)

    async with going_on(keep()):
        yield


async def logged(logs: Sequence[MutableMapping[str, Any]], event: str) -> None:
    """Wait until the process has logged it."""
    deadline = time.monotonic() + LIMIT
    while all(entry["event"] != event for entry in logs):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def tried(events: Source, hook: WebHook) -> Delivery:
    """The hook's only delivery, once it was tried."""
    deadline = time.monotonic() + LIMIT
    while True:
        (delivery,) = await events.deliveries(hook)
        if delivery.attempts:
            return delivery
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def numbers(receiver: Receiver) -> list[int]:
    return [json.loads(request.body)["data"]["number"] for request in receiver.requests]


async def workers(events: Source) -> Sequence[str]:
    """Who has a lease."""
    async with events.database.read(None) as session:
        return (await session.scalars(select(HookLease.worker))).all()


async def test_a_worker_that_loses_its_lease_sends_nothing_more(
    events: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is under way may end, and its result is written; the rest is for who has the lease then."""
    monkeypatch.setattr(Leases, "renew_every", 0.1)
    async with listening() as receiver:
        receiver.hold = asyncio.Event()
        hook = await events.hook(receiver.url)
        await queued(events, 3, hook)
        with capture_logs() as logs:
            async with sending(events):
                await receiver.got(1)
                async with taken_over(events):
                    await logged(logs, "lease lost")
                    receiver.hold.set()
                    await events.until(hook, "delivered", "waiting", "waiting")
        assert numbers(receiver) == [0]
        assert await workers(events) == ["another"]
        async with events.database.write(None) as session:
            await session.execute(update(HookLease).values(until=clock(-HOUR)))
        async with sending(events):
            await events.until(hook, *["delivered"] * 3)
        assert numbers(receiver) == [0, 1, 2]


async def test_a_worker_that_ends_gives_its_hooks_up(events: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one whose receiver does not answer in time: others deliver for it at once, not when a lease is
    over."""
    monkeypatch.setattr(HookDelivery, "finish_limit", 0.1)
    async with listening() as slow, listening() as quick:
        slow.hold = asyncio.Event()
        hooks = [await events.hook(one.url) for one in (slow, quick)]
        await queued(events, 2, *hooks)
        async with sending(events):
            await slow.got(1)
            await events.until(hooks[1], *["delivered"] * 2)
        assert await workers(events) == []
        slow.hold.set()
        async with sending(events):
            delivered = await events.until(hooks[0], *["delivered"] * 2)
    assert [one.attempts for one in delivered] == [1, 1]
    assert numbers(slow) == [0, 0, 1]
    assert numbers(quick) == [0, 1]


async def test_what_is_delivered_while_the_database_is_away_is_delivered_once(
    events: Source, database_url: str
) -> None:
    place = Place(database_url)
    async with listening() as receiver:
        receiver.hold = asyncio.Event()
        hook = await events.hook(receiver.url)
        await queued(events, 2, hook)
        with capture_logs() as logs:
            async with sending(events):
                await receiver.got(1)
                async with place.away("web_hook_deliveries"):
                    receiver.hold.set()
                    await logged(logs, "web hooks cannot be written")
                delivered = await events.until(hook, *["delivered"] * 2)
    await place.close()
    assert [one.attempts for one in delivered] == [1, 1]
    assert numbers(receiver) == [0, 1]


async def test_what_a_worker_with_a_fast_clock_has_queued_is_delivered_at_once(
    events: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening() as receiver:
        hook = await events.hook(receiver.url)
        with monkeypatch.context() as patch:
            patch.setattr(base, "datetime", _clock(HOUR))
            await queued(events, 1, hook)
        async with sending(events):
            await events.until(hook, "delivered")


@pytest.mark.parametrize("fast", [HOUR, -HOUR], ids=["fast", "slow"])
async def test_a_worker_whose_clock_is_wrong_keeps_to_the_schedule(
    events: Source, monkeypatch: pytest.MonkeyPatch, fast: timedelta
) -> None:
    async with listening() as receiver:
        receiver.status = 503
        hook = await events.hook(receiver.url)
        await queued(events, 1, hook)
        monkeypatch.setattr(base, "datetime", _clock(fast))
        async with sending(events, retries=[HOUR]):
            failed = await tried(events, hook)
    due_in = failed.next_attempt_at - datetime.now(UTC)
    assert HOUR - timedelta(seconds=LIMIT) < due_in <= HOUR + timedelta(seconds=1)


def _clock(fast: timedelta) -> type[datetime]:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + fast

    return Clock
