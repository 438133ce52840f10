"""Balance of hooks between workers: one that finds none to take has some of the busiest one's."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct

from switchroom.bus import Bus
from switchroom.events.webhooks.leases import HookLeases

ASK_EVERY = 0.25
"""Seconds between two questions of one worker."""

_BOUND_FOR = 1.0
"""Seconds for which a worker that gave hooks up takes no others in their place: they are for who asked."""

_EVEN = 8
"""Workers are even as long as the greater share of two is not more than an eighth above the other."""


class KeepAtMost(Struct, frozen=True):
    """Notice that a worker is to deliver for so many hooks at most, and to give the others up."""

    worker: str
    hooks: int


class HooksGivenUp(Struct, frozen=True):
    """Notice that there are hooks which a worker has given up for others."""


class Balance:
    """Balance of hooks between this worker and the others.

    A worker keeps a hook as long as something waits for it. So who was a moment earlier, or whose hooks have
    more to deliver, would work on when others have nothing left: they ask for some of its hooks.
    """

    def __init__(self, leases: HookLeases, bus: Bus, give_up: Callable[[int], None]) -> None:
        """`give_up` is called with how many hooks to keep."""
        self._leases = leases
        self._bus = bus
        self._give_up = give_up
        self._asked_at = -ASK_EVERY
        self._most, self._bound_until = 0, 0.0
        bus.subscribe(KeepAtMost, self._keep)

    def free(self, limit: int) -> int:
        """Number of further hooks, at most `limit`, that this worker may take now."""
        if time.monotonic() >= self._bound_until:
            return limit
        return max(0, min(limit, self._most - len(self._leases.in_hand)))

    async def ask(self) -> bool:
        """Ask the busiest worker for as many hooks as make it even. Whether there was one to ask."""
        moment = time.monotonic()
        if moment < max(self._asked_at + ASK_EVERY, self._bound_until):
            return False
        self._asked_at = moment
        held = await self._leases.count_by_worker()
        own = held.pop(self._leases.worker, 0)
        if not held:
            return False
        busiest = max(held, key=held.__getitem__)
        excess = held[busiest] - own
        if excess <= max(1, held[busiest] // _EVEN):
            return False
        await self._bus.publish(KeepAtMost(busiest, held[busiest] - excess // 2))
        return True

    async def given_up(self) -> None:
        """Say that hooks are free that another worker asked for."""
        await self._bus.publish(HooksGivenUp())

    async def _keep(self, notice: KeepAtMost) -> None:
        if notice.worker != self._leases.worker:
            return
        self._most, self._bound_until = notice.hooks, time.monotonic() + _BOUND_FOR
        self._give_up(notice.hooks)
