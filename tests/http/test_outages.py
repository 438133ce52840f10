"""A database that is away, hangs, is locked or full: every API says so, nothing breaks, and all is well by
itself afterwards."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from switchroom.db import database
from switchroom.db.base import Base
from switchroom.platform.demo import Demo
from tests.command.running import running
from tests.http.calls import Call, answers, of_every_api, reason_of
from tests.plain_http import NO_CERTIFICATES
from tests.platform import RunningPlatform, running_platform
from tests.postgresql import PostgresqlServer

_LIMIT = 60.0
_BY_PASSWORD = "usernamePasswordCredentials"
_SMALL = 96 << 20
"""Bytes of a disk that PostgreSQL's own files have room on."""


class Served:
    """A platform, calls of each of its APIs, and what was logged so far."""

    def __init__(self, running: RunningPlatform, capfd: pytest.CaptureFixture[str]) -> None:
        self.running = running
        self.calls = of_every_api(running)
        self._capfd = capfd
        self.all_is_well()

    def all_is_well(self) -> None:
        """Waits for it: background work and connections come back within seconds."""
        deadline = time.monotonic() + _LIMIT
        while True:
            wrong = [one for one in self._seen() if one[1] >= 500]
            if not wrong:
                return
            assert time.monotonic() < deadline, wrong
            time.sleep(0.2)

    def says(self, *reasons: str, calls: Callable[[Call], bool] = lambda _: True) -> None:
        """All these calls are answered by 503 with one of the reasons, and the others so or well."""
        began = time.monotonic()
        found = answers(self.running.http, self.calls)
        print(f"{reasons}: all answered within {time.monotonic() - began:.1f} s")
        for call, answer in found:
            told = (call.method, call.path, answer.status_code, answer.text)
            if calls(call) or answer.status_code >= 500:
                assert answer.status_code == 503, told
                assert any(reason in reason_of(answer) for reason in reasons), told

    def is_unready(self, reason: str) -> None:
        answer = self.running.http.get("/health/ready")
        assert answer.status_code == 503
        assert reason in answer.json()["problems"]["database"]
        assert self.running.http.get("/health/live").status_code == 200

    def becomes_unready(self) -> str:
        """Write until the platform says that it cannot. Returns why."""
        deadline = time.monotonic() + _LIMIT
        while (ready := self.running.http.get("/health/ready")).status_code != 503:
            assert time.monotonic() < deadline, "it is ready still"
            found = [(call.path, one.status_code) for call, one in answers(self.running.http, self.calls)]
            assert [one for one in found if one[1] not in (200, 204, 403, 404, 409, 503)] == []
        return ready.json()["problems"]["database"]

    def has_logged_no_traceback(self) -> None:
        logged = self._capfd.readouterr().err
        assert "Traceback" not in logged, logged

    def _seen(self) -> Sequence[tuple[str, int, str]]:
        ready = self.running.http.get("/health/ready")
        found = [
            (call.path, one.status_code, one.text) for call, one in answers(self.running.http, self.calls)
        ]
        return [*found, ("/health/ready", ready.status_code, ready.text)]


