"""The worker that sends what is queued to its receivers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from switchroom.bus import Bus
from switchroom.db.database import Database
from switchroom.errors import Unavailable
from switchroom.events.wake_up import LOOK_ANYWAY, woken
from switchroom.events.webhooks.concurrency import Paces, Shares
from switchroom.events.webhooks.leases import LEASE, Leases
from switchroom.events.webhooks.notices import DeliveriesQueued
from switchroom.events.webhooks.outbound import Outbound
from switchroom.events.webhooks.results import DeliveryResults
from switchroom.events.webhooks.retention import remove_old
from switchroom.events.webhooks.schedule import RETRY_DELAYS
from switchroom.events.webhooks.sender import Sender

ANSWER_LIMIT = 10.0
"""Seconds that a receiver may take."""

_SHORTEST_REST = 0.02
_SECONDS_BETWEEN_CLEANINGS = 3600.0
_READING_AT_ONCE = 2
_SECONDS_TO_FINISH = 3.0

log = structlog.get_logger()


class HookDelivery:
    """Delivers to all hooks at once, in any number of processes over one database.

    Each process leases the hooks that it delivers for. What it has in hand of a hook is little, and what came
    of it is written down a moment later: killed, it has sent that much without having said so, and who takes
    up the hook when the lease has run out sends it again.
    """

    def __init__(
        self,
        database: Database,
        outbound: Outbound,
        bus: Bus,
        *,
        retry_delays: Sequence[timedelta] = RETRY_DELAYS,
        lease: timedelta = LEASE,
        shares: Shares | None = None,
    ) -> None:
        self._database = database
        self._outbound = outbound
        self._retry_delays = retry_delays
        self._leases = Leases(database, lease=lease)
        self._look_every = min(
            LOOK_ANYWAY, self._leases.renew_every, *(delay.total_seconds() for delay in retry_delays)
        )
        self._woken = asyncio.Event()
        self._outcomes = DeliveryResults(database, self._leases, self._woken.set)
        self._paces = Paces()
        self._reading = asyncio.Semaphore(_READING_AT_ONCE)
        self._shares = shares or Shares()
        self._couriers: dict[int, Sender] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._renewed_at = 0.0
        self._cleaned_at = 0.0
        bus.subscribe(DeliveriesQueued, self._wake)

    async def run(self) -> None:
        """Deliver until cancelled. What is under way gets a few seconds more."""
        writing = asyncio.create_task(self._outcomes.run(), name="outcomes of web hooks")
        try:
            while True:
                self._woken.clear()
                try:
                    await self._renew()
                    await self._clean()
                    if await self._start():
                        continue
                except (SQLAlchemyError, OSError, Unavailable) as error:
                    log.error("web hooks cannot be read", reason=type(error).__name__)
                await asyncio.sleep(_SHORTEST_REST)
                await woken(self._woken, self._look_every)
        finally:
            await self._finish(writing)

    async def _wake(self, _: DeliveriesQueued) -> None:
        self._woken.set()
        for sender in self._couriers.values():
            sender.look()

    async def _start(self) -> bool:
        """Begin to deliver for hooks for which nobody does. Whether there were any."""
        taken = await self._leases.take()
        if taken:
            await self._outbound.load()
        for hook_id in taken:
            sender = Sender(
                hook_id,
                self._database,
                self._outbound,
                self._outcomes,
                self._paces.of(hook_id),
                self._retry_delays,
                self._reading,
                self._shares,
            )
            self._couriers[hook_id] = sender
            task = asyncio.create_task(self._attend(hook_id, sender), name=f"web hook {hook_id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return bool(taken)

    async def _attend(self, hook_id: int, sender: Sender) -> None:
        try:
            await sender.run()
        except Exception:
            log.exception("delivering for a web hook failed", hook=hook_id)
        finally:
            if self._couriers.get(hook_id) is sender:
                del self._couriers[hook_id]
            self._outcomes.give_back(hook_id)

    async def _renew(self) -> None:
        if time.monotonic() - self._renewed_at < self._leases.renew_every:
            return
        self._renewed_at = time.monotonic()
        if self._couriers:
            kept = await self._leases.renew()
            for hook_id in self._couriers.keys() - kept:
                self._couriers[hook_id].stop()

    async def _clean(self) -> None:
        if time.monotonic() - self._cleaned_at < _SECONDS_BETWEEN_CLEANINGS and self._cleaned_at:
            return
        self._cleaned_at = time.monotonic()
        self._paces.forget_old(self._couriers)
        await remove_old(self._database)

    async def _finish(self, writing: asyncio.Task[None]) -> None:
        for sender in self._couriers.values():
            sender.stop()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_SECONDS_TO_FINISH)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        try:
            await self._outcomes.finish()
            await self._leases.give_back_all()
        except (SQLAlchemyError, OSError, Unavailable) as error:
            log.error("web hooks cannot be written", reason=type(error).__name__)
        await self._outbound.close()
