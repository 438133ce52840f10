"""An engine with one line in the table: `doctor` looks at it, `up` runs it, health and metrics tell of it."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests import plain_http
from tests.command.running import Running, run, running, until
from tests.ports import telephones

pytestmark = pytest.mark.slow

WITH_MADE_UP = (sys.executable, "-m", "tests.engines.made_up")


def metric(platform: Running, name: str, **labels: str) -> float | None:
    """A figure of the platform's metrics."""
    wanted = ",".join(f'{key}="{value}"' for key, value in labels.items())
    text = plain_http.get(f"{platform.base_url}/metrics").text
    found = re.search(rf"^{name}{{{wanted}}} (.+)$", text, re.MULTILINE)
    return float(found[1]) if found else None


def made_up_server(platform: Running) -> psutil.Process:
    (server,) = [one for one in psutil.Process(platform.process.pid).children() if _is_made_up_server(one)]
    return server


def _is_made_up_server(process: psutil.Process) -> bool:
    try:
        return any("made_up_server.py" in part for part in process.cmdline())
    except psutil.NoSuchProcess:
        return False


def test_doctor_looks_at_it(tmp_path: Path) -> None:
    there = run("doctor", "--data", str(tmp_path), program=WITH_MADE_UP, MADE_UP_DIARY="unused")
    assert f"ok   made-up server: {sys.executable}\n" in there.stdout
    missing = run(
        "doctor",
        "--data",
        str(tmp_path),
        program=WITH_MADE_UP,
        MADE_UP_DIARY="unused",
        MADE_UP_EXECUTABLE="no-such-server",
    )
    assert (
        "FIX  made-up server: not installed (no-such-server); nothing is made up\n"
        "     Run: sudo apt-get install made-up-server made-up-tools\n"
    ) in missing.stdout


@pytest.mark.parametrize("workers", [1, 2])
def test_up_runs_it(tmp_path: Path, workers: int) -> None:
    diary = tmp_path / "diary"
    with running(
        tmp_path / "var",
        "--workers",
        str(workers),
        program=WITH_MADE_UP,
        MADE_UP_DIARY=str(diary),
        SWITCHROOM_LOG_LEVEL="debug",
    ) as platform:
        until(
            lambda: (
                plain_http.get(f"{platform.base_url}/health/ready").json()
                == {"status": "ready", "problems": {}}
            )
        )
        assert metric(platform, "switchroom_engine_state", engine="made-up", state="ready") == 1
        # One process without telephones has nobody to send messages to.
        told = metric(platform, "switchroom_engine_state", engine="nats", state="ready")
        assert told == (None if workers == 1 else 1)
        assert metric(platform, "switchroom_engine_restarts_total", engine="made-up") == 0
        os.kill(made_up_server(platform).pid, signal.SIGKILL)
        until(lambda: metric(platform, "switchroom_engine_restarts_total", engine="made-up") == 1)
        until(lambda: metric(platform, "switchroom_engine_state", engine="made-up", state="ready") == 1)
        assert platform.stop() == 0
        printed = platform.output.read_text()
    assert diary.read_text().splitlines() == ["made-up started", "made-up started", "made-up drained"]
    assert 'event="engine output" engine=made-up stream=stdout line=listening' in printed
    assert re.search(
        r'event="process died".* process=made-up status=-9 output=listening$', printed, re.MULTILINE
    )


@pytest.mark.kamailio
@pytest.mark.rtpengine
def test_up_runs_so_many_telephony_workers(tmp_path: Path) -> None:
    with (
        telephones() as telephony,
        running(tmp_path / "var", "--telephony-workers", "2", telephony=telephony) as platform,
    ):

        def workers_up() -> list[float | None]:
            return [metric(platform, "switchroom_telephony_worker_up", worker=one) for one in ("1", "2")]

        until(lambda: workers_up() == [1, 1])
        for engine in ("telephony-2", "nats"):
            assert metric(platform, "switchroom_engine_state", engine=engine, state="ready") == 1
        assert platform.stop() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_without_it_everything_else_works(tmp_path: Path, workers: int) -> None:
    with running(
        tmp_path / "var",
        "--workers",
        str(workers),
        program=WITH_MADE_UP,
        MADE_UP_DIARY=str(tmp_path / "diary"),
        MADE_UP_EXECUTABLE="no-such-server",
    ) as platform:
        problem = (
            "no-such-server is not installed; install it with: "
            "sudo apt-get install made-up-server made-up-tools"
        )
        ready = plain_http.get(f"{platform.base_url}/health/ready")
        assert ready.status_code == 200
        assert ready.json() == {"status": "degraded", "problems": {"made-up": problem}}
        assert platform.stop() == 0
        (line,) = [line for line in platform.output.read_text().splitlines() if "no-such-server" in line]
    assert f'event="engine not started" engine=made-up reason="{problem}"' in line
