"""Workers share the hooks that there is something to deliver for, whoever came first."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import pytest

from switchroom.db.clock import clock
from switchroom.events.webhooks import balance as balance_module
from switchroom.events.webhooks.balance import Balance, KeepAtMost
from switchroom.events.webhooks.leases import HookLeases
from switchroom.events.webhooks.models import HookLease
from tests.events.receiver import listening
from tests.events.source import Source
from tests.events.test_hook_leases import HOUR, LIMIT, queued, sending, workers


async def held_by_two(events: Source, first: int, second: int) -> None:
    """Wait until two workers have so many hooks, the one that has more named first."""
    deadline = time.monotonic() + LIMIT
    while True:
        held = sorted(Counter(await workers(events)).values(), reverse=True)
        if held == [first, second]:
            return
        assert time.monotonic() < deadline, held
        await asyncio.sleep(0.02)


async def test_a_worker_that_comes_later_gets_half(events: Source) -> None:
    """The first one has all of the hooks by then. Each event is sent once, in its order."""
    async with listening() as receiver:
        hold = receiver.hold = asyncio.Event()
        hooks = [await events.hook(f"{receiver.url}/{number}") for number in range(8)]
        await queued(events, 3, *hooks)
        asked = asyncio.Event()

        async def hear(_: KeepAtMost) -> None:
            asked.set()

        async with sending(events):
            await receiver.got(8)
            events.bus.subscribe(KeepAtMost, hear)
            async with sending(events):
                async with asyncio.timeout(LIMIT):
                    await asked.wait()
                receiver.hold = asyncio.Event()
                hold.set()
                await receiver.got(16)
                await held_by_two(events, 4, 4)
                receiver.hold.set()
                for hook in hooks:
                    await events.until(hook, *["delivered"] * 3)
    for path in {request.path for request in receiver.requests}:
        assert sum(request.path == path for request in receiver.requests) == 3


@pytest.mark.parametrize(
    ("own", "other", "keeps"),
    [(0, 1, None), (0, 2, 1), (1, 2, None), (8, 12, 10), (0, 3, 2), (28, 31, None), (0, 64, 32)],
)
async def test_a_worker_asks_for_as_many_as_make_it_even(
    events: Source, own: int, other: int, keeps: int | None
) -> None:
    """And for none when there are nearly as many on either side."""
    heard: list[KeepAtMost] = []

    async def hear(notice: KeepAtMost) -> None:
        heard.append(notice)

    leases = HookLeases(events.database)
    await _leased(events, {leases.worker: own, "another": other})
    events.bus.subscribe(KeepAtMost, hear)
    balance = Balance(leases, events.bus, lambda _: None)
    assert await balance.ask() is (keeps is not None)
    assert heard == ([] if keeps is None else [KeepAtMost("another", keeps)])


async def test_the_busiest_is_asked_and_nobody_whose_lease_is_over(events: Source) -> None:
    heard: list[KeepAtMost] = []

    async def hear(notice: KeepAtMost) -> None:
        heard.append(notice)

    events.bus.subscribe(KeepAtMost, hear)
    await _leased(events, {"little": 3, "much": 6})
    await _leased(events, {"dead": 20}, ago=True)
    assert await Balance(HookLeases(events.database), events.bus, lambda _: None).ask()
    assert heard == [KeepAtMost("much", 3)]


async def test_who_gave_hooks_up_takes_no_others_in_their_place(
    events: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not at once: they are for the worker that asked."""
    kept: list[int] = []
    leases = HookLeases(events.database)
    balance = Balance(leases, events.bus, kept.append)
    assert balance.free(4) == 4
    await events.bus.publish(KeepAtMost("another", 1))
    assert (kept, balance.free(4)) == ([], 4)
    await events.bus.publish(KeepAtMost(leases.worker, 3))
    assert (kept, balance.free(4)) == ([3], 3)
    monkeypatch.setattr(balance_module, "_BOUND_FOR", 0.0)
    await events.bus.publish(KeepAtMost(leases.worker, 3))
    assert balance.free(4) == 4


async def _leased(events: Source, by: dict[str, int], *, ago: bool = False) -> None:
    """Hooks that workers have, or had until an hour ago."""
    for worker, number in by.items():
        for _ in range(number):
            hook = await events.hook("https://example.org/")
            async with events.database.write(None) as session:
                session.add(HookLease(hook_id=hook.id, worker=worker, until=clock(-HOUR if ago else HOUR)))
