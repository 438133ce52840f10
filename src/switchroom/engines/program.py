"""A program that this process has started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO


class Program:
    """A program that runs, or has ended."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Raises OSError where this process has no descriptor left to follow it by."""
        self._process = process
        self._ended = asyncio.Event()
        self._descriptor = os.pidfd_open(process.pid)
        asyncio.get_running_loop().add_reader(self._descriptor, self._note_end)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Its status, or minus the signal that has ended it; None as long as it runs."""
        return self._process.returncode

    @property
    def stdout(self) -> IO[bytes] | None:
        return self._process.stdout

    @property
    def stderr(self) -> IO[bytes] | None:
        return self._process.stderr

    async def wait(self) -> int:
        """Its status, once it has ended."""
        await self._ended.wait()
        assert self._process.returncode is not None
        return self._process.returncode

    def send_signal(self, number: int) -> None:
        """Nothing where it has ended."""
        self._process.send_signal(number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _note_end(self) -> None:
        if self._process.poll() is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._ended.set()


async def start(
    command: Sequence[str],
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int | None = None,
    stderr: int | None = None,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
    files: Sequence[int] = (),
) -> Program:
    """Start a program, in a session of its own. Of this process' files it has `files`, and the standard ones.
    One whose start nobody waits for any more is killed. Raises OSError; no program runs then.

    It is started in a thread and without a copy of this process, which the event loop would wait for: of some
    hundred MiB it takes a tenth of a second, and more on a busy machine. It outlives
    the thread: those of the loop's default executor live until the loop ends, so that a program for which the
    kernel watches the thread that has started it (`launch.py`) is not killed before that.
    """

    def launch() -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - the caller's own program
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            cwd=directory,
            env=environment,
            pass_fds=files,
        )

    starting = asyncio.create_task(asyncio.to_thread(launch))
    try:
        await asyncio.wait({starting})
    except asyncio.CancelledError:
        with contextlib.suppress(OSError):
            await _end(await starting)
        raise
    process = starting.result()
    try:
        return Program(process)
    except BaseException:
        await _end(process)
        raise


async def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    await asyncio.to_thread(process.communicate)


async def output(stream: IO[bytes] | None, most: int) -> bytes:
    """The end, of at most so many bytes, of what a program writes into a pipe, once it has closed it."""
    assert stream is not None
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), stream
    )
    try:
        said = b""
        while part := await reader.read(65536):
            said = (said + part)[-most:]
        return said
    finally:
        transport.close()
