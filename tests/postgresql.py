"""A PostgreSQL server of the distribution, in a directory of its own, for as long as the tests run."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psutil
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.ports import free_port

_LIMIT = 180


class PostgresqlMissingError(Exception):
    """PostgreSQL is not installed."""


class PostgresqlServer:
    """A server in a directory of its own, which can be ended, started again and paused.

    PostgreSQL refuses to run as root; for root it runs as the user `postgres`.
    """

    def __init__(self, directory: Path) -> None:
        self.data = directory / "data"
        self.port = free_port()
        self._directory = directory
        self._binaries = _binaries()
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(directory, owner.pw_uid, owner.pw_gid)
        program = self._binaries / "initdb"
        options = ("-U", "switchroom", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        _run(program, "-D", self.data, *options)

    @property
    def address(self) -> str:
        """Of the empty database, without the scheme: `user@host:port/name`."""
        return f"switchroom@127.0.0.1:{self.port}/postgres"

    def start(self, *options: str, until_ready: bool = True) -> None:
        """Start with further options, such as `hot_standby=off`."""
        given = ["listen_addresses=127.0.0.1", "fsync=off", "max_connections=200", *options]
        text = f"-p {self.port} -k {self._directory} " + " ".join(f"-c {one}" for one in given)
        wait = "-w" if until_ready else "-W"
        self._control("-l", self._directory / "log", wait, "-t", _LIMIT, "-o", text, "start")

    def stop(self, mode: str = "immediate", *, until_stopped: bool = True) -> None:
        self._control("-m", mode, "-w" if until_stopped else "-W", "stop")

    @property
    def is_running(self) -> bool:
        return (self.data / "postmaster.pid").exists()

    def until_stopped(self) -> None:
        deadline = time.monotonic() + _LIMIT
        while self.is_running:
            assert time.monotonic() < deadline, "it has not ended"
            time.sleep(0.05)

    @contextmanager
    def session(self) -> Generator[Callable[[str], None]]:
        """A session of somebody else, which carries out statements while the block runs."""
        command = [self._binaries / "psql", "-q", f"postgresql://{self.address}"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as psql:

            def execute(statement: str) -> None:
                assert psql.stdin is not None
                assert psql.stdout is not None
                psql.stdin.write(f"{statement}; SELECT 'done';\n")
                psql.stdin.flush()
                while "done" not in psql.stdout.readline():
                    assert psql.poll() is None, "psql ended"

            execute("SELECT")
            try:
                yield execute
            finally:
                psql.kill()

    @contextmanager
    def stopping(self) -> Generator[None]:
        """The server stops and takes nobody any more, but has not ended while the block runs: somebody's last
        session goes on."""
        with self.session() as execute:
            self.stop("smart", until_stopped=False)
            _until(lambda: not self._takes_sessions(), "it takes sessions still")
            execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            yield
        _until(lambda: not self.is_running, "it has not ended")

    def _takes_sessions(self) -> bool:
        command = [self._binaries / "psql", "-q", "-c", "SELECT", f"postgresql://{self.address}"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    @contextmanager
    def paused(self) -> Generator[None]:
        """The server hangs, with all its processes, while the block runs."""
        postmaster = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                process.resume()

    def until_somebody_waits_for_a_lock(self) -> None:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        command = [self._binaries / "psql", "-Atqc", asked, f"postgresql://{self.address}"]

        def waits() -> bool:
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout != "0\n"

        _until(waits, "nobody waits for a lock")

    def _control(self, *arguments: object) -> None:
        _run(self._binaries / "pg_ctl", "-D", self.data, *arguments)


def _until(probe: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _LIMIT
    while not probe():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@contextmanager
def postgresql_server(*options: str) -> Generator[str]:
    """The address of the empty database, without the scheme, of a server running with further options."""
    directory = Path(tempfile.mkdtemp(prefix="switchroom-pg-", dir="/tmp"))
    try:
        server = PostgresqlServer(directory)
        server.start(*options)
        try:
            yield server.address
        finally:
            server.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    if not found:
        raise PostgresqlMissingError("PostgreSQL is not installed; `make test` installs it")
    return found[-1].parent


def _run(*command: object) -> None:
    as_owner: Sequence[str] = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
    done = subprocess.run(
        [*as_owner, *map(str, command)],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if "initdb" in str(command[0]) else subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        timeout=_LIMIT,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {(done.stdout or b'').decode()}")


async def new_database(server: str, template: str = "template1") -> str:
    """The address of a new database beside the one that `server` names: a copy of the one called `template`,
    which is empty unless it is said."""
    name = f"own_{uuid4().hex}"
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    await engine.dispose()
    return f"{server.rpartition('/')[0]}/{name}"
