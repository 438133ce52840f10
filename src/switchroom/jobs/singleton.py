"""Work that one worker does at a time, in any number of processes over one database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.bus import Bus
from switchroom.db.database import Database, notify
from switchroom.jobs.lease import LEASE, LeaseLost
from switchroom.jobs.named_lease import NamedLeases
from switchroom.jobs.notices import LeaseGivenUp
from switchroom.jobs.retry import DATABASE_AWAY
from switchroom.tasks import set_within

LOOK_EVERY = 1.0
"""Seconds between two looks of a worker that waits for the lease."""

log = structlog.stdlib.get_logger(__name__)


class HeldLease:
    """The lease, in the hands of the work that is done under it."""

    def __init__(self, leases: NamedLeases) -> None:
        self._leases = leases

    async def hold(self, session: AsyncSession) -> None:
        """Keep it until the end of the session's transaction: nobody else begins before that is committed.

        Every transaction of the work begins with this. Raises LeaseLost when somebody else has begun.
        """
        await self._leases.hold(session, self._leases.name)


class Singleton:
    """Work with a name, done by one of all workers that are ready to: the others wait, and the first to see
    that the lease is free goes on with it. That is at once when it is given up, and after the time of a lease
    when its worker was killed."""

    def __init__(self, database: Database, bus: Bus, name: str, *, lease: timedelta = LEASE) -> None:
        """The `name` is kept in the database, and has at most 64 characters."""
        self._name = name
        self._leases = NamedLeases(database, name, lease=lease)
        self._look_every = min(LOOK_EVERY, self._leases.renew_every)
        self._free = asyncio.Event()
        bus.subscribe(LeaseGivenUp, self._wake)

    async def run(self, work: Callable[[HeldLease], Awaitable[None]]) -> None:
        """Do the work whenever it falls to this worker, until cancelled; it ends then as well, or when the
        lease is lost, by being cancelled. When it ends by itself or fails, the lease is given up first."""
        while True:
            self._free.clear()
            if await self._takes_over() and await self._do(work):
                return
            if not await set_within(self._free, self._look_every):
                await self._leases.bound()

    async def _takes_over(self) -> bool:
        """Whether the lease was free and is this worker's now."""
        try:
            return not await self._leases.free_in() and await self._take()
        except DATABASE_AWAY as error:
            log.warning("lease cannot be read", lease=self._name, reason=type(error).__name__)
            return False

    async def _take(self) -> bool:
        try:
            return await self._leases.take_it()
        except asyncio.CancelledError:
            # Perhaps it was taken before that was known here.
            await self._give_up()
            raise

    async def _do(self, work: Callable[[HeldLease], Awaitable[None]]) -> bool:
        """Do the work while the lease is renewed. False when it was lost."""
        log.debug("lease taken", lease=self._name)
        task = asyncio.ensure_future(work(HeldLease(self._leases)))
        try:
            while not (await asyncio.wait({task}, timeout=self._until_renewal()))[0]:
                if await self._is_lost():
                    raise LeaseLost(self._name)
            task.result()
        except LeaseLost:
            log.warning("lease lost", lease=self._name)
            return False
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._give_up()
        return True

    def _until_renewal(self) -> float:
        return min(self._leases.renew_every, self._leases.remaining)

    async def _is_lost(self) -> bool:
        if self._leases.overdue():
            return True
        try:
            async with asyncio.timeout(self._leases.remaining):
                return bool(await self._leases.renew())
        except DATABASE_AWAY as error:
            log.warning("lease not renewed", lease=self._name, reason=type(error).__name__)
            return False

    async def _give_up(self) -> None:
        try:
            async with self._leases.database.write(None) as session:
                await self._leases.release(session, [self._name])
                notify(session, LeaseGivenUp(self._name))
        except DATABASE_AWAY as error:
            log.warning("lease not given up, it runs out", lease=self._name, reason=type(error).__name__)
        self._leases.forget([self._name])

    async def _wake(self, notice: LeaseGivenUp) -> None:
        if notice.name == self._name:
            self._free.set()
