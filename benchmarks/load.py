"""Puts an HTTP server under load from a process of its own: wrk."""

from __future__ import annotations

import asyncio
import resource
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct, structs

_SCRIPT = Path(__file__).with_name("request.lua")
_LIMIT_AFTER_END = 20.0


class LoadError(Exception):
    """wrk is missing, or a request failed."""


class Report(Struct, frozen=True):
    """One run. Latencies are in milliseconds; the shares are of one processor, wrk's and the server's."""

    requests: int
    microseconds: int
    bytes: int
    p50: float
    p99: float
    failed: int
    generator_share: float = 0.0
    server_share: float = 0.0

    @property
    def per_second(self) -> float:
        return self.requests / (self.microseconds / 1e6)


async def run(
    url: str,
    bodies: Path | None,
    *,
    connections: int,
    seconds: int,
    headers: Mapping[str, str] | None = None,
) -> Report:
    """Keep `connections` busy for so long, each sending its next request when the answer is there.

    `bodies` is a file with one request body a line, POSTed in turn; without it the requests are GET.
    Raises LoadError when one request fails.
    """
    program = shutil.which("wrk")
    if program is None:
        raise LoadError("wrk is not installed: apt-get install wrk")
    before = _children_cpu()
    process = await asyncio.create_subprocess_exec(
        program,
        "--threads=1",
        f"--connections={connections}",
        f"--duration={seconds}s",
        f"--script={_SCRIPT}",
        *(f"--header={name}: {value}" for name, value in (headers or {}).items()),
        url,
        *(["--", str(bodies)] if bodies else []),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(seconds + _LIMIT_AFTER_END):
        output, _ = await process.communicate()
    used = _children_cpu() - before
    line = next((line for line in output.splitlines() if line.startswith(b"REPORT ")), None)
    if line is None:
        raise LoadError(output.decode(errors="replace"))
    report = msgspec.json.decode(line.removeprefix(b"REPORT "), type=Report)
    if report.failed or not report.requests:
        raise LoadError(f"{report.failed} of {report.requests} requests to {url} failed")
    return structs.replace(report, generator_share=used / (report.microseconds / 1e6))


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
