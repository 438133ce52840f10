"""Programs that are run to their end, such as ffmpeg."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from switchroom.engines.ffmpeg.command import ProgramFailed, ProgramMissing, run
from tests.engines.waiting import until

_LIMIT = 30.0


def _runs(file: Path) -> bool:
    """Whether the program that has written its number into the file still runs; one that was ended before it
    had done so does not."""
    if not file.exists() or not file.read_text().strip():
        return False
    stat = Path(f"/proc/{file.read_text().strip()}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Sequence[subprocess.Popen[bytes]]:
    """The programs that the test starts."""
    started: list[subprocess.Popen[bytes]] = []

    class Kept(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Kept)
    return started


async def test_a_program_runs_in_its_directory_to_its_end(tmp_path: Path) -> None:
    await run(["sh", "-c", "exec 2>&-; sleep 0.1; pwd > where"], limit=_LIMIT, directory=tmp_path)
    assert (tmp_path / "where").read_text() == f"{tmp_path}\n"


async def test_what_it_said_last_is_told_when_it_fails(tmp_path: Path) -> None:
    command = ["sh", "-c", "yes long | head -c 100000 >&2; echo in vain >&2; exit 3"]
    with pytest.raises(ProgramFailed, match=r"sh ended with status 3: .* in vain$"):
        await run(command, limit=_LIMIT, directory=tmp_path)
    with pytest.raises(ProgramMissing):
        await run(["no-such-program"], limit=_LIMIT, directory=tmp_path)


async def test_it_is_ended_when_it_takes_too_long(
    tmp_path: Path, started: Sequence[subprocess.Popen[bytes]]
) -> None:
    with pytest.raises(ProgramFailed, match=r"did not end within 1 s"):
        await run(["sleep", "600"], limit=1, directory=tmp_path)
    (process,) = started
    assert process.poll() is not None


async def test_it_is_ended_when_nobody_waits_for_it_any_more(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo $$ > number; exec sleep 600"]
    running = asyncio.create_task(run(command, limit=_LIMIT, directory=tmp_path))
    number = tmp_path / "number"
    await until(lambda: number.exists() and number.read_text().endswith("\n"))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not _runs(number)


async def test_it_is_ended_when_nobody_waits_for_its_start(
    tmp_path: Path, started: Sequence[subprocess.Popen[bytes]]
) -> None:
    running = asyncio.create_task(run(["sleep", "600"], limit=_LIMIT, directory=tmp_path))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    # Were it not ended, it would be started after this only.
    await until(lambda: bool(started))
    (process,) = started
    if process.poll() is None:
        process.kill()
        pytest.fail("it still ran")
