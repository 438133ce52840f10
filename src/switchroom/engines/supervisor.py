"""A program kept running: started, watched, restarted, reloaded, drained, stopped with all it has started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import structlog

from switchroom.engines import reaping
from switchroom.engines.output import ProgramOutput
from switchroom.engines.program import Program, start
from switchroom.engines.watchdog import Watchdog

log = structlog.stdlib.get_logger(__name__)

LAUNCHER = Path(__file__).with_name("launch.py")
RESTART_DELAYS = (0.0, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before each restart in a row; the last one repeats."""

STEADY_AFTER = 30.0
"""Seconds of life after which a death no longer counts as one in a row."""

ASK_INTERVAL = 0.03
"""Seconds between two questions whether a program that starts is ready."""

GROUP_INTERVAL = 0.02
"""Seconds between two looks whether its children have ended too."""

Order = signal.Signals | Callable[[], Awaitable[None]]
"""Order to a program: a signal, or a function that sends a command over an interface of the program."""


class ProcessError(Exception):
    """The program could not be started, was not ready in time, or could not be told something.

    `output` is what it wrote last, line by line; the message ends with the last of them.
    """

    def __init__(self, problem: str, output: Sequence[str] = ()) -> None:
        super().__init__(f"{problem}: {output[-1]}" if output else problem)
        self.output = tuple(output)


