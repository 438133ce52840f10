"""The programs under measurement, each a process of its own that ends with its block."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil
from msgspec import Struct

from benchmarks.memory import Memory, memory_of

START_LIMIT = 60.0
_STOP_LIMIT = 15.0
_PROBE_INTERVAL = 0.005


class StartError(Exception):
    """A program ended, or was not ready in time; the message holds what it wrote."""


class Program(Struct, frozen=True):
    """A running process and all that it started. `ready_after` is in seconds since its start."""

    process: asyncio.subprocess.Process
    first_line: bytes
    ready_after: float

    def memory(self) -> Memory:
        """What it and its descendants hold now."""
        return memory_of(self.process.pid)

    def processor_seconds(self) -> float:
        """Processor time that the process itself, without descendants, has used so far."""
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def switchroom() -> str:
    """The command, of the environment that the benchmarks run in."""
    return str(Path(sys.executable).with_name("switchroom"))


@asynccontextmanager
async def running(
    command: Sequence[str],
    *,
    log: Path,
    ready: str | int | None = None,
    environment: dict[str, str] | None = None,
) -> AsyncGenerator[Program]:
    """Run `command` while the block runs.

    `ready` says when it is ready: an address that answers 200, a port that accepts, or, with None, its first
    line on standard output. `log` takes what it writes to standard error, and the rest of its output.
    """
    started = time.perf_counter()
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdout=asyncio.subprocess.PIPE if ready is None else file,
            stderr=file,
            env={**os.environ, **(environment or {})},
            limit=1 << 22,
        )
    try:
        try:
            async with asyncio.timeout(START_LIMIT):
                first_line = await _until_ready(process, ready)
        except (TimeoutError, StartError):
            raise StartError(f"{' '.join(command)}:\n{_written(log)}") from None
        yield Program(process, first_line, time.perf_counter() - started)
    finally:
        await _stop(process)


async def _until_ready(process: asyncio.subprocess.Process, ready: str | int | None) -> bytes:
    if process.stdout is not None:
        line = await process.stdout.readline()
        if not line:
            raise StartError
        return line
    async with httpx.AsyncClient(timeout=5) as client:
        while process.returncode is None:
            if await (_answers(client, ready) if isinstance(ready, str) else _accepts(ready)):
                return b""
            await asyncio.sleep(_PROBE_INTERVAL)
    raise StartError


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == 200
    except httpx.TransportError:
        return False


async def _accepts(port: int | None) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def _written(log: Path) -> str:
    return log.read_text(errors="replace")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_LIMIT):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
