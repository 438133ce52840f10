"""Unix sockets of workers, and the frames on them: a length of four bytes (big-endian), and so many bytes."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import struct
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

LARGEST_FRAME = 16 << 20
"""Bytes."""

_LENGTH = struct.Struct(">I")
_NAME = re.compile(r"worker-([1-9][0-9]{0,3})\.sock")


def socket_name(worker: int) -> str:
    return f"worker-{worker}.sock"


def workers_in(directory: Path) -> set[int]:
    """The numbers of the workers that have sockets in the directory."""
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return set()
    return {int(match[1]) for name in names if (match := _NAME.fullmatch(name))}


def listen(directory: Path, worker: int) -> socket.socket:
    """A socket that listens under the worker's name, in the place of any that was there. Only its owner gets
    at it, or into the directory."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    new = f"{socket_name(worker)}.new"
    (directory / new).unlink(missing_ok=True)
    listener = _socket(directory, new, socket.socket.bind)
    (directory / new).chmod(0o600)
    listener.listen()
    (directory / new).rename(directory / socket_name(worker))
    return listener


def connected(directory: Path, worker: int) -> socket.socket:
    """A socket that is connected to a worker's. Raises OSError."""
    return _socket(directory, socket_name(worker), socket.socket.connect)


def _socket(directory: Path, name: str, use: Callable[[socket.socket, str], None]) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _short(directory) as path:
            use(made, f"{path}/{name}")
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made


@contextmanager
def _short(directory: Path) -> Generator[str]:
    """A short name of the directory: the address of a Unix socket has room for 107 bytes."""
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{opened}"
    finally:
        os.close(opened)


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """The next frame. Raises asyncio.IncompleteReadError at the end, ValueError for one that is too large."""
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    if length > LARGEST_FRAME:
        raise ValueError(f"a frame of {length} bytes")
    return await reader.readexactly(length)


def frame(content: bytes) -> bytes:
    """Raises ValueError for what is too large."""
    if len(content) > LARGEST_FRAME:
        raise ValueError(f"a frame of {len(content)} bytes")
    return _LENGTH.pack(len(content)) + content
