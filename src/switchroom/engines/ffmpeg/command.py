"""Running programs that take long and must be in nobody's way."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
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
    process = await _start(
        [sys.executable, "-IS", str(LAUNCHER), str(os.getpid()), "-1", "nice", "-n", _NICENESS, *command],
        directory,
    )
    try:
        async with asyncio.timeout(limit):
            said = await _last_words(process)
            status = await _status(process)
    except TimeoutError:
        raise ProgramFailed(f"{command[0]} did not end within {limit:g} s") from None
    finally:
        if process.poll() is None:
            process.kill()
            await asyncio.shield(asyncio.to_thread(process.wait))
    if status != 0:
        raise ProgramFailed(f"{command[0]} ended with status {status}: {said[-500:]}")


async def _start(command: Sequence[str], directory: Path) -> subprocess.Popen[bytes]:
    """Start a program in a thread and without a copy of this process, which the event loop would wait for: of
    some hundred MiB it takes a tenth of a second, and more on a busy machine."""

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - the caller's own program
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            cwd=directory,
        )

    starting = asyncio.ensure_future(asyncio.to_thread(start))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        process = await starting
        process.kill()
        await asyncio.to_thread(process.communicate)
        raise


async def _last_words(process: subprocess.Popen[bytes]) -> str:
    """The end of what it writes as its errors, as text, once it has closed them."""
    assert process.stderr is not None
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), process.stderr
    )
    try:
        said = b""
        while part := await reader.read(65536):
            said = (said + part)[-_MOST_OUTPUT:]
    finally:
        transport.close()
    return " ".join(said.decode("utf-8", "replace").split())


async def _status(process: subprocess.Popen[bytes]) -> int:
    """Its status once it has ended, which its descriptor tells (pidfd_open(2))."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    descriptor = os.pidfd_open(process.pid)
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    return process.wait()
