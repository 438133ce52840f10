"""How quickly a receiver is sent to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection

MOST_AT_ONCE = 8
MOST_SENT = 250
_SLOW = 1.0
_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 1.0
_FORGOTTEN_AFTER = 3600.0


class Pace:
    """One at a time to a receiver of which nothing is known; one more with every quick answer, one less with
    every slow one. When one fails, the next waits: longer with every further failure, at most a second."""

    def __init__(self) -> None:
        self.at_once = 1
        self._failures = 0
        self._not_before = 0.0
        self._seconds = 0.0
        self._answered_at = time.monotonic()

    @property
    def is_slow(self) -> bool:
        """Whether the last attempt failed, or took long."""
        return self._failures > 0 or self._seconds >= _SLOW

    @property
    def is_old(self) -> bool:
        """Whether it says nothing of the receiver any more."""
        return time.monotonic() - self._answered_at > _FORGOTTEN_AFTER

    async def turn(self) -> None:
        """Wait until the receiver may be sent to."""
        pause = self._not_before - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)

    def answered(self, seconds: float, *, accepted: bool) -> None:
        """Take note of an attempt and of how long it took."""
        self._seconds, self._answered_at = seconds, time.monotonic()
        if not accepted:
            self._failures += 1
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self._failures - 1, 10))
            self._not_before = time.monotonic() + pause
            self.at_once = 1
            return
        self._failures = 0
        change = 1 if seconds < _SLOW else -1
        self.at_once = max(1, min(MOST_AT_ONCE, self.at_once + change))


class Paces:
    """Those of all hooks that a worker delivers for, or did lately."""

    def __init__(self) -> None:
        self._of: dict[int, Pace] = {}

    def __len__(self) -> int:
        return len(self._of)

    def of(self, hook_id: int) -> Pace:
        return self._of.setdefault(hook_id, Pace())

    def forget_old(self, delivering: Collection[int]) -> None:
        """But not those of the hooks that are delivered for now."""
        self._of = {one: pace for one, pace in self._of.items() if one in delivering or not pace.is_old}


class Shares:
    """What a worker sends at once, all hooks together: so much of it to receivers that are quick or not yet
    known, so much to those that failed last or took long. However many are dead, they take nothing from those
    that are not."""

    def __init__(self, quick: int = MOST_SENT, slow: int = MOST_SENT) -> None:
        self._quick = asyncio.Semaphore(quick)
        self._slow = asyncio.Semaphore(slow)

    def of(self, pace: Pace, attempts: int) -> asyncio.Semaphore:
        """The share that a delivery comes out of, which was tried so often before."""
        return self._slow if attempts or pace.is_slow else self._quick
