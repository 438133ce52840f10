"""Work that is done from time to time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import SystemRandom

import structlog

from switchroom.db.database import Database
from switchroom.jobs.metrics import FAILED
from switchroom.jobs.named_lease import NamedLeases
from switchroom.jobs.retry import DATABASE_AWAY, Backoff

LONGEST_REST = timedelta(minutes=1)
"""Between two looks for whether the time has come."""

AFTER_FAILURE = timedelta(minutes=1)
_SPREAD = 0.1
_RANDOM = SystemRandom()

log = structlog.stdlib.get_logger(__name__)


class Periodic:
    """Work that one of all workers does once in a while, the first time when there is a worker.

    Whoever takes the lease of its name does it, and does not give the lease up: it is over when the work is
    to be done again. What is left of it when its worker is killed waits until then.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        every: timedelta,
        work: Callable[[], Awaitable[None]],
        *,
        after_failure: timedelta = AFTER_FAILURE,
    ) -> None:
        """`every` is longer than the work takes. The `name` has at most 64 characters."""
        self._every = every
        self._after_failure = min(after_failure, every)
        self._work = work
        self._leases = NamedLeases(database, name, lease=every)

    async def run(self) -> None:
        """Do it whenever it is due and falls to this worker, until cancelled. What it raises is logged, and
        it is due again soon."""
        outage = Backoff()
        while True:
            try:
                free_in = await self._leases.free_in()
                if not free_in and await self._leases.take_it():
                    await self._do()
                    continue
                outage.reset()
            except DATABASE_AWAY as error:
                log.error("periodic work not done", kind=self._leases.name, reason=type(error).__name__)
                await outage.rest()
                continue
            # Not all workers at the same moment.
            rest = min(free_in, LONGEST_REST) * _RANDOM.uniform(1, 1 + _SPREAD)
            await asyncio.sleep(max(rest.total_seconds(), 0.01))

    async def _do(self) -> None:
        try:
            await self._work()
        except Exception as error:
            FAILED.labels(self._leases.name).inc()
            if isinstance(error, DATABASE_AWAY):
                log.error("periodic work failed", kind=self._leases.name, reason=type(error).__name__)
            else:
                log.exception("periodic work failed", kind=self._leases.name)
            await self._leases.end_in(self._after_failure)
