"""Running programs that take long and must be in nobody's way."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from switchroom.engines.supervisor import LAUNCHER

_NICENESS = "19"
_MOST_OUTPUT = 4000


class ProgramFailed(Exception):
    """A program ended with an error, or did not end in time."""


class ProgramMissing(Exception):
    """A program is not installed."""


def missing(programs: Sequence[str]) -> list[str]:
    """Those that are not installed."""
    return [program for program in programs if shutil.which(program) is None]


async def run(command: Sequence[str], *, limit: float, directory: Path) -> None:
    """Run a program at the lowest priority, in `directory`, and wait for its end, at most `limit` seconds.
    It ends with this process, and when the caller is cancelled.

    Raises ProgramFailed with what it said last, ProgramMissing.
    """
    if missing(command[:1]):
        raise ProgramMissing(f"{command[0]} is not installed")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-IS",
        str(LAUNCHER),
        str(os.getpid()),
        "-1",
        "nice",
        "-n",
        _NICENESS,
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        cwd=directory,
    )
    try:
        async with asyncio.timeout(limit):
            said = await _last_words(process)
            status = await process.wait()
    except TimeoutError:
        raise ProgramFailed(f"{command[0]} did not end within {limit:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if status != 0:
        raise ProgramFailed(f"{command[0]} ended with status {status}: {said[-500:]}")


async def _last_words(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    said = b""
    while part := await process.stderr.read(65536):
        said = (said + part)[-_MOST_OUTPUT:]
    return " ".join(said.decode("utf-8", "replace").split())