@pytest.fixture(scope="module")
def disk() -> Generator[Path]:
    """A disk of its own that is small."""
    if os.geteuid():
        pytest.skip("only root can mount a small disk")
    path = Path(tempfile.mkdtemp(prefix="switchroom-disk-", dir="/tmp"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_SMALL}", "tmpfs", path], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=True)
        path.rmdir()


@contextmanager
def full(disk: Path) -> Generator[None]:
    """There is no room on the disk while the block runs."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        while True:
            try:
                os.write(file.fileno(), bytes(1 << 16))
            except OSError:
                break
    try:
        yield
    finally:
        ballast.unlink()


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[PostgresqlServer]:
    directory = Path(tempfile.mkdtemp(prefix="switchroom-pg-", dir="/tmp"))
    try:
        server = PostgresqlServer(directory)
        server.start()
        yield server
        if server.is_running:
            server.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for a lock waits for longer than the machine stands still before the server hangs."""
    monkeypatch.setattr(database, "LOCK_LIMIT", _LIMIT * 1000)


@pytest.fixture
def served(server: PostgresqlServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Generator[Served]:
    with running_platform(tmp_path, f"postgresql+asyncpg://{server.address}") as platform:
        served = Served(platform, capfd)
        yield served
        served.has_logged_no_traceback()


@pytest.mark.postgresql
def test_postgresql_is_stopped_and_starts(served: Served, server: PostgresqlServer) -> None:
    server.stop()
    served.says("the database cannot be reached")
    served.is_unready("the database cannot be reached")
    # As during a recovery: it listens, and takes nobody.
    signal = server.data / "standby.signal"
    signal.touch()
    server.start("hot_standby=off", until_ready=False)
    served.says("the database cannot be reached")
    served.is_unready("the database cannot be reached")
    signal.unlink()
    server.stop()
    server.start()
    served.all_is_well()


@pytest.mark.slow
@pytest.mark.postgresql
def test_postgresql_is_away_from_two_workers(tmp_path: Path, server: PostgresqlServer) -> None:
    """Each worker says so, and each is well by itself afterwards."""
    data, url = tmp_path / "var", f"postgresql+asyncpg://{server.address}"
    with running(data, "--demo", "--workers", "2", SWITCHROOM_DATABASE_URL=url) as platform:
        demo = msgspec.json.decode((data / "demo.json").read_bytes(), type=Demo)
        calls = 8 * _of_the_demo(demo)
        with httpx.Client(verify=NO_CERTIFICATES, base_url=platform.base_url, trust_env=False) as http:
            _until_answered(http, calls, {200})
            server.stop()
            _until_answered(http, calls, {503})
            told = {reason_of(answer) for _, answer in answers(http, calls)}
            assert len(told) == 1, told
            assert "the database cannot be reached" in told.pop()
            server.start()
            _until_answered(http, calls, {200})
        assert "Traceback" not in platform.output.read_text()


def _of_the_demo(demo: Demo) -> list[Call]:
    user = demo.users[0]
    credentials = {"username": user.username, "password": user.password}
    assert demo.webmeeting is not None
    return [
        Call("POST", "/json/v1/authenticationService/authenticate", {_BY_PASSWORD: credentials}),
        Call("GET", "/api/v6/account", headers={"x-api-key": demo.webmeeting.api_key}),
        Call("PUT", "/v3.0/auth/user", {"data": credentials}),
    ]


def _until_answered(http: httpx.Client, calls: Sequence[Call], statuses: set[int]) -> None:
    """Wait until all calls, which come to both workers, are answered so."""
    deadline = time.monotonic() + _LIMIT
    while (found := {answer.status_code for _, answer in answers(http, calls)}) != statuses:
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


@pytest.mark.postgresql
def test_postgresql_is_stopping(served: Served, server: PostgresqlServer) -> None:
    """It takes nobody any more while somebody's last session goes on."""
    with server.stopping():
        served.says("the database cannot be reached")
        served.is_unready("the database cannot be reached")
    server.start()
    served.all_is_well()


@pytest.mark.postgresql
@pytest.mark.usefixtures("patient")
def test_postgresql_hangs(served: Served, server: PostgresqlServer) -> None:
    """For those, too, who were in the middle of a transaction, and waited for a lock."""
    with server.session() as execute, ThreadPoolExecutor(1) as threads:
        execute("BEGIN; LOCK TABLE rooms IN ACCESS EXCLUSIVE MODE")
        making = [one for one in served.calls if one.path.endswith("roomService/create")]
        under_way = threads.submit(answers, served.running.http, making)
        server.until_somebody_waits_for_a_lock()
        with server.paused():
            served.says("the database cannot be reached", "the database is busy")
            served.is_unready("the database does not answer in time")
            ((_, made),) = under_way.result(_LIMIT)
        assert (made.status_code, reason_of(made)) == (503, "the database cannot be reached")
    served.all_is_well()


@pytest.mark.postgresql
def test_postgresql_is_locked(served: Served, server: PostgresqlServer) -> None:
    tables = ", ".join(Base.metadata.tables)
    with server.session() as execute:
        execute(f"BEGIN; LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")
        # There are more calls than connections: those behind wait for one as long as the others for the lock.
        served.says("the database is locked", "the database is busy")
        served.is_unready("the database does not answer in time")
    served.all_is_well()


def _writes(call: Call) -> bool:
    return call.writes


@pytest.mark.postgresql
def test_postgresql_has_a_full_disk(disk: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    directory = disk / "pg"
    directory.mkdir()
    server = PostgresqlServer(directory)
    server.start("max_wal_size=32MB", "wal_recycle=off")
    try:
        with running_platform(tmp_path, f"postgresql+asyncpg://{server.address}") as platform:
            served = Served(platform, capfd)
            with full(disk):
                served.becomes_unready()
                served.says("the database", calls=lambda _: False)
            served.all_is_well()
            served.has_logged_no_traceback()
    finally:
        if server.is_running:
            server.stop()
        shutil.rmtree(directory)


def test_sqlite_has_a_full_disk(disk: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = disk / "sqlite"
    data.mkdir()
    with running_platform(data) as platform:
        served = Served(platform, capfd)
        with full(disk):
            served.says("the database has no space left", calls=_writes)
            assert "the database has no space left" in served.becomes_unready()
        served.all_is_well()
        served.has_logged_no_traceback()
    shutil.rmtree(data)


def test_sqlite_is_locked(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_UNWRITTEN_FOR", 0.0)  # `/health/ready` tries to write each time
    with running_platform(tmp_path) as platform:
        served = Served(platform, capfd)
        with closing(sqlite3.connect(tmp_path / "switchroom.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            served.says("the database is locked", calls=_writes)
            served.is_unready("the database is locked")
        served.all_is_well()
        served.has_logged_no_traceback()
