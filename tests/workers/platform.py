"""Builders: `switchroom up --workers`, and which of its processes is whose."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
import psutil

from switchroom.platform.demo import Demo
from tests import plain_http
from tests.command.running import LIMIT, Running, running

T = TypeVar("T")
_READY = re.compile(r'event="process ready" .*\bpid=(\d+)')
_SAMPLE = re.compile(r'^(\w+)\{pid="(\d+)"\} (\S+)$', re.MULTILINE)


class Several:
    """A platform of several workers."""

    def __init__(self, platform: Running, demo: Demo, count: int) -> None:
        self.base_url = platform.base_url
        self.demo = demo
        self.output = platform.output
        self._platform = platform
        self._count = count

    @property
    def workers(self) -> list[psutil.Process]:
        """Those that live."""
        return workers_of(self._platform)

    def gauge(self, name: str) -> dict[int, int]:
        """A metric of each worker, by process id."""
        text = plain_http.get(f"{self.base_url}/metrics", timeout=LIMIT).text
        return {int(pid): int(float(value)) for found, pid, value in _SAMPLE.findall(text) if found == name}

    def owner(self) -> int:
        """The process id of the one worker that has a room."""
        (owner,) = [pid for pid, rooms in self.gauge("switchroom_live_rooms").items() if rooms]
        return owner

    def relaying(self) -> int:
        """The process id of the one worker that leads somebody to another."""
        (pid,) = [pid for pid, count in self.gauge("switchroom_relayed_connections").items() if count]
        return pid

    def kill(self, pid: int) -> None:
        """Kill a worker as the kernel does when memory is short."""
        assert pid in [worker.pid for worker in self.workers]
        psutil.Process(pid).kill()

    def is_complete(self) -> bool:
        """Whether as many workers serve as should; one that was killed is started anew. One that only starts
        has its process and its metrics already, and answers nobody."""
        serving = {int(pid) for pid in _READY.findall(self.output.read_text())}
        workers = self.workers
        return len(workers) == self._count and all(worker.pid in serving for worker in workers)


def workers_of(platform: Running) -> list[psutil.Process]:
    """The workers of a platform that live."""
    return [one for one in psutil.Process(platform.process.pid).children() if _is_worker(one)]


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "switchroom.platform.worker" in process.cmdline()
    except psutil.NoSuchProcess:  # or a zombie, which is one
        return False


def eventually(probe: Callable[[], T], what: str, limit: float = LIMIT) -> T:
    """Probe until it is truthy; the value then."""
    deadline = time.monotonic() + limit
    while not (value := probe()):
        assert time.monotonic() < deadline, f"{what} did not come in {limit:g} s"
        time.sleep(0.05)
    return value


@contextmanager
def several(data: Path, count: int = 2) -> Generator[Several]:
    """`switchroom up --demo --workers COUNT` while the block runs."""
    with running(data, "--demo", "--workers", str(count)) as platform:
        demo = msgspec.json.decode((data / "demo.json").read_bytes(), type=Demo)
        workers = Several(platform, demo, count)
        eventually(workers.is_complete, "all workers")
        yield workers
