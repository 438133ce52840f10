"""What a supervised program has started ends with it, whatever ends it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from switchroom.engines.supervisor import ProcessState
from tests.engines.programs import RELATIVES, alive, family, relatives
from tests.engines.waiting import until


async def test_stopping_ends_all_of_them(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    process = family(tmp_path, pids, stop_limit=0.2)
    await process.start()
    started = relatives(pids)
    assert len(started) == RELATIVES
    assert all(alive(pid) for pid in started)
    await process.stop()
    assert not [pid for pid in started if alive(pid)]


async def test_a_death_ends_all_of_them_before_the_program_is_started_again(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    process = family(tmp_path, pids, stop_limit=0.2)
    await process.start()
    first = relatives(pids)
    pids.unlink()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    await until(lambda: process.state is ProcessState.READY and process.restarts == 1)
    assert not [pid for pid in first if alive(pid)]
    second = relatives(pids)
    assert all(alive(pid) for pid in second)
    await process.stop()
    assert not [pid for pid in second if alive(pid)]


@pytest.mark.parametrize("watchdog_lost", [False, True], ids=["as started", "with a watchdog killed before"])
async def test_a_supervisor_that_is_killed_leaves_none_of_them(tmp_path: Path, watchdog_lost: bool) -> None:
    pids, ready = tmp_path / "pids", tmp_path / "ready"
    parent = f"""
import asyncio, pathlib
from tests.engines.programs import family
async def main():
    process = family(pathlib.Path({str(tmp_path)!r}), pathlib.Path({str(pids)!r}))
    await process.start()
    while True:
        new = pathlib.Path({str(tmp_path / "new")!r})
        new.write_text(f"{{process.pid}} {{process.restarts}}")
        new.replace({str(ready)!r})
        await asyncio.sleep(0.01)
asyncio.run(main())
"""
    running = await asyncio.create_subprocess_exec(sys.executable, "-c", parent)

    def started(restarts: int) -> bool:
        return ready.exists() and ready.read_text().endswith(f" {restarts}")

    await until(lambda: started(0))
    if watchdog_lost:
        (watchdog,) = [
            one for one in psutil.Process(running.pid).children() if "watchdog.sh" in str(one.cmdline())
        ]
        watchdog.kill()
        pids.unlink()
        os.kill(int(ready.read_text().split()[0]), signal.SIGKILL)
        await until(lambda: started(1) and len(relatives(pids)) == RELATIVES)
    left = {int(ready.read_text().split()[0]), *relatives(pids)}
    assert all(alive(pid) for pid in left)
    running.kill()
    await running.wait()
    await until(lambda: not any(alive(pid) for pid in left))


async def test_no_watchdog_is_left_behind(tmp_path: Path) -> None:
    before = set(psutil.Process().children())
    process = family(tmp_path, tmp_path / "pids", stop_limit=0.1)
    await process.start()
    assert len(set(psutil.Process().children()) - before) == 2
    await process.stop()
    assert set(psutil.Process().children()) <= before
