"""What a supervised program writes is kept, and never keeps it waiting."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import psutil
import pytest
import structlog
from structlog.testing import capture_logs

from switchroom.engines import output, supervisor
from switchroom.engines.output import LINES_A_SECOND, LINES_KEPT, LONGEST_LINE, PIPE_SIZE
from switchroom.engines.supervisor import ProcessError, ProcessState, SupervisedProcess
from tests.engines.waiting import until


@pytest.fixture(autouse=True)
def fresh_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (output, supervisor):
        monkeypatch.setattr(module, "log", structlog.stdlib.get_logger())


def writer(script: str, *arguments: object, done: Path | None = None, **options: Any) -> SupervisedProcess:
    """A program that runs a script, and is ready when a file is there."""

    async def ready() -> None:
        await until(lambda: done is not None and done.exists())

    options.setdefault("ready_limit", 60.0)
    return SupervisedProcess(
        "writer",
        [sys.executable, "-u", "-c", script, *map(str, arguments)],
        ready=ready,
        restart_delays=(60.0,),
        **options,
    )


def lines(logs: list[MutableMapping[str, Any]], stream: str) -> list[str]:
    return [
        entry["line"]
        for entry in logs
        if entry["event"] == "engine output" and entry["engine"] == "writer" and entry["stream"] == stream
    ]


async def test_each_line_goes_into_the_log_at_debug(tmp_path: Path) -> None:
    done = tmp_path / "done"
    script = """
import pathlib, sys, time
sys.stdout.write("one\\ntwo \\x1b[1mbold\\x1b[0m\\n\\xe4\\nhal")
sys.stdout.flush()
sys.stderr.write("wrong\\n")
sys.stdout.write("f")
pathlib.Path(sys.argv[1]).touch()
time.sleep(60)
"""
    with capture_logs() as logs:
        process = writer(script, done, done=done)
        await process.start()
        await process.stop()
    assert lines(logs, "stdout") == ["one", "two [1mbold[0m", "ä", "half"]
    assert lines(logs, "stderr") == ["wrong"]
    assert {entry["log_level"] for entry in logs if entry["event"] == "engine output"} == {"debug"}


async def test_the_last_lines_come_with_the_error_when_it_dies(tmp_path: Path) -> None:
    done, die = tmp_path / "done", tmp_path / "die"
    script = """
import pathlib, sys, time
done, die = map(pathlib.Path, sys.argv[1:])
done.touch()
while not die.exists():
    time.sleep(0.01)
for number in range(80):
    print("line", number)
sys.exit("it is over")
"""
    with capture_logs() as logs:
        process = writer(script, done, die, done=done)
        await process.start()
        die.touch()
        await until(
            lambda: process.state is ProcessState.WAITING and any(e["event"] == "process died" for e in logs)
        )
        await process.stop()
    (error,) = [entry for entry in logs if entry["event"] == "process died"]
    assert error["log_level"] == "error"
    assert error["status"] == 1
    said = error["output"].split("\n")
    assert len(said) == LINES_KEPT
    assert said[-3:] == ["line 78", "line 79", "it is over"]


async def test_the_last_lines_come_with_the_error_when_it_does_not_start() -> None:
    with pytest.raises(ProcessError, match=r"status 3: cannot bind$") as failed:
        await writer("import sys; print('trying'); print('cannot bind'); sys.exit(3)").start()
    assert failed.value.output == ("trying", "cannot bind")


FLOOD = """
import os, pathlib, sys, time
for _ in range(1000):
    os.write(1, sys.argv[2].encode() * (100_000 // len(sys.argv[2])))
pathlib.Path(sys.argv[1]).touch()
time.sleep(60)
"""


@pytest.mark.parametrize("text", ["x", "short\n"], ids=["in one line", "in short lines"])
async def test_a_flood_does_not_keep_the_program_waiting_and_has_a_bound(tmp_path: Path, text: str) -> None:
    done = tmp_path / "done"
    process = writer(FLOOD, done, text, done=done)
    before, began = psutil.Process().memory_info().rss, time.monotonic()
    with capture_logs() as logs:
        await process.start()
        await process.stop()
    assert psutil.Process().memory_info().rss - before < 40 * PIPE_SIZE
    logged = lines(logs, "stdout")
    if text == "x":
        assert logged == ["x" * LONGEST_LINE]
    else:
        assert logged[-1] == "short"
        assert len(logged) <= LINES_A_SECOND * (time.monotonic() - began + 2)
        left_out = sum(entry["lines"] for entry in logs if entry["event"] == "engine output left out")
        assert len(logged) + left_out == 1000 * (100_000 // len(text))


def block_loop(done: Path) -> None:
    """Give nothing else a turn until a file is there."""
    limit = time.monotonic() + 60
    while not done.exists():
        assert time.monotonic() < limit
        time.sleep(0.01)


async def test_a_loop_that_is_busy_does_not_keep_the_program_waiting(tmp_path: Path) -> None:
    begin, done = tmp_path / "begin", tmp_path / "done"
    script = """
import os, pathlib, sys, time
begin, done = map(pathlib.Path, sys.argv[1:])
while not begin.exists():
    time.sleep(0.01)
for _ in range(9):
    os.write(1, b"x" * 100_000 + b"\\n")
done.touch()
time.sleep(60)
"""
    process = writer(script, begin, done, done=done)
    starting = asyncio.create_task(process.start())
    await until(lambda: process.pid is not None)
    begin.touch()
    block_loop(done)
    await starting
    await process.stop()
