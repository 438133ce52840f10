"""A supervised child process: ready, dead, restarted, stopped, and never left behind."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from switchroom.engines import reaping
from switchroom.engines.supervisor import ProcessError, ProcessState, SupervisedProcess
from tests.engines.waiting import until

PROGRAM = """
import pathlib, signal, sys, time
ready, stubborn = pathlib.Path(sys.argv[1]), sys.argv[2] == "stubborn"
if stubborn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
ready.write_text("ready")
time.sleep(60)
"""


def program(ready: Path, manner: str = "obedient", **options: Any) -> SupervisedProcess:
    """A program that says it is ready by making a file."""

    async def is_ready() -> None:
        await until(lambda: took(ready))

    options.setdefault("restart_delays", (0.0, 0.05))
    options.setdefault("ready_limit", 60.0)
    return SupervisedProcess(
        "sleeper",
        [sys.executable, "-c", PROGRAM, str(ready), manner],
        ready=is_ready,
        **options,
    )


def took(file: Path) -> bool:
    """Whether the file was there; it no longer is."""
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    return True


def says_nothing() -> Callable[[], Awaitable[None]]:
    async def never() -> None:
        await asyncio.Event().wait()

    return never


async def test_it_is_ready_when_start_returns_and_gone_when_stop_does(tmp_path: Path) -> None:
    process = program(tmp_path / "ready")
    await process.start()
    pid = process.pid
    assert pid is not None
    assert process.state is ProcessState.READY
    assert psutil.Process(pid).cmdline()[1] == "-c"
    await process.stop()
    assert process.pid is None
    assert not psutil.pid_exists(pid)


async def test_it_is_started_again_each_time_it_dies(tmp_path: Path) -> None:
    process = program(tmp_path / "ready")
    await process.start()
    seen: set[int] = set()
    for _ in range(3):
        pid = process.pid
        assert pid is not None
        seen.add(pid)
        os.kill(pid, signal.SIGKILL)
        await until(lambda: process.state is ProcessState.READY and process.pid not in (None, *seen))
    await process.stop()
    assert len(seen) == 3


async def test_the_first_restart_has_no_delay_where_it_is_urgent(tmp_path: Path) -> None:
    process = program(tmp_path / "ready", restart_delays=(3600.0,), is_urgent=lambda: True)
    await process.start()
    died = process.pid
    assert died is not None
    os.kill(died, signal.SIGKILL)
    await until(lambda: process.state is ProcessState.READY and process.pid not in (None, died))
    await process.stop()


@contextmanager
def no_descriptors() -> Generator[None]:
    """This process gets no more of them while the block runs; those that it has stay."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("rounds", [500, 2])
