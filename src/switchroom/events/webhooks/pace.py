"""How quickly a receiver is sent to."""

from __future__ import annotations

import asyncio
import time

MOST_AT_ONCE = 8
_SLOW = 1.0
_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 1.0


class Pace:
    """One at a time to a receiver of which nothing is known; one more with every quick answer, one less with
    every slow one. When one fails, the next waits: longer with every further failure, at most a second."""

    def __init__(self) -> None:
        self.at_once = 1
        self._failures = 0
        self._not_before = 0.0

    async def turn(self) -> None:
        """Wait until the receiver may be sent to."""
        pause = self._not_before - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)

    def answered(self, seconds: float, *, accepted: bool) -> None:
        """Take note of an attempt and of how long it took."""
        if not accepted:
            self._failures += 1
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self._failures - 1, 10))
            self._not_before = time.monotonic() + pause
            self.at_once = 1
            return
        self._failures = 0
        change = 1 if seconds < _SLOW else -1
        self.at_once = max(1, min(MOST_AT_ONCE, self.at_once + change))
