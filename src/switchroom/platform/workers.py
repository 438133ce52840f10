"""Several processes that serve one address, and what they share: the socket, NATS, the media server.

This process listens, prepares what is done once, starts the workers, restarts one that dies or hangs, tells
the others of it, and ends them in order. It accepts no connection itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from switchroom.engines.nats.engine import NatsEngine
from switchroom.engines.supervisor import ProcessState, SupervisedProcess
from switchroom.http.listening import listen
from switchroom.platform import message_server
from switchroom.platform.build import Platform
from switchroom.platform.engine_reports import FILE, write_reports
from switchroom.platform.engines import Engines
from switchroom.platform.schema import bring_up_to_date, require_usable
from switchroom.platform.worker import BEAT, JOB, METRICS, Job
from switchroom.settings import ConfigurationError, Settings

READY_LIMIT = 60.0
STOP_LIMIT = 15.0
RESTART_DELAYS = (1.5, 1.5, 3.0, 5.0, 10.0)
"""Seconds before each restart in a row. Starting keeps a core busy, which those need first who come
back to the other workers; where there is none, the first restart is made at once."""

PROBE_INTERVAL, PROBE_LIMIT = 1.0, 5.0
"""Seconds between two looks for a sign of life, and for it to come."""


class Worker:
    """One of `workers`, restarted whenever it ends, of which the others are told."""

    def __init__(
        self, number: int, settings: Settings, listener: socket.socket, workers: Sequence[Worker]
    ) -> None:
        self._workers = workers
        self._is_over = False
        self._reading, self._writing = _pipe()
        self._deaths, self._telling = _pipe()
        self._beat = asyncio.Event()
        job = Job(settings, listener.fileno(), self._writing, self._deaths)
        self._process = SupervisedProcess(
            f"worker {number}",
            [sys.executable, "-P", "-m", "switchroom.platform.worker"],
            ready=self._lives,
            ready_limit=READY_LIMIT,
            stop_limit=STOP_LIMIT,
            probe_interval=PROBE_INTERVAL,
            probe_limit=PROBE_LIMIT,
            restart_delays=RESTART_DELAYS,
            is_urgent=self._is_alone,
            environment={
                JOB: msgspec.json.encode(job).decode(),
                METRICS: str(settings.data_directory / "metrics"),
            },
            fds=(listener.fileno(), self._writing, self._deaths),
            inherits_output=True,
        )
        self._process.on_change(self._changed)

    async def start(self) -> None:
        asyncio.get_running_loop().add_reader(self._reading, self._read)
        await self._process.start()

    async def stop(self) -> None:
        await self._process.stop()
        self._is_over = True
        asyncio.get_running_loop().remove_reader(self._reading)
        for pipe in (self._reading, self._writing, self._deaths, self._telling):
            os.close(pipe)

    def tell_of_death(self) -> None:
        """Let it know that another worker has ended, so that it need not wait for the silence."""
        if self._is_over:
            return
        with contextlib.suppress(BlockingIOError):  # it has not read that of earlier deaths yet
            os.write(self._telling, b"\0")

    def _is_alone(self) -> bool:
        """Whether no other worker serves, or is about to."""
        up = (ProcessState.READY, ProcessState.STARTING)
        return not any(worker is not self and worker._process.state in up for worker in self._workers)

    def _changed(self) -> None:
        if self._process.state is ProcessState.WAITING:
            for worker in self._workers:
                if worker is not self:
                    worker.tell_of_death()

    def _read(self) -> None:
        beats = os.read(self._reading, 4096)
        (pid,) = BEAT.unpack(beats[-BEAT.size :])
        if pid == self._process.pid:
            self._beat.set()

    async def _lives(self) -> None:
        self._beat.clear()
        await self._beat.wait()


def _pipe() -> tuple[int, int]:
    """A pipe on which nobody waits: the end to read from, and the one to write to."""
    ends = os.pipe()
    for end in ends:
        os.set_blocking(end, False)
    return ends


@asynccontextmanager
async def several(
    settings: Settings, count: int, *, engines: bool, prepare: Callable[[Platform], Awaitable[None]]
) -> AsyncGenerator[None]:
    """Serve with `count` workers while the block runs; `prepare` is done once, before. With `engines` the
    whole table is run, without only the message server, but for those that the settings name elsewhere.

    Raises PortTakenError, ConfigurationError without NATS, ProcessError when a worker does not start.
    """
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(listen(settings.host, settings.port))
        platform = Platform(settings, engines=engines)
        stack.push_async_callback(platform.storage.database.close)
        stack.callback(platform.identity.passwords.close)
        await require_usable(platform.storage.database)
        running = platform.engines if engines else Engines(settings, (message_server.ENTRY,))
        stack.push_async_callback(running.stop)
        database_ready = asyncio.Event()

        async def upgrade() -> None:
            try:
                await bring_up_to_date(platform.storage.database)
            finally:
                database_ready.set()

        await asyncio.gather(running.start(database_ready), upgrade())
        if (problem := running.problem(NatsEngine.name)) is not None:
            raise ConfigurationError(f"several workers need NATS: {problem}, or name a server in nats.url")
        await prepare(platform)
        _report_engines(running, _empty_metrics(settings))
        for_workers = running.shared(settings)
        workers: list[Worker] = []
        workers.extend(Worker(number, for_workers, listener, workers) for number in range(1, count + 1))
        try:
            await asyncio.gather(*(worker.start() for worker in workers))
            yield
        finally:
            await asyncio.gather(*(worker.stop() for worker in workers))


def _report_engines(engines: Engines, metrics: Path) -> None:
    def report() -> None:
        write_reports(metrics / FILE, engines.reports())

    report()
    engines.on_change(report)


def _empty_metrics(settings: Settings) -> Path:
    directory = settings.data_directory / "metrics"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700, parents=True)
    return directory
