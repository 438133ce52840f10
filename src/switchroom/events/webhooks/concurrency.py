"""How quickly a receiver is sent to."""

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


class Turns:
    """Turns of all receivers that fail together: fifty a second, so that many of them which refuse at once do
    not keep a worker busy. Each still gets one a second."""

    def __init__(self) -> None:
        self._next = 0.0

    def pause(self) -> float:
        """Seconds until the next free turn, which is taken; at most a second."""
        moment = time.monotonic()
        turn = min(max(moment, self._next), moment + _LONGEST_PAUSE)
        self._next = turn + _BETWEEN_FAILURES
        return turn - moment


class Concurrency:
    """One at a time to a receiver of which nothing is known; one more with every quick answer, one less with
    every slow one. When one fails, the next waits for as long as the answer took, 0.05 to 1 s: who refuses at
    once costs little, and is asked again soon."""

    def __init__(self, turns: Turns) -> None:
        """`turns` are shared with the other receivers that fail."""
        self.at_once = 1
        self.pause = 0.0
        """Seconds after the last attempt, if that failed; else 0."""
        self._turns = turns
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

    async def turn(self) -> None:
        """Wait until the receiver may be sent to."""
        pause = self._not_before - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)

    def answered(self, seconds: float, *, accepted: bool) -> None:
        """Take note of an attempt and of how long it took."""
        self._seconds, self._answered_at = seconds, time.monotonic()
        if not accepted:
            own = min(max(seconds, _SHORTEST_PAUSE), _LONGEST_PAUSE)
            self.pause = max(own, self._turns.pause())
            self._not_before = self._answered_at + self.pause
            self.at_once = 1
            return
        self.pause = 0.0
        change = 1 if seconds < _SLOW else -1
        self.at_once = max(1, min(MOST_AT_ONCE, self.at_once + change))


class Paces:
    """Those of all hooks that a worker delivers for, or did lately."""

    def __init__(self) -> None:
        self._of: dict[int, Concurrency] = {}
        self._turns = Turns()

    def __len__(self) -> int:
        return len(self._of)

    def of(self, hook_id: int) -> Concurrency:
        return self._of.setdefault(hook_id, Concurrency(self._turns))

    def forget_old(self, delivering: Collection[int]) -> None:
        """But not those of the hooks that are delivered for now."""
        self._of = {
            one: concurrency
            for one, concurrency in self._of.items()
            if one in delivering or not concurrency.is_old
        }


class Shares:
    """What a worker sends at once, all hooks together: so much of it to receivers that are quick or not yet
    known, so much to those that failed last or took long. However many are dead, they take nothing from those
    that are not."""

    def __init__(self, quick: int = MOST_SENT, slow: int = MOST_SENT) -> None:
        self._quick = asyncio.Semaphore(quick)
        self._slow = asyncio.Semaphore(slow)

    def of(self, concurrency: Concurrency, attempts: int) -> asyncio.Semaphore:
        """The share that a delivery comes out of, which was tried so often before."""
        return self._slow if attempts or concurrency.is_slow else self._quick
