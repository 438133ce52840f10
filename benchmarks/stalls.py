"""Turns of an event loop, and how long the longest of them takes: so long does everybody else wait."""

from __future__ import annotations

import asyncio
import time

from msgspec import Struct

_LOOK = 0.001
"""Seconds."""


class Longest(Struct, frozen=True):
    """The longest turn by the clock, and the longest by its thread's processor time, in seconds. By the clock
    one is also long when another program has the processor, or the disk is slow."""

    seconds: float
    processor_seconds: float


class Watch:
    """Watches the event loop that it is made in, until it ends."""

    def __init__(self) -> None:
        self._longest = Longest(0.0, 0.0)
        self._watching = asyncio.create_task(self._watch(), name="watch of turns")

    async def end(self) -> Longest:
        self._watching.cancel()
        await asyncio.gather(self._watching, return_exceptions=True)
        return self._longest

    async def _watch(self) -> None:
        while True:
            began, used = time.perf_counter(), time.thread_time()
            await asyncio.sleep(_LOOK)
            self._longest = Longest(
                max(self._longest.seconds, time.perf_counter() - began - _LOOK),
                max(self._longest.processor_seconds, time.thread_time() - used),
            )
