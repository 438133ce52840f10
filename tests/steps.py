"""Steps of event loops, and how long one may take."""

from __future__ import annotations

import gc
import json
import threading
import time
from asyncio import events
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest

TRIES = 3
"""Times that something may take too long by chance, such as for a module that is loaded at its first use."""


class Steps:
    """The longest step of the event loop, in seconds of its thread's processor time.

    Collections of garbage do not count: when one comes, and what it goes through, is up to all that the
    process holds, of other tests too.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.longest = 0.0
        self._enough = allowed()
        run: Callable[[events.Handle], None] = vars(events.Handle)["_run"]
        if _note_collection not in gc.callbacks:
            gc.callbacks.append(_note_collection)

        def timed(handle: events.Handle) -> None:
            began, collected = time.thread_time(), _collections.seconds
            run(handle)
            took = time.thread_time() - began - (_collections.seconds - collected)
            self.longest = max(self.longest, took)

        monkeypatch.setattr(events.Handle, "_run", timed)

    def least(self, do: Callable[[], None]) -> float:
        """The longest step while something is done, at the best of some times, in shares of what one may
        take: one that is short enough needs no other."""
        shares: list[float] = []
        while len(shares) < TRIES and min(shares, default=2.0) > 1:
            self.longest = 0.0
            do()
            shares.append(self.share())
        return min(shares)

    def share(self) -> float:
        """The longest step so far, in shares of what one may take."""
        longest = self.longest
        return longest / (self._enough if longest <= self._enough else max(self._enough, allowed()))


class _Collections(threading.local):
    """Seconds of processor time that collections of garbage took in this thread."""

    seconds = 0.0
    began = 0.0


_collections = _Collections()


def _note_collection(phase: str, _info: dict[str, Any]) -> None:
    if phase == "start":
        _collections.began = time.thread_time()
    else:
        _collections.seconds += time.thread_time() - _collections.began


@contextmanager
def uncollected() -> Generator[None]:
    """Without the garbage collector while the block runs: it would look at what all tests have made."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def allowed() -> float:
    """What a step may take: 50 ms where the yardstick takes 25, which is as slow as the machine is now."""
    times: list[float] = []
    for _ in range(5):
        began = time.thread_time()
        json.dumps(list(range(200_000)))
        times.append(time.thread_time() - began)
    return 2 * sorted(times)[2]
