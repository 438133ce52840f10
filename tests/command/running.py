"""Runs the command `switchroom` as its user would."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx
from msgspec import Struct

from switchroom.settings import TelephonySettings
from tests import plain_http
from tests.command.forked import carry_out
from tests.forking import forkserver
from tests.ports import free_port

COMMAND = str(Path(sys.executable).with_name("switchroom"))
LIMIT = 90.0


class Running(Struct, frozen=True):
    """A platform that answers at `base_url`, with what it printed so far in `output`."""

    process: subprocess.Popen[bytes]
    base_url: str
    output: Path

    def stop(self) -> int:
        """Ask it to end, and wait. Returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LIMIT)


def run(*arguments: str, program: Sequence[str] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end. What serves, and another program than the command, loads all it needs
    itself; other commands are in a process that is forked from one that has loaded them."""
    environment = {**os.environ, **environment}
    if program or arguments[0] in ("serve", "up"):
        return subprocess.run(
            [*(program or (COMMAND,)), *arguments],
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
            env=environment,
        )
    with tempfile.TemporaryDirectory() as place:
        written = Path(place) / "output", Path(place) / "errors"
        given = (arguments, environment, _umask(), *written)
        process = forkserver().Process(target=carry_out, args=given, daemon=True)
        process.start()
        process.join(LIMIT)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(arguments, LIMIT)
        output, errors = (path.read_text("utf-8") for path in written)
        return subprocess.CompletedProcess(arguments, process.exitcode, output, errors)


def _umask() -> int:
    (line,) = re.findall(r"^Umask:\s+(\d+)$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(line, 8)


@contextmanager
def running(
    data: Path,
    *arguments: str,
    command: str = "up",
    port: int = 0,
    program: Sequence[str] = (COMMAND,),
    telephony: TelephonySettings | None = None,
    **environment: str,
) -> Generator[Running]:
    """`switchroom up` (or `serve`) on `data`, ready; ended with the block. Without telephones, unless their
    ports are said: tests run side by side."""
    port = port or free_port()
    output = data.parent / f"{data.name}-{port}.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [*program, command, "--data", str(data), "--port", str(port), *arguments],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **_telephones(telephony), **environment},
        )
    try:
        base_url = f"http://127.0.0.1:{port}"
        wait_ready(base_url, process, output)
        yield Running(process, base_url, output)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(LIMIT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(LIMIT)


def _telephones(telephony: TelephonySettings | None) -> dict[str, str]:
    if telephony is None:
        return {"SWITCHROOM_TELEPHONY_ENABLED": "false"}
    return {
        "SWITCHROOM_TELEPHONY_SIP_PORT": str(telephony.sip_port),
        "SWITCHROOM_TELEPHONY_MEDIA_PORT_MIN": str(telephony.media_port_min),
        "SWITCHROOM_TELEPHONY_MEDIA_PORT_MAX": str(telephony.media_port_max),
    }


def until(condition: Callable[[], bool]) -> None:
    """Wait for the condition to hold."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def decisions(data: Path) -> int:
    """For how many people what moderators granted and revoked is written in the platform's own database."""
    with closing(sqlite3.connect(data / "switchroom.db")) as database:
        return database.execute("SELECT count(*) FROM room_overrides").fetchone()[0]


def wait_ready(base_url: str, process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        time.sleep(0.03)
        if not _listens(base_url):
            continue
        with suppress(httpx.TransportError):
            if plain_http.get(f"{base_url}/health/ready", timeout=2).status_code == 200:
                return
    raise AssertionError(f"the platform did not become ready:\n{output.read_text()}")


def _listens(base_url: str) -> bool:
    """Whether anybody does; asking by HTTP takes a hundred times as much of a processor."""
    _, _, port = base_url.rpartition(":")
    with socket.socket() as stream:
        return stream.connect_ex(("127.0.0.1", int(port))) == 0
