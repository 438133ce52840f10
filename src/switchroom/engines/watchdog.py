"""The shell that waits beside a supervised program, to end what is left when its supervisor is killed."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from switchroom.engines import reaping
from switchroom.engines.program import Program, start

SCRIPT = Path(__file__).with_name("watchdog.sh")


class Watchdog:
    """The shell (`watchdog.sh`), and the pipe by which it knows that this process is there."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._pipe = -1
        self._process: Program | None = None

    @classmethod
    async def start(cls, mark: str) -> Watchdog:
        watchdog = cls(mark)
        await watchdog.pipe()
        return watchdog

    async def pipe(self) -> int:
        """The file into which the launcher writes which session it has begun. A watchdog that somebody has
        killed is replaced."""
        if self._process is None or self._process.returncode is not None:
            await self.stop()
            reading, self._pipe = os.pipe()
            try:
                self._process = await start(
                    ("/bin/sh", str(SCRIPT), sys.executable, "-IS", reaping.__file__, self._mark),
                    stdin=reading,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            finally:
                os.close(reading)
        return self._pipe

    def note_end(self) -> None:
        """Tell the watchdog that nothing of the program is left."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._pipe, b"\n")

    async def stop(self) -> None:
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1
        if self._process is not None:
            await self._process.wait()
            self._process = None
