"""Trying again: when, and how often."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from random import SystemRandom

import structlog
from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from switchroom.errors import Unavailable

DATABASE_AWAY = (SQLAlchemyError, OSError, Unavailable)
"""Exceptions that a transaction raises when the database is not there, or not as it should be."""

_RANDOM = SystemRandom()

log = structlog.stdlib.get_logger(__name__)


class Schedule(Struct, frozen=True):
    """Delays between the attempts of a job; after one more attempt than these it is given up.

    Each delay is longer or shorter by up to `jitter` of it, at random, so that what failed together does not
    come again together.
    """

    delays: Sequence[timedelta]
    jitter: float = 0.0

    def after(self, attempt: int, retries: int | None = None) -> timedelta | None:
        """The delay when the attempt of this number has failed, counted from 1. None when it was the last:
        there are at most `retries` after the first."""
        most = len(self.delays) if retries is None else min(retries, len(self.delays))
        return _spread(self.delays[attempt - 1], self.jitter) if attempt <= most else None


def exponential(
    first: timedelta, longest: timedelta, retries: int, *, factor: float = 2.0, jitter: float = 0.1
) -> Schedule:
    """The schedule in which each delay is `factor` times the one before, up to the `longest`."""
    # The power of what is long beyond the longest may be no number any more.
    growth = [min(factor**number, longest / first) for number in range(min(retries, 64))]
    growth += [longest / first] * (retries - len(growth))
    return Schedule(tuple(first * one for one in growth), jitter)


class Backoff:
    """Delays of attempts that have no end: each twice the one before, with jitter, until one succeeds."""

    def __init__(
        self,
        first: timedelta = timedelta(seconds=0.1),
        longest: timedelta = timedelta(seconds=5),
        *,
        jitter: float = 0.2,
    ) -> None:
        self._first = first
        self._longest = longest
        self._jitter = jitter
        self._next = first

    async def rest(self) -> None:
        """Wait, after a failure."""
        delay = _spread(self._next, self._jitter)
        self._next = min(2 * self._next, self._longest)
        await asyncio.sleep(delay.total_seconds())

    def reset(self) -> None:
        """An attempt has succeeded."""
        self._next = self._first


async def written(write: Callable[[], Awaitable[object]], what: str, limit: timedelta) -> None:
    """Write what came of a job, again and again while the database does not take it; `what` it is, for the
    log. Raises what the last attempt did when the `limit` is over, which is the time of the job's lease."""
    backoff, loop = Backoff(), asyncio.get_running_loop()
    deadline = loop.time() + limit.total_seconds()
    while True:
        try:
            await write()
            return
        except DATABASE_AWAY as error:
            log.error(f"{what} not written yet", reason=type(error).__name__)
            if loop.time() >= deadline:
                raise
            await backoff.rest()


def _spread(delay: timedelta, jitter: float) -> timedelta:
    return delay * _RANDOM.uniform(1 - jitter, 1 + jitter) if jitter else delay
