"""A child process that is started, watched, restarted when it dies, and stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path

import structlog

log = structlog.stdlib.get_logger(__name__)

LAUNCHER = Path(__file__).with_name("launch.py")
RESTART_DELAYS = (0.0, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before each restart in a row; the last one repeats."""

STEADY_AFTER = 30.0
"""Seconds of life after which a death no longer counts as one in a row."""


class ProcessError(Exception):
    """The process could not be started, or was not ready in time."""


class ProcessState(Enum):
    """What the supervisor sees; WAITING is the pause before a restart."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    WAITING = "waiting"


class SupervisedProcess:
    """One program kept running.

    `ready` returns as soon as the program can be used, and is cancelled when the program dies meanwhile. With
    `probe_interval` it is asked again from time to time, and a program that twice in a row does not answer it
    within `probe_limit` is killed and started anew. It inherits the files `fds`, and its environment has
    `environment` added; unless it is `quiet`, it writes where this process writes.
    The program dies with this process, even when this process is killed (see `launch`).
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        ready: Callable[[], Awaitable[None]],
        ready_limit: float = 10.0,
        stop_limit: float = 5.0,
        probe_interval: float | None = None,
        probe_limit: float = 5.0,
        restart_delays: Sequence[float] = RESTART_DELAYS,
        environment: Mapping[str, str] | None = None,
        fds: Sequence[int] = (),
        quiet: bool = True,
    ) -> None:
        self.name = name
        self.state = ProcessState.STOPPED
        self._command = list(command)
        self._ready = ready
        self._ready_limit = ready_limit
        self._stop_limit = stop_limit
        self._probe_interval = probe_interval
        self._probe_limit = probe_limit
        self._restart_delays = restart_delays
        self._environment = environment
        self._fds = tuple(fds)
        self._output = asyncio.subprocess.DEVNULL if quiet else None
        self._process: asyncio.subprocess.Process | None = None
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the running program."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    async def start(self) -> None:
        """Start the program and wait until it is ready.

        Raises ProcessError when the program is not installed, dies at once, or is not ready within the limit;
        it is not restarted then.
        """
        if self._supervisor is not None:
            raise ProcessError(f"{self.name} has been started already")
        if shutil.which(self._command[0]) is None:
            raise ProcessError(f"{self._command[0]} is not installed")
        try:
            await self._launch()
        except BaseException:
            await self._end()
            raise
        self._supervisor = asyncio.create_task(self._supervise(), name=f"supervise {self.name}")

    async def stop(self) -> None:
        """End the program: SIGTERM, and SIGKILL when it takes longer than the limit."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervisor
            self._supervisor = None
        await self._end()

    async def _launch(self) -> None:
        self.state = ProcessState.STARTING
        started = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-IS",
            str(LAUNCHER),
            str(os.getpid()),
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,
            env=None if self._environment is None else {**os.environ, **self._environment},
            pass_fds=self._fds,
        )
        self._process = process
        ready = asyncio.ensure_future(self._ready())
        died = asyncio.ensure_future(process.wait())
        try:
            await asyncio.wait({ready, died}, timeout=self._ready_limit, return_when=asyncio.FIRST_COMPLETED)
            if died.done():
                raise ProcessError(f"{self.name} ended at once with status {process.returncode}")
            if not ready.done():
                raise ProcessError(f"{self.name} was not ready within {self._ready_limit:g} s")
            ready.result()
        finally:
            for task in (ready, died):
                task.cancel()
            await asyncio.gather(ready, died, return_exceptions=True)
        self.state = ProcessState.READY
        log.info(
            "process ready", process=self.name, pid=process.pid, seconds=round(time.monotonic() - started, 3)
        )

    async def _supervise(self) -> None:
        deaths = 0
        while True:
            lived_from = time.monotonic()
            if self._process is not None:
                status = await self._watch(self._process)
                log.error("process died", process=self.name, status=status)
            deaths = 0 if time.monotonic() - lived_from > STEADY_AFTER else deaths
            self.state = ProcessState.WAITING
            await asyncio.sleep(self._restart_delays[min(deaths, len(self._restart_delays) - 1)])
            deaths += 1
            try:
                await self._launch()
            except (ProcessError, OSError) as error:
                log.error("process not restarted", process=self.name, reason=str(error))
                await self._end()

    async def _watch(self, process: asyncio.subprocess.Process) -> int:
        """Wait for the program's end, and bring it about when it no longer answers."""
        prober = asyncio.create_task(self._probe(process), name=f"probe {self.name}")
        try:
            return await process.wait()
        finally:
            prober.cancel()
            await asyncio.gather(prober, return_exceptions=True)

    async def _probe(self, process: asyncio.subprocess.Process) -> None:
        failures = 0
        while self._probe_interval is not None and failures < 2:
            await asyncio.sleep(self._probe_interval)
            try:
                async with asyncio.timeout(self._probe_limit):
                    await self._ready()
            except TimeoutError:
                failures += 1
            else:
                failures = 0
        if failures:
            log.error("process hangs", process=self.name, pid=process.pid)
            _signal(process, signal.SIGKILL)

    async def _end(self) -> None:
        process, self._process = self._process, None
        self.state = ProcessState.STOPPED
        if process is None or process.returncode is not None:
            return
        _signal(process, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), self._stop_limit)
        except TimeoutError:
            log.warning(
                "process killed", process=self.name, reason=f"still there after {self._stop_limit:g} s"
            )
            _signal(process, signal.SIGKILL)
            await process.wait()


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)
