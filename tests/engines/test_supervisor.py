"""A supervised child process: ready, dead, restarted, stopped, and never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

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

    return SupervisedProcess(
        "sleeper",
        [sys.executable, "-c", PROGRAM, str(ready), manner],
        ready=is_ready,
        restart_delays=(0.0, 0.05),
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
        await until(lambda: process.state is ProcessState.READY and process.pid not in seen)
    await process.stop()
    assert len(seen) == 3


async def test_what_does_not_listen_to_sigterm_is_killed(tmp_path: Path) -> None:
    process = program(tmp_path / "ready", "stubborn", stop_limit=0.2)
    await process.start()
    pid = process.pid
    assert pid is not None
    began = time.monotonic()
    await process.stop()
    assert time.monotonic() - began < 5
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
    await until(lambda: process.state is ProcessState.READY)
    assert process.pid not in (None, first)
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
