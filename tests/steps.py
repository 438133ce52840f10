"""Steps of event loops, and how long one may take."""

from __future__ import annotations

import json
import time
from asyncio import events
from collections.abc import Callable

import pytest


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


def allowed() -> float:
    """What a step may take: 50 ms where the yardstick takes 25, which is as slow as the machine is now."""
    times: list[float] = []
    for _ in range(5):
        began = time.thread_time()
        json.dumps(list(range(200_000)))
        times.append(time.thread_time() - began)
    return 2 * sorted(times)[2]
