"""The platform under attack: `switchroom up --demo`, watched."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
from benchmarks.memory import memory_of
from msgspec import Struct
from tests.command.running import running
from tests.ports import telephones

from switchroom.platform.demo import Demo

_LIMIT = 60.0
_WATCH = Path(__file__).with_name("watch")
_WORKER = re.compile(r'^switchroom_live_rooms\{pid="(\d+)"\}', re.MULTILINE)
_ANSWERED_503 = re.compile(r'event="request failed".* status=503\b')
_LOGGED = re.compile(
    r'level=(?:error|critical) event=(?P<event>"(?:[^"\\\\]|\\\\.)*"|\S+)(?:.*exception="(?P<exception>.*)")?'
)


class TargetDied(Exception):
    """The platform ended by itself; the message holds the end of what it wrote."""


class Stall(Struct, frozen=True):
    """A time for which an event loop did nothing else, in seconds, when it ended on the clock of all
    processes, and the stack that it was noticed with."""

    seconds: float
    ended_at: float
    stack: Sequence[str]

    def besides(self, others: Sequence[Stall]) -> float:
        """Seconds in which none of the other stalls was."""
        began_at = self.ended_at - self.seconds
        common = (
            min(self.ended_at, one.ended_at) - max(began_at, one.ended_at - one.seconds) for one in others
        )
        return self.seconds - sum(seconds for seconds in common if seconds > 0)


class Target(Struct, frozen=True):
    """A running platform with its demo organization."""

    base_url: str
    demo: Demo
    process: subprocess.Popen[bytes]
    output: Path
    stalls_directory: Path
    idle_stalls_directory: Path
    start: int
    """Bytes of the output that the start has written: on a busy machine it may complain."""

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.base_url.removeprefix("http://").rpartition(":")
        return host, int(port)

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    @property
    def is_ready(self) -> bool:
        """Whether it says that it serves."""
        return self.is_alive and _is_ready(self.base_url)

    def stalls(self) -> list[Stall]:
        """All stalls so far, of all its processes."""
        return _stalls_in(self.stalls_directory)

    def idle_stalls(self) -> list[Stall]:
        """All stalls so far of a loop beside it that does nothing."""
        return _stalls_in(self.idle_stalls_directory)

    def memory(self) -> float:
        """What its Python processes hold (PSS), in MiB."""
        processes = memory_of(self.process.pid).processes
        return sum(one.proportional for one in processes if one.name.startswith(("switchroom", "python")))

    def logged_errors(self) -> Counter[str]:
        """What it logged as an error, or wrote as a traceback, and how often; not that it answered 503, which
        is judged by the answer."""
        found: Counter[str] = Counter()
        for line in self.output.read_bytes()[self.start :].decode(errors="replace").splitlines():
            if _ANSWERED_503.search(line):
                continue
            if error := _LOGGED.search(line):
                last = error["exception"] or ""
                found[f"{error['event']} {last.rpartition(chr(92) + 'n')[2]}".strip()] += 1
            elif line.startswith("Traceback (most recent call last)"):
                found[line] += 1
        return found


@contextmanager
def target(directory: Path, *, database: str = "", workers: int = 1) -> Generator[Target]:
    """A platform on an empty data directory and, if it is named, an empty database, while the block runs."""
    stalls, idle_stalls = directory / "stalls", directory / "idle_stalls"
    environment = {
        **_watched(stalls),
        # One address tries very many things here.
        "SWITCHROOM_SECURITY_ACCOUNT_ATTEMPTS": "1000000",
        "SWITCHROOM_SECURITY_ADDRESS_ATTEMPTS": "1000000",
    }
    if database:
        environment["SWITCHROOM_DATABASE_URL"] = database
    options = ("--demo", *(("--workers", str(workers)) if workers > 1 else ()))
    with (
        telephones() as telephony,
        running(directory / "var", *options, port=0, telephony=telephony, **environment) as platform,
        _idle_loop(idle_stalls),
    ):
        _wait_for_workers(platform.base_url, workers, platform.process)
        _wait_for_engines(platform.base_url)
        for path in stalls.iterdir():  # what a start takes is another matter
            os.truncate(path, 0)
        demo = msgspec.json.decode((directory / "var" / "demo.json").read_bytes(), type=Demo)
        start = platform.output.stat().st_size
        yield Target(platform.base_url, demo, platform.process, platform.output, stalls, idle_stalls, start)


@contextmanager
def _idle_loop(stalls: Path) -> Generator[None]:
    """A process whose event loop does nothing, watched while the block runs."""
    command = [sys.executable, "-c", "import asyncio; asyncio.run(asyncio.Event().wait())"]
    idle = subprocess.Popen(command, env={**os.environ, **_watched(stalls)})
    try:
        yield
    finally:
        idle.terminate()
        idle.wait(_LIMIT)


def _watched(stalls: Path) -> dict[str, str]:
    """The environment of a Python process whose stalls are noted in a directory."""
    stalls.mkdir(parents=True)
    path = os.pathsep.join(filter(None, [str(_WATCH), os.environ.get("PYTHONPATH")]))
    return {"PYTHONPATH": path, "STALLS": str(stalls)}


def _stalls_in(directory: Path) -> list[Stall]:
    return [
        msgspec.json.decode(line, type=Stall)
        for path in directory.iterdir()
        for line in path.read_bytes().splitlines(keepends=True)
        if line.endswith(b"\n")
    ]


def _wait_for_workers(base_url: str, workers: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until all of several serve: ready is the platform with the first of them."""
    deadline = time.monotonic() + _LIMIT
    while workers > 1 and len(set(_WORKER.findall(_metrics(base_url)))) < workers:
        if time.monotonic() > deadline or process.poll() is not None:
            raise TargetDied("not all workers serve")
        time.sleep(0.05)


def _wait_for_engines(base_url: str) -> None:
    """Wait until nothing is missing or, where something does not come, as long as it would take."""
    deadline = time.monotonic() + _LIMIT
    while time.monotonic() < deadline:
        try:
            said = httpx.get(f"{base_url}/health/ready", timeout=2, trust_env=False).json()
        except httpx.TransportError:
            said = None
        if said == {"status": "ready", "problems": {}}:
            return
        time.sleep(0.1)


def _metrics(base_url: str) -> str:
    try:
        return httpx.get(f"{base_url}/metrics", timeout=2, trust_env=False).text
    except httpx.TransportError:
        return ""


def _is_ready(base_url: str) -> bool:
    try:
        return httpx.get(f"{base_url}/health/ready", timeout=2, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
