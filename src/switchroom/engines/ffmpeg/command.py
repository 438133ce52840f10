"""Running programs that take long and must be in nobody's way."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from switchroom.engines import program
from switchroom.engines.supervisor import LAUNCHER

_NICENESS = "19"
_MOST_OUTPUT = 4000


class ProgramFailed(Exception):
    """A program ended with an error, or did not end in time."""


class ProgramTimedOut(ProgramFailed):
    """A program did not end in time."""


class ProgramMissing(Exception):
    """A program is not installed."""


def missing(programs: Sequence[str]) -> list[str]:
    """Programs of these that are not installed."""
    return [program for program in programs if shutil.which(program) is None]


async def run(command: Sequence[str], *, limit: float, directory: Path) -> None:
    """Run a program at the lowest priority, in `directory`, and wait for its end, at most `limit` seconds.
    It ends with this process, and when the caller is cancelled.

    Raises ProgramFailed with what it said last, ProgramTimedOut, ProgramMissing.
    """
    if missing(command[:1]):
        raise ProgramMissing(f"{command[0]} is not installed")
    launched = (sys.executable, "-IS", str(LAUNCHER), str(os.getpid()), "-1", "nice", "-n", _NICENESS)
    process = await program.start(
        (*launched, *command), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, directory=directory
    )
    try:
        async with asyncio.timeout(limit):
            words = await program.output(process.stderr, _MOST_OUTPUT)
            status = await process.wait()
    except TimeoutError:
        raise ProgramTimedOut(f"{command[0]} did not end within {limit:g} s") from None
    finally:
        process.kill()
        await asyncio.shield(process.wait())
    if status != 0:
        said = " ".join(words.decode("utf-8", "replace").split())
        raise ProgramFailed(f"{command[0]} ended with status {status}: {said[-500:]}")
