"""Small real programs to be supervised, each a script in its own file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import psutil

from switchroom.engines.supervisor import SupervisedProcess
from tests.engines.waiting import until

FAMILY = """
import os, pathlib, signal, sys, time
pids = pathlib.Path(sys.argv[1])
signal.signal(signal.SIGTERM, signal.SIG_IGN)

def child(*, group=False, session=False, bare=False):
    if os.fork() == 0:
        if group:
            os.setpgid(0, 0)
        if session:
            os.setsid()
            if os.fork() != 0:
                os._exit(0)
        with pids.open("a") as file:
            file.write(f"{os.getpid()}\\n")
        if bare:
            os.execve("/bin/sleep", ["sleep", "60"], {})
        time.sleep(60)
        os._exit(0)

child()
child(group=True)
child(session=True)
child(bare=True)
time.sleep(60)
"""
"""Starts four that do not listen to SIGTERM: a child, one in a group of its own, a daemon, and one without an
environment. Their process ids go into a file."""

RELATIVES = 4


def written(directory: Path, name: str, text: str) -> Path:
    """A script of that name."""
    path = directory / f"{name}.py"
    path.write_text(text)
    return path


def relatives(pids: Path) -> set[int]:
    """The processes of a family that are in its file so far."""
    return {int(line) for line in pids.read_text().splitlines()} if pids.exists() else set()


def alive(pid: int) -> bool:
    try:
        return lives(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return False


def lives(process: psutil.Process) -> bool:
    """Whether it does; one that has ended may wait for init to be told."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def family(directory: Path, pids: Path, **options: Any) -> SupervisedProcess:
    """A family that is ready when all are there."""

    async def all_there() -> None:
        await until(lambda: len(relatives(pids)) >= RELATIVES)

    return SupervisedProcess(
        "family",
        [sys.executable, str(written(directory, "family", FAMILY)), str(pids)],
        ready=all_there,
        ready_limit=60.0,
        restart_delays=(0.05,),
        **options,
    )
