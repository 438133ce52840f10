"""Output of a supervised program (standard output and error): logged, its last lines kept."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import time
from collections import deque

import structlog

from switchroom import sanitize

log = structlog.stdlib.get_logger(__name__)

LINES_KEPT = 50
LONGEST_LINE = 2000
"""Bytes; what a line has beyond them is left out."""

LINES_A_SECOND = 200
"""Lines that go into the log in one second; of more their number is logged."""

PIPE_SIZE = 1 << 20
"""Bytes that a program can write while this process has no turn: as many as Linux gives who is not root."""

_PART = 1 << 16
_PARTS_A_TURN = 4


class ProgramOutput:
    """The output of one run of a program.

    It is read as fast as the program writes, whatever becomes of it: the program never waits for the log, and
    what is kept here has a bound.
    """

    def __init__(self, engine: str) -> None:
        """Raises OSError when there are no more files to be had."""
        self._log = _LineLog(engine)
        self._streams: list[_Stream] = []
        self._ends: list[int] = []
        try:
            for name in ("stdout", "stderr"):
                reading, writing = os.pipe()
                self._ends.append(writing)
                self._streams.append(_Stream(name, reading, self._log))
        except OSError:
            self.close()
            raise

    @property
    def stdout(self) -> int:
        """The file for the program to write to."""
        return self._ends[0]

    @property
    def stderr(self) -> int:
        return self._ends[1]

    def begin(self) -> None:
        """Read from now on. The program has been started, and these files are its own."""
        for end in self._ends:
            os.close(end)
        self._ends.clear()
        for stream in self._streams:
            stream.begin()

    def close(self) -> tuple[str, ...]:
        """Read what is left, and no further. Returns the last lines of both streams."""
        for end in self._ends:
            os.close(end)
        self._ends.clear()
        for stream in self._streams:
            stream.close()
        self._log.finish()
        return tuple(self._log.last)


class _LineLog:
    """The last lines; those that the log has room for are logged."""

    def __init__(self, engine: str) -> None:
        self.last: deque[str] = deque(maxlen=LINES_KEPT)
        self._engine = engine
        self._second = 0
        self._logged = 0
        self._left_out = 0

    def add(self, stream: str, lines: list[bytes]) -> None:
        second = int(time.monotonic())
        if second != self._second:
            self.finish()
            self._second, self._logged = second, 0
        room = max(LINES_A_SECOND - self._logged, 0)
        for line in lines[:room]:
            log.debug("engine output", engine=self._engine, stream=stream, line=_text(line))
        self._logged += min(room, len(lines))
        self._left_out += max(len(lines) - room, 0)
        self.last.extend(_text(line) for line in lines[-LINES_KEPT:])

    def finish(self) -> None:
        if self._left_out:
            log.debug("engine output left out", engine=self._engine, lines=self._left_out)
            self._left_out = 0


class _Stream:
    """One pipe, cut into lines."""

    def __init__(self, name: str, fd: int, lines: _LineLog) -> None:
        self._name = name
        self._fd = fd
        self._lines = lines
        self._begun = b""
        self._reading = False
        os.set_blocking(fd, False)
        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE_SIZE)

    def begin(self) -> None:
        asyncio.get_running_loop().add_reader(self._fd, self._read, _PARTS_A_TURN)
        self._reading = True

    def close(self) -> None:
        self._read(2 * PIPE_SIZE // _PART)
        self._stop()
        os.close(self._fd)
        if self._begun:
            self._lines.add(self._name, [self._begun])

    def _stop(self) -> None:
        if self._reading:
            self._reading = False
            asyncio.get_running_loop().remove_reader(self._fd)

    def _read(self, parts: int) -> None:
        for _ in range(parts):
            try:
                part = os.read(self._fd, _PART)
            except BlockingIOError:
                return
            if not part:
                self._stop()
                return
            first, *others = part.split(b"\n")
            begun = self._begun + first[: LONGEST_LINE - len(self._begun)]
            if others:
                self._lines.add(self._name, [begun, *others[:-1]])
                begun = others[-1][:LONGEST_LINE]
            self._begun = begun


def _text(line: bytes) -> str:
    text = line[:LONGEST_LINE].decode("utf-8", "replace")
    return sanitize.text(text).replace("\r", " ").rstrip()
