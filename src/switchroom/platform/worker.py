"""One of several processes that serve the same address: `python -m switchroom.platform.worker`.

What it is to do comes in an environment variable. It says that it is alive, once it serves, by writing its
process id into a pipe again and again.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from switchroom import collector, logs
from switchroom.platform.loop import run
from switchroom.settings import Settings

JOB = "SWITCHROOM_WORKER_JOB"
"""The variable with the `Job`, in JSON. The environment of a process is for its owner only."""

METRICS = "PROMETHEUS_MULTIPROC_DIR"
"""The variable with the directory where the metrics of all workers are (see prometheus_client)."""

log = structlog.stdlib.get_logger(__name__)

BEAT = struct.Struct("=Q")
BEAT_EVERY = 0.5


class Job(Struct, frozen=True):
    """The settings, the socket that listens, the pipe for the signs of life, and the one in which there is
    something when another worker has ended."""

    settings: Settings
    listener: int
    beats: int
    deaths: int


async def work(job: Job) -> None:
    """Serve until told to end."""
    from switchroom.platform.build import Platform
    from switchroom.platform.engine_reports import FILE, read_reports

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    platform = Platform(job.settings, engine_reports=partial(read_reports, Path(os.environ[METRICS], FILE)))
    with socket.socket(fileno=job.listener) as listener:
        async with platform.running(upgrade=False, to_serve=True), platform.online(listener=listener):
            with _hearing_of_deaths(job.deaths, platform.live.look):
                while not stop.is_set():
                    os.write(job.beats, BEAT.pack(os.getpid()))
                    try:
                        async with asyncio.timeout(BEAT_EVERY):
                            await stop.wait()
                    except TimeoutError:
                        pass


@contextmanager
def _hearing_of_deaths(pipe: int, look: Callable[[], None]) -> Generator[None]:
    """While the block runs, `look` whenever another worker has ended."""
    loop = asyncio.get_running_loop()

    def hear() -> None:
        if not os.read(pipe, 4096):
            loop.remove_reader(pipe)  # who started this process is gone
            return
        log.info("another worker has ended")
        look()

    loop.add_reader(pipe, hear)
    try:
        yield
    finally:
        loop.remove_reader(pipe)


def main() -> None:
    # Before there is a loop that would stand still meanwhile.
    collector.load("switchroom.platform.build")
    job = msgspec.json.decode(os.environ.pop(JOB), type=Job)
    logs.configure(job.settings.log_format, job.settings.log_level)
    _forget_the_dead(Path(os.environ[METRICS]))
    run(work(job))


def _forget_the_dead(metrics: Path) -> None:
    """Remove the live gauges of workers that have ended: they have nothing any more. Their counts stay."""
    for file in metrics.glob("gauge_live*_*.db"):
        if not Path("/proc", file.stem.rpartition("_")[2]).exists():
            file.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
