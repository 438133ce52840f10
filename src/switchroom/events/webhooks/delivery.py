"""Delivery worker of web hooks: sends what is queued to the receivers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog
from msgspec import Struct

from switchroom.bus import Bus
from switchroom.db.database import Database
from switchroom.events.webhooks.balance import ASK_EVERY, Balance, HooksGivenUp
from switchroom.events.webhooks.concurrency import ConcurrencyLimits, Shares
from switchroom.events.webhooks.leases import HookLeases
from switchroom.events.webhooks.notices import DeliveriesQueued
from switchroom.events.webhooks.outbound import Outbound
from switchroom.events.webhooks.results import DeliveryResults
from switchroom.events.webhooks.retention import remove_old
from switchroom.events.webhooks.schedule import RETRY_DELAYS
from switchroom.events.webhooks.sender import Sender
from switchroom.jobs.lease import LEASE
from switchroom.jobs.periodic import Periodic
from switchroom.jobs.retry import DATABASE_AWAY, Schedule
from switchroom.jobs.runner import Runner, Work
from switchroom.tasks import Tasks

ANSWER_LIMIT = 10.0
"""Seconds that a receiver may take."""

_LOOK_EVERY = 1.0
_CLEANED_EVERY = timedelta(hours=1)
_FORGOTTEN_EVERY = 3600.0
_READING_AT_ONCE = 2
log = structlog.get_logger()


class HookJob(Struct, frozen=True):
    """Job of delivering for a hook until nothing waits for it, or another worker with less to do takes over.
    The key is the hook's id."""

    key: int


class HookDelivery(Work[HookJob]):
    """Delivery worker of all hooks, in any number of processes over one database.

    Each process leases the hooks that it delivers for, a job each. What it has in hand of a hook is little,
    and what came of it is written down a moment later: killed, it has sent that much without having said so,
    and who takes up the hook when the lease has run out sends it again.
    """

    kind = "web hooks"
    at_once = 100_000
    """Hooks at once, in effect all: reading and sending at once are bounded, however many hooks there are."""

    claims_at_once = 4
    """Hooks claimed at once: few, so that other processes, which see the same work at the same moment, get
    their share at once."""

    finish_limit = 3.0

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
        self._retries = Schedule(retry_delays)
        self.leases = self._leases = HookLeases(database, lease=lease)
        self.look_every = min(
            _LOOK_EVERY, self._leases.renew_every, *(delay.total_seconds() for delay in retry_delays)
        )
        self._results = DeliveryResults(database, self._leases)
        self._limits = ConcurrencyLimits()
        self._reading = asyncio.Semaphore(_READING_AT_ONCE)
        self._shares = shares or Shares()
        self._senders: dict[int, Sender] = {}
        self._runner = Runner(self)
        self._balance = Balance(self._leases, bus, self._keep)
        self._asked = False
        self._writing = Tasks()
        bus.subscribe(DeliveriesQueued, self._wake)
        bus.subscribe(HooksGivenUp, self._look)

    async def run(self) -> None:
        """Deliver until cancelled. What is under way gets a few seconds more."""
        cleaning = Periodic(self._database, "old deliveries", _CLEANED_EVERY, self._clean)
        beside = Tasks()
        beside.keep(cleaning.run, "old deliveries")
        beside.keep(self._forget_old_limits, "limits of receivers of long ago")
        self._writing.keep(self._results.run, "results of web hooks")
        try:
            await self._runner.run()
        finally:
            await beside.close()
            await self._write_rest()
            await self._outbound.close()

    async def claim(self, limit: int) -> Sequence[HookJob]:
        taken = await self._leases.take_some(self._balance.free(limit))
        self._asked = not taken and await self._balance.ask()
        return [HookJob(hook_id) for hook_id in taken]

    async def due_in(self) -> timedelta | None:
        return timedelta(seconds=ASK_EVERY) if self._asked else None

    async def count_waiting(self) -> int:
        return await self._leases.count_waiting()

    async def do(self, job: HookJob) -> None:
        """Deliver what waits for one hook."""
        sender = Sender(
            job.key,
            self._database,
            self._outbound,
            self._results,
            self._limits.of(job.key),
            self._retries,
            self._reading,
            self._shares,
        )
        self._senders[job.key] = sender
        try:
            await self._outbound.load()
            await sender.run()
        finally:
            del self._senders[job.key]
        await self._results.give_up(job.key)
        if sender.is_stopping:  # others need not find out by themselves
            await self._balance.given_up()

    def stop(self, job: HookJob, task: asyncio.Task[None]) -> None:
        """Let the deliveries under way end instead of cancelling them: their results are noted by delivery,
        whichever worker made it."""
        self.finish(job)

    def finish(self, job: HookJob) -> None:
        if job.key in self._senders:
            self._senders[job.key].stop()

    async def give_up(self, jobs: Sequence[HookJob]) -> None:
        await self._write_rest()
        await super().give_up(jobs)

    def _keep(self, hooks: int) -> None:
        """Give up all but so many hooks, those last that were taken first."""
        kept = [sender for sender in self._senders.values() if not sender.is_stopping]
        for sender in kept[hooks:]:
            sender.stop()

    async def _look(self, _: HooksGivenUp) -> None:
        self._runner.wake()

    async def _wake(self, _: DeliveriesQueued) -> None:
        self._runner.wake()
        for sender in self._senders.values():
            sender.wake()

    async def _clean(self) -> None:
        await remove_old(self._database)

    async def _forget_old_limits(self) -> None:
        while True:
            await asyncio.sleep(_FORGOTTEN_EVERY)
            self._limits.forget_old(self._senders)

    async def _write_rest(self) -> None:
        """Write the results that are not written yet."""
        await self._writing.close()
        try:
            await self._results.finish()
        except DATABASE_AWAY as error:
            log.error("web hooks cannot be written", reason=type(error).__name__)
