"""Limits on what is sent at once: to one receiver by how it answers, and to all together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection

MOST_AT_ONCE = 8
MOST_SENT = 250
_SLOW = 1.0
_SHORTEST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
_BETWEEN_FAILURES = 0.02
_FORGOTTEN_AFTER = 3600.0


class FailureRate:
    """Rate limit on attempts at receivers that fail, all of them together: fifty a second, so that many which
    refuse at once do not keep a worker busy. Each still gets one a second."""

    def __init__(self) -> None:
        self._next = 0.0

    def reserve(self) -> float:
        """Seconds until the next attempt that is free, which is taken; at most a second."""
        moment = time.monotonic()
        reserved = min(max(moment, self._next), moment + _LONGEST_PAUSE)
        self._next = reserved + _BETWEEN_FAILURES
        return reserved - moment


class ConcurrencyLimit:
    """Requests that one receiver may have at once: one while nothing is known of it, one more with every
    quick answer, one less with every slow one. When one fails, the next waits for as long as the answer took,
    0.05 to 1 s: who refuses at once costs little, and is asked again soon."""

    def __init__(self, failures: FailureRate) -> None:
        """`failures` is shared with the other receivers that fail."""
        self.at_once = 1
        self.pause = 0.0
        """Seconds after the last attempt, if that failed; else 0."""
        self._failures = failures
        self._not_before = 0.0
        self._seconds = 0.0
        self._answered_at = time.monotonic()

    @property
    def is_slow(self) -> bool:
        """Whether the last attempt failed, or took long."""
        return self.pause > 0 or self._seconds >= _SLOW

    @property
    def is_old(self) -> bool:
        """Whether it says nothing of the receiver any more."""
        return time.monotonic() - self._answered_at > _FORGOTTEN_AFTER

    async def paused(self) -> None:
        """Wait until the pause after a failure is over."""
        pause = self._not_before - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)

    def answered(self, seconds: float, *, accepted: bool) -> None:
        """Take note of an attempt and of how long it took."""
        self._seconds, self._answered_at = seconds, time.monotonic()
        if not accepted:
            own = min(max(seconds, _SHORTEST_PAUSE), _LONGEST_PAUSE)
            self.pause = max(own, self._failures.reserve())
            self._not_before = self._answered_at + self.pause
            self.at_once = 1
            return
        self.pause = 0.0
        change = 1 if seconds < _SLOW else -1
        self.at_once = max(1, min(MOST_AT_ONCE, self.at_once + change))


class ConcurrencyLimits:
    """Limits of the receivers that a worker sends to, or did lately, by their hooks."""

    def __init__(self) -> None:
        self._of: dict[int, ConcurrencyLimit] = {}
        self._failures = FailureRate()

    def __len__(self) -> int:
        return len(self._of)

    def of(self, hook_id: int) -> ConcurrencyLimit:
        return self._of.setdefault(hook_id, ConcurrencyLimit(self._failures))

    def forget_old(self, delivering: Collection[int]) -> None:
        """But not those of the hooks that are delivered for now."""
        self._of = {one: limit for one, limit in self._of.items() if one in delivering or not limit.is_old}


class Shares:
    """Shares of the requests that a worker has under way, all hooks together: so many to receivers that are
    quick or not yet known, so many to those that failed last or took long. However many are dead, they take
    nothing from those that are not."""

    def __init__(self, quick: int = MOST_SENT, slow: int = MOST_SENT) -> None:
        self._quick = asyncio.Semaphore(quick)
        self._slow = asyncio.Semaphore(slow)

    def of(self, concurrency: ConcurrencyLimit, attempts: int) -> asyncio.Semaphore:
        """The share that a delivery comes out of, which was tried so often before."""
        return self._slow if attempts or concurrency.is_slow else self._quick
