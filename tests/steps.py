"""Steps of event loops, and how long one may take."""

from __future__ import annotations

import json
import time
from asyncio import events
from collections.abc import Callable

import pytest

TRIES = 3
"""Times that something may take too long by chance, such as for a collection of garbage."""

_SHORT = 0.005
"""Seconds that any machine allows: none makes a text of 200,000 numbers in half of it."""


class Steps:
    """The longest step of the event loop, in seconds of its thread's processor time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.longest = 0.0
        run: Callable[[events.Handle], None] = vars(events.Handle)["_run"]

        def timed(handle: events.Handle) -> None:
            began = time.thread_time()
            run(handle)
            self.longest = max(self.longest, time.thread_time() - began)

        monkeypatch.setattr(events.Handle, "_run", timed)

    def share(self) -> float:
        """The longest step in shares of what one may take now."""
        return self.longest / allowed() if self.longest > _SHORT else 0.0

    def least_share(self, do: Callable[[], None]) -> float:
        """The share of the first of some times in which no step takes too long, or of the best of them."""
        best = float("inf")
        for _ in range(TRIES):
            self.longest = 0.0
            do()
            best = min(best, self.share())
            if best <= 1:
                break
        return best


def allowed() -> float:
    """What a step may take: 50 ms where the yardstick takes 25, which is as slow as the machine is now."""
    times: list[float] = []
    for _ in range(5):
        began = time.thread_time()
        json.dumps(list(range(200_000)))
        times.append(time.thread_time() - began)
    return 2 * sorted(times)[2]
