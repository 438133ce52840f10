"""Programs that are started: by no copy of this process, which the event loop would wait for."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from switchroom.engines import program
from switchroom.engines.engine import Engine
from switchroom.engines.ffmpeg.command import run
from switchroom.engines.supervisor import SupervisedProcess
from switchroom.platform import loop

_forks: list[int] = []
os.register_at_fork(before=lambda: _forks.append(os.getpid()))


async def _runs_to_its_end(directory: Path) -> None:
    await run(["true"], limit=30, directory=directory)


async def _is_supervised(_directory: Path) -> None:
    async def ready() -> None:
        pass

    supervised = SupervisedProcess("sleeper", ["sleep", "600"], ready=ready)
    await supervised.start()
    await supervised.stop()


async def _tells_its_version(directory: Path) -> None:
    class Python(Engine):
        name, title, packages, without = "python", "python", (), ""

        @property
        def version_arguments(self) -> dict[str, str]:
            return {sys.executable: "--version"}

    (version,) = (await Python(directory, ()).versions()).values()
    assert version.strip().startswith("3.")


@pytest.mark.parametrize("use", [_runs_to_its_end, _is_supervised, _tells_its_version])
def test_no_copy_of_this_process_is_made(tmp_path: Path, use: Callable[[Path], Awaitable[None]]) -> None:
    async def using() -> None:
        await use(tmp_path)

    before = len(_forks)
    loop.run(using())
    assert _forks[before:] == []


async def test_its_end_is_told_to_all_who_wait_and_to_who_comes_later() -> None:
    ended = await program.start(("sh", "-c", "exit 3"))
    assert await ended.wait() == 3
    assert (await ended.wait(), ended.returncode) == (3, 3)
    ended.kill()
    killed = await program.start(("sleep", "600"))
    assert killed.returncode is None
    killed.kill()
    assert await killed.wait() == -9
    with pytest.raises(FileNotFoundError):
        await program.start(("no-such-program",))


async def test_one_that_cannot_be_followed_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Kept(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    def no_descriptor_left(_pid: int) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(subprocess, "Popen", Kept)
    monkeypatch.setattr(os, "pidfd_open", no_descriptor_left)
    with pytest.raises(OSError, match="Too many open files"):
        await program.start(("sleep", "600"))
    assert [one.returncode for one in started] == [-9]


async def test_a_cancelled_start_that_fails_is_cancelled() -> None:
    starting = asyncio.create_task(program.start(("no-such-program",)))
    await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