async def test_it_is_started_again_after_it_died_in_a_flood(
    rounds: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood of connections takes all descriptors for a while: too short to give up looking for what the
    program has started, or longer than that."""
    monkeypatch.setattr(reaping, "_ROUNDS", rounds)
    process = program(tmp_path / "ready")
    await process.start()
    died = process.pid
    assert died is not None
    with no_descriptors():
        os.kill(died, signal.SIGKILL)
        await until(lambda: process.state is ProcessState.WAITING)
        await asyncio.sleep(0.3)  # the looking fails meanwhile
    await until(lambda: process.state is ProcessState.READY and process.pid not in (None, died))
    await process.stop()


async def test_what_does_not_listen_to_sigterm_is_killed(tmp_path: Path) -> None:
    process = program(tmp_path / "ready", "stubborn", stop_limit=0.2)
    await process.start()
    pid = process.pid
    assert pid is not None
    async with asyncio.timeout(60):
        await process.stop()
    assert not psutil.pid_exists(pid)


async def test_a_program_that_is_not_installed(tmp_path: Path) -> None:
    process = SupervisedProcess("nothing", ["no-such-program"], ready=says_nothing())
    with pytest.raises(ProcessError, match="not installed"):
        await process.start()


async def test_a_program_that_ends_at_once(tmp_path: Path) -> None:
    process = SupervisedProcess("short", [sys.executable, "-c", "exit(3)"], ready=says_nothing())
    with pytest.raises(ProcessError, match="status 3"):
        await process.start()
    assert process.state is ProcessState.STOPPED


async def test_a_program_that_is_never_ready_is_ended(tmp_path: Path) -> None:
    process = SupervisedProcess("mute", ["sleep", "60"], ready=says_nothing(), ready_limit=0.2)
    with pytest.raises(ProcessError, match="not ready"):
        await process.start()
    assert process.pid is None


async def test_what_no_longer_answers_is_killed_and_started_again(tmp_path: Path) -> None:
    answers = True

    async def answer() -> None:
        await until(lambda: answers)

    process = SupervisedProcess(
        "hanging", ["sleep", "60"], ready=answer, probe_interval=0.05, probe_limit=0.1, restart_delays=(0.0,)
    )
    await process.start()
    first = process.pid
    answers = False
    await until(lambda: process.pid != first)
    answers = True
    await until(lambda: process.state is ProcessState.READY and process.pid not in (None, first))
    await process.stop()


async def test_the_program_dies_with_its_parent(tmp_path: Path) -> None:
    ready, pid_file = tmp_path / "ready", tmp_path / "pid"
    parent = f"""
import asyncio, pathlib
from tests.engines.test_supervisor import program
async def main():
    process = program(pathlib.Path({str(ready)!r}))
    await process.start()
    pathlib.Path({str(pid_file)!r}).write_text(str(process.pid))
    await asyncio.Event().wait()
asyncio.run(main())
"""
    running = await asyncio.create_subprocess_exec(sys.executable, "-c", parent)
    await until(lambda: pid_file.exists() and pid_file.read_text() != "")
    pid = int(pid_file.read_text())
    assert psutil.pid_exists(pid)
    running.kill()
    await running.wait()
    await until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


class Probe:
    """A probe that raises or does what it is told."""

    def __init__(self) -> None:
        self.asked = 0
        self.problem: BaseException | None = None

    async def __call__(self) -> None:
        self.asked += 1
        if self.problem is not None:
            raise self.problem


@pytest.mark.parametrize(
    "problem", [RuntimeError("unexpected"), asyncio.CancelledError(), ExceptionGroup("some", [ValueError()])]
)
async def test_what_a_probe_raises_does_not_end_the_watching(problem: BaseException) -> None:
    probe = Probe()
    process = SupervisedProcess(
        "probed", ["sleep", "60"], ready=probe, probe_interval=0.02, restart_delays=(0.0,)
    )
    await process.start()
    for times in (1, 2):
        before = process.pid
        probe.problem = problem
        await until(lambda before=before: process.pid not in (None, before))
        probe.problem = None
        await until(lambda times=times: process.state is ProcessState.READY and process.restarts == times)
        assert process.pid not in (None, before)
    asked = probe.asked
    await until(lambda: probe.asked > asked + 2)
    assert process.restarts == 2
    await process.stop()


async def test_a_single_failure_of_a_probe_is_forgiven() -> None:
    probe = Probe()
    process = SupervisedProcess("probed", ["sleep", "60"], ready=probe, probe_interval=0.02)
    await process.start()
    first = process.pid
    for _ in range(3):
        asked, probe.problem = probe.asked, RuntimeError("once")
        await until(lambda asked=asked: probe.asked > asked)
        asked, probe.problem = probe.asked, None
        await until(lambda asked=asked: probe.asked > asked + 1)
    assert process.pid == first
    await process.stop()


async def test_a_probe_that_raises_is_asked_again_while_the_program_starts() -> None:
    probe = Probe()
    probe.problem = ConnectionRefusedError("not yet")
    process = SupervisedProcess("probed", ["sleep", "60"], ready=probe)
    starting = asyncio.create_task(process.start())
    await until(lambda: probe.asked >= 3)
    probe.problem = None
    await starting
    assert process.state is ProcessState.READY
    await process.stop()


async def test_what_the_probe_said_last_is_in_the_error() -> None:
    probe = Probe()
    probe.problem = ConnectionRefusedError("not yet")
    process = SupervisedProcess("probed", ["sleep", "60"], ready=probe, ready_limit=0.2)
    with pytest.raises(ProcessError, match=r"not ready within 0.2 s \(ConnectionRefusedError: not yet\)"):
        await process.start()
    assert process.state is ProcessState.STOPPED


RELOADS = """
import pathlib, signal, sys, time
source, copy = map(pathlib.Path, sys.argv[1:])
def read(*_):
    copy.write_text(source.read_text())
signal.signal(signal.SIGHUP, read)
read()
while True:
    time.sleep(60)
"""


def reader(directory: Path, **options: Any) -> tuple[SupervisedProcess, Path, Path]:
    """A program that copies its configuration when it reads it; ready as soon as the copy is there."""
    source, copy = directory / "source", directory / "copy"

    async def is_ready() -> None:
        await until(lambda: copy.exists() and copy.read_text() == source.read_text())

    command = [sys.executable, "-c", RELOADS, str(source), str(copy)]
    return SupervisedProcess("reader", command, ready=is_ready, ready_limit=60.0, **options), source, copy


async def test_a_reload_by_signal(tmp_path: Path) -> None:
    process, source, copy = reader(tmp_path, reload=signal.SIGHUP)
    source.write_text("first")
    await process.start()
    pid = process.pid
    source.write_text("second")
    await process.reload()
    assert copy.read_text() == "second"
    assert process.pid == pid
    await process.stop()
    with pytest.raises(ProcessError, match="not running"):
        await process.reload()


async def test_a_reload_by_command(tmp_path: Path) -> None:
    async def command() -> None:
        telling = await asyncio.create_subprocess_exec("kill", "-HUP", str(process.pid))
        assert await telling.wait() == 0

    process, source, copy = reader(tmp_path, reload=command)
    source.write_text("first")
    await process.start()
    source.write_text("second")
    await process.reload()
    assert copy.read_text() == "second"
    await process.stop()


async def test_a_reload_that_fails_is_said_and_the_program_is_still_watched(tmp_path: Path) -> None:
    async def command() -> None:
        raise ConnectionRefusedError("no control interface")

    process, source, _ = reader(tmp_path, reload=command)
    source.write_text("first")
    await process.start()
    with pytest.raises(ProcessError, match="reader was not reloaded: ConnectionRefusedError"):
        await process.reload()
    pid = process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await until(lambda: process.state is ProcessState.READY and process.pid not in (None, pid))
    await process.stop()


DRAINS = """
import pathlib, signal, sys, time
ready, work, log = map(pathlib.Path, sys.argv[1:])
told = []
signal.signal(signal.SIGUSR2, lambda *_: told.append("nothing new"))
signal.signal(signal.SIGTERM, lambda *_: (log.write_text("terminated"), sys.exit()))
ready.touch()
while not (told and not work.exists()):
    time.sleep(0.01)
log.write_text("done")
"""


class Worker:
    """A program with work under way for as long as a file is there; told to drain, it ends after that."""

    def __init__(self, directory: Path, **options: Any) -> None:
        self.work, self.log, ready = directory / "work", directory / "log", directory / "ready"
        self.work.touch()

        async def is_ready() -> None:
            await until(ready.exists)

        self.process = SupervisedProcess(
            "worker",
            [sys.executable, "-c", DRAINS, str(ready), str(self.work), str(self.log)],
            ready=is_ready,
            ready_limit=60.0,
            stop_limit=60.0,
            restart_delays=(0.0,),
            **options,
        )


async def test_what_drains_by_a_signal_ends_when_its_work_is_done(tmp_path: Path) -> None:
    worker = Worker(tmp_path, drain=signal.SIGUSR2)
    await worker.process.start()
    draining = asyncio.create_task(worker.process.drain(600.0))
    await until(lambda: worker.process.state is ProcessState.DRAINING)
    assert not worker.log.exists()
    worker.work.unlink()
    async with asyncio.timeout(60):
        await draining
    assert worker.log.read_text() == "done"
    assert worker.process.state is ProcessState.STOPPED
    assert worker.process.restarts == 0


async def test_what_drains_by_a_command_is_stopped_when_the_command_returns(tmp_path: Path) -> None:
    async def nothing_left() -> None:
        await until(lambda: not worker.work.exists())

    worker = Worker(tmp_path, drain=nothing_left)
    await worker.process.start()
    draining = asyncio.create_task(worker.process.drain(600.0))
    await until(lambda: worker.process.state is ProcessState.DRAINING)
    worker.work.unlink()
    async with asyncio.timeout(60):
        await draining
    assert worker.log.read_text() == "terminated"


async def test_what_is_not_drained_in_time_is_stopped(tmp_path: Path) -> None:
    worker = Worker(tmp_path, drain=signal.SIGUSR2)
    await worker.process.start()
    await worker.process.drain(0.1)
    assert worker.log.read_text() == "terminated"
    assert worker.process.pid is None


async def test_each_change_of_state_is_told(tmp_path: Path) -> None:
    process = program(tmp_path / "ready")
    states: list[str] = []
    process.on_change(lambda: states.append(process.state.value))
    await process.start()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    await until(lambda: process.restarts == 1 and process.state is ProcessState.READY)
    await process.stop()
    assert states == ["starting", "ready", "waiting", "starting", "ready", "stopped"]
