"""A PostgreSQL server of the distribution, in a directory of its own, for as long as the tests run."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

_LIMIT = 60


class PostgresqlMissingError(Exception):
    """PostgreSQL is not installed."""


@contextmanager
def postgresql_server() -> Generator[str]:
    """The address of a running server's empty database, without the scheme: `user@host:port/name`.

    PostgreSQL refuses to run as root; for root it runs as the user `postgres`.
    """
    binaries = _binaries()
    directory = Path(tempfile.mkdtemp(prefix="switchroom-pg-", dir="/tmp"))
    try:
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(directory, owner.pw_uid, owner.pw_gid)
        data, port = directory / "data", free_port()
        _run(binaries / "initdb", "-D", data, "-U", "switchroom", "-A", "trust", "-E", "UTF8", "--no-locale")
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -k {directory} -c fsync=off -c max_connections=200"
        )
        _run(
            binaries / "pg_ctl",
            "-D",
            data,
            "-l",
            directory / "log",
            "-w",
            "-t",
            _LIMIT,
            "-o",
            options,
            "start",
        )
        try:
            yield f"switchroom@127.0.0.1:{port}/postgres"
        finally:
            _run(binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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


async def new_database(server: str) -> str:
    """The address of an empty database beside the one that `server` names."""
    name = f"own_{uuid4().hex}"
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    return f"{server.rpartition('/')[0]}/{name}"
