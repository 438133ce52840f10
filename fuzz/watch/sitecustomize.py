"""Watch over the event loop of every Python process that finds this directory in PYTHONPATH.

Python imports a module of this name when it starts. Each stall is a line of JSON in a file of the process in
the directory STALLS: its seconds, when it ended by the clock that all processes have, and the stack of the
loop's thread when it was noticed. What the thread waited for a processor meanwhile is not counted: that is
the machine's doing.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any

BEAT = 0.01
"""Seconds between two signs of life of the loop."""

WORTH_NOTING = 0.025
"""Seconds of a stall."""

_DEEPEST = 12

_run = asyncio.Runner.run


class Watch:
    """Watch over the loop of the thread that makes it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, directory: Path) -> None:
        self._loop = loop
        self._thread = threading.get_ident()
        self._schedule = os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat", os.O_RDONLY)
        self._file = (directory / str(os.getpid())).open("a", buffering=1)
        self._stack: list[str] = []
        self._last, self._waited = time.monotonic(), self._waited_for_processor()
        self._collecting_since, self._collected = 0.0, 0.0
        gc.callbacks.append(self._collect)
        self._beat()
        threading.Thread(target=self._look, daemon=True, name="watch over the loop").start()

    def _beat(self) -> None:
        moment, waited = time.monotonic(), self._waited_for_processor()
        seconds = moment - self._last - BEAT - (waited - self._waited)
        self._last, self._waited = moment, waited
        stack, self._stack = self._stack, []
        collected, self._collected = self._collected, 0.0
        if seconds >= WORTH_NOTING:
            if collected >= WORTH_NOTING:
                stack = [*stack, f"of these {collected:.3f} s for collecting garbage"]
            self._file.write(json.dumps({"seconds": seconds, "ended_at": moment, "stack": stack}) + "\n")
        self._loop.call_later(BEAT, self._beat)

    def _collect(self, phase: str, _: Mapping[str, int]) -> None:
        """Whoever allocates collects: the stack does not tell."""
        if threading.get_ident() != self._thread:
            return
        if phase == "start":
            self._collecting_since = time.monotonic()
        else:
            self._collected += time.monotonic() - self._collecting_since

    def _look(self) -> None:
        while True:
            time.sleep(BEAT)
            if time.monotonic() - self._last > WORTH_NOTING + BEAT and not self._stack:
                frames = sys._current_frames()  # pyright: ignore[reportPrivateUsage] - documented all the same
                walked = traceback.walk_stack(frames.get(self._thread))
                # Without the lines, which are kept for good, and are not this process' own memory.
                stack = traceback.StackSummary.extract(walked, limit=_DEEPEST, lookup_lines=False)[::-1]
                self._stack = [f"{one.filename}:{one.lineno} {one.name}" for one in stack]

    def _waited_for_processor(self) -> float:
        return int(os.pread(self._schedule, 64, 0).split()[1]) / 1e9


async def _watched(work: Coroutine[Any, Any, Any]) -> Any:
    Watch(asyncio.get_running_loop(), Path(os.environ["STALLS"]))
    return await work


def _run_watched(self: asyncio.Runner, coro: Coroutine[Any, Any, Any], **options: Any) -> Any:
    return _run(self, _watched(coro), **options)


if "STALLS" in os.environ:
    setattr(asyncio.Runner, "run", _run_watched)  # noqa: B010 - another signature to the type checker