class ProcessState(Enum):
    """State of a supervised process; WAITING is the pause before a restart."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    WAITING = "waiting"


class SupervisedProcess:
    """One program kept running.

    `ready` returns as soon as the program can be used; while it starts, a `ready` that raises is asked again,
    and it is cancelled when the program dies meanwhile. With `probe_interval` it is asked from time to time
    afterwards, and a program for which it twice in a row raises, or does not return within `probe_limit`, is
    killed and started anew. Where `is_urgent` says so then, the first restart in a row has no delay. `reload`
    and `drain` say how the program is told to read its configuration anew and to take nothing new. It
    inherits the files `fds`, and its environment has `environment` added.

    What it writes goes into the log at level debug, the last lines also with the error when it dies; with
    `inherits_output` it writes where this process writes.
    The program and everything it has started end with this process, even when this process is killed.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        ready: Callable[[], Awaitable[None]],
        ready_limit: float = 30.0,
        stop_limit: float = 5.0,
        probe_interval: float | None = None,
        probe_limit: float = 5.0,
        reload: Order | None = None,
        drain: Order | None = None,
        restart_delays: Sequence[float] = RESTART_DELAYS,
        is_urgent: Callable[[], bool] = lambda: False,
        environment: Mapping[str, str] | None = None,
        fds: Sequence[int] = (),
        inherits_output: bool = False,
    ) -> None:
        self.name = name
        self.restarts = 0
        """Number of automatic restarts of the program."""
        self._state = ProcessState.STOPPED
        self._listeners: list[Callable[[], None]] = []
        self._command = list(command)
        self._ready = ready
        self._ready_limit = ready_limit
        self._stop_limit = stop_limit
        self._probe_interval = probe_interval
        self._probe_limit = probe_limit
        self._reload = reload
        self._drain = drain
        self._restart_delays = restart_delays
        self._is_urgent = is_urgent
        self._environment = dict(environment or {})
        self._fds = tuple(fds)
        self._inherits_output = inherits_output
        self._mark = secrets.token_hex(8)
        self._watchdog: Watchdog | None = None
        self._output: ProgramOutput | None = None
        self._process: Program | None = None
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def state(self) -> ProcessState:
        return self._state

    @property
    def pid(self) -> int | None:
        """The process id of the running program."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` each time the state has changed. It must not block or raise."""
        self._listeners.append(listener)

    async def start(self) -> None:
        """Start the program and wait until it is ready.

        Raises ProcessError when the program is not installed, dies at once, or is not ready within the limit;
        it is not restarted then.
        """
        if self._watchdog is not None:
            raise ProcessError(f"{self.name} has been started already")
        if shutil.which(self._command[0]) is None:
            raise ProcessError(f"{self._command[0]} is not installed")
        self._watchdog = await Watchdog.start(self._mark)
        try:
            await self._launch()
        except BaseException:
            await self.stop()
            raise
        self._supervisor = asyncio.create_task(self._supervise(), name=f"supervise {self.name}")

    async def stop(self) -> None:
        """End the program and all it has started: SIGTERM, and SIGKILL after the limit."""
        await self._stop_watching()
        await self._end()
        watchdog, self._watchdog = self._watchdog, None
        if watchdog is not None:
            await watchdog.stop()
        self._change(ProcessState.STOPPED)

    async def reload(self) -> None:
        """Have the program read its configuration anew, and wait until it answers.

        Raises ProcessError when it does not run, cannot be told, or does not answer within the limit.
        """
        if self._reload is None or self.pid is None or self._process is None:
            raise ProcessError(
                f"{self.name} cannot be reloaded: " + ("not running" if self._reload else "never")
            )
        process = self._process
        try:
            async with asyncio.timeout(self._ready_limit):
                await _tell(process, self._reload)
        except Exception as error:
            raise ProcessError(f"{self.name} was not reloaded: {_reason(error)}") from error
        problem = await self._until_ready(process)
        if problem is not None:
            raise ProcessError(f"{self.name} {problem} after it was reloaded")

    async def drain(self, limit: float) -> None:
        """Have the program take nothing new, and stop it when nothing is left to do, after `limit` seconds at
        the latest. Nothing is left when it has ended by itself, or when the command that told it returns."""
        await self._stop_watching()
        process = self._process
        if process is not None and process.returncode is None and self._drain is not None:
            self._change(ProcessState.DRAINING)
            await self._wait_drained(process, self._drain, limit)
        await self.stop()

    async def _wait_drained(self, process: Program, order: Order, limit: float) -> None:
        died = asyncio.create_task(process.wait())
        told = asyncio.create_task(_tell(process, order))
        try:
            waiting = {died} if isinstance(order, signal.Signals) else {died, told}
            done, _ = await asyncio.wait(waiting, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                log.warning("process not drained", process=self.name, reason=f"still busy after {limit:g} s")
            elif told.done() and not told.cancelled() and (error := told.exception()) is not None:
                log.warning("process not drained", process=self.name, reason=_reason(error))
        finally:
            await _cancel(died, told)

    async def _launch(self) -> None:
        self._change(ProcessState.STARTING)
        started = time.monotonic()
        try:
            process = await self._spawn()
            problem = await self._until_ready(process)
        except BaseException:
            await self._end()
            raise
        if problem is not None:
            raise ProcessError(f"{self.name} {problem}", await self._end())
        self._change(ProcessState.READY)
        log.info(
            "process ready", process=self.name, pid=process.pid, seconds=round(time.monotonic() - started, 3)
        )

    async def _spawn(self) -> Program:
        assert self._watchdog is not None
        output = self._output = None if self._inherits_output else ProgramOutput(self.name)
        watchdog = await self._watchdog.pipe()
        self._process = await start(
            (sys.executable, "-IS", str(LAUNCHER), str(os.getpid()), str(watchdog), *self._command),
            stdout=output and output.stdout,
            stderr=output and output.stderr,
            environment={**os.environ, **self._environment, reaping.MARK: self._mark},
            files=(*self._fds, watchdog),
        )
        if output is not None:
            output.begin()
        return self._process

    async def _until_ready(self, process: Program) -> str | None:
        """Wait until the program can be used. Returns what is wrong, None when it can."""
        reasons: list[str] = []
        ready = asyncio.create_task(self._ask_until_ready(reasons))
        died = asyncio.create_task(process.wait())
        try:
            await asyncio.wait({ready, died}, timeout=self._ready_limit, return_when=asyncio.FIRST_COMPLETED)
            if died.done():
                return f"ended at once with status {process.returncode}"
            if not ready.done():
                return " ".join((f"was not ready within {self._ready_limit:g} s", *reasons[-1:]))
            ready.result()
            return None
        finally:
            await _cancel(ready, died)

    async def _ask_until_ready(self, reasons: list[str]) -> None:
        while (reason := await self._ask(None)) is not None:
            reasons[:] = [f"({reason})"]
            await asyncio.sleep(ASK_INTERVAL)

    async def _ask(self, limit: float | None) -> str | None:
        """Ask the program whether it can be used. Returns what is wrong, None when nothing is; a probe may
        raise anything, also the cancellation of a task of its own."""

        async def ask() -> None:
            await self._ready()

        asking = asyncio.create_task(ask(), name=f"ask {self.name}")
        try:
            done, _ = await asyncio.wait({asking}, timeout=limit)
            if not done:
                return f"no answer within {limit:g} s"
            if asking.cancelled():
                return "the probe was cancelled"
            error = asking.exception()
            return None if error is None else _reason(error)
        finally:
            await _cancel(asking)

    async def _supervise(self) -> None:
        deaths = 0
        while True:
            lived_from = time.monotonic()
            if self._process is not None:
                status = await self._watch(self._process)
                self._change(ProcessState.WAITING)
                output = await self._end_after_death()
                log.error("process died", process=self.name, status=status, output="\n".join(output))
            deaths = 0 if time.monotonic() - lived_from > STEADY_AFTER else deaths
            self._change(ProcessState.WAITING)
            delay = self._restart_delays[min(deaths, len(self._restart_delays) - 1)]
            await asyncio.sleep(0 if deaths == 0 and self._is_urgent() else delay)
            deaths += 1
            self.restarts += 1
            try:
                await self._launch()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next try may succeed
                said = error.output if isinstance(error, ProcessError) else ()
                log.error(
                    "process not restarted",
                    process=self.name,
                    reason=_reason(error),
                    output="\n".join(said),
                )

    async def _stop_watching(self) -> None:
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is not None:
            await _cancel(supervisor)

    async def _watch(self, process: Program) -> int:
        """Wait for the program's end, and bring it about when it no longer answers."""
        prober = asyncio.create_task(self._probe(process), name=f"probe {self.name}")
        try:
            return await process.wait()
        finally:
            await _cancel(prober)

    async def _probe(self, process: Program) -> None:
        failures: list[str] = []
        while self._probe_interval is not None and len(failures) < 2:
            await asyncio.sleep(self._probe_interval)
            reason = await self._ask(self._probe_limit)
            failures = [] if reason is None else [*failures, reason]
        if failures:
            log.error("process hangs", process=self.name, pid=process.pid, reason=failures[-1])
            _signal_group(process, signal.SIGKILL)

    async def _end_after_death(self) -> tuple[str, ...]:
        """As `_end`, whatever goes wrong: what is left of one that died is ended with the next."""
        output = self._output
        try:
            return await self._end()
        except Exception as error:  # noqa: BLE001 - nobody would start it again
            log.error("what a process had started not ended", process=self.name, reason=_reason(error))
            self._output = None
            return () if output is None else output.close()

    async def _end(self) -> tuple[str, ...]:
        """End what runs, if anything does, and what it has started. Returns what it wrote last."""
        process, self._process = self._process, None
        if process is not None:
            await self._terminate(process)
            left = await asyncio.to_thread(reaping.end, self._mark, process.pid)
            if left:
                log.warning("what a process had started killed", process=self.name, processes=left)
            if self._watchdog is not None:
                self._watchdog.note_end()
        output, self._output = self._output, None
        return () if output is None else output.close()

    async def _terminate(self, process: Program) -> None:
        if process.returncode is not None:
            return
        _signal_group(process, signal.SIGTERM)
        try:
            async with asyncio.timeout(self._stop_limit):
                await process.wait()
                while _signal_group(process, None):  # noqa: ASYNC110 - the kernel wakes nobody when a group ends
                    await asyncio.sleep(GROUP_INTERVAL)
        except TimeoutError:
            log.warning(
                "process killed", process=self.name, reason=f"still there after {self._stop_limit:g} s"
            )
            _signal_group(process, signal.SIGKILL)
            await process.wait()

    def _change(self, state: ProcessState) -> None:
        if state is not self._state:
            self._state = state
            for listener in self._listeners:
                listener()


async def _tell(process: Program, order: Order) -> None:
    if isinstance(order, signal.Signals):
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(order)
    else:
        await order()


def _signal_group(process: Program, number: signal.Signals | None) -> bool:
    """Send a signal, or with None nothing, to the program and its children. Whether there are any."""
    try:
        os.killpg(process.pid, number or 0)
    except ProcessLookupError:
        return False
    return True


def _reason(error: BaseException) -> str:
    return str(error) if isinstance(error, ProcessError) else f"{type(error).__name__}: {error}".rstrip(": ")


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
