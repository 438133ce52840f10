"""Fixtures of all tests: a running platform on each database, and a fresh organization for each test."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import structlog

from tests.databases import make_tables
from tests.passwords import hash_with_little_work
from tests.platform import RunningPlatform, Tenant, running_platform
from tests.postgresql import new_database, postgresql_server


class _Lines:
    """Logger of tests, which writes to what is the standard output at the moment.

    `print` does not keep what it has looked up, and the interpreter crashes where another thread replaces it
    meanwhile: pytest does so between tests, and the platform runs in a thread.
    """

    def msg(self, message: str) -> None:
        stream = sys.stdout
        with suppress(ValueError):  # closed with the test
            stream.write(f"{message}\n")

    log = debug = info = warn = warning = err = error = critical = exception = fatal = failure = msg


def _lines(*_args: object) -> _Lines:
    return _Lines()


def pytest_configure() -> None:
    """Log by lines whose writing is safe beside pytest's own threads."""
    structlog.configure(logger_factory=_lines)
    hash_with_little_work()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs PostgreSQL: the tests of that database, and those that begin a server themselves."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        kinds = () if callspec is None else callspec.params.values()
        if "postgresql" in kinds or ("postgresql_url" in getattr(item, "fixturenames", ()) and not kinds):
            item.add_marker(pytest.mark.postgresql)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The address of an empty PostgreSQL database that the whole session shares."""
    with postgresql_server() as address:
        yield f"postgresql+asyncpg://{address}"


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningPlatform]:
    """The platform over HTTP, once on each database."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    with running_platform(
        tmp_path_factory.mktemp("data"), url, address_attempts=1_000_000, signup=True
    ) as platform:
        yield platform


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of SQLite with all tables and nothing in them, to be copied: making it takes longer."""
    file = tmp_path_factory.mktemp("tables") / "tables.db"
    make_tables(f"sqlite+aiosqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgresql_tables(postgresql_url: str) -> str:
    """The name of a database of PostgreSQL with all tables and nothing in them, to be copied."""
    with ThreadPoolExecutor(1) as threads:
        address = threads.submit(asyncio.run, new_database(postgresql_url)).result()
    make_tables(address)
    return address.rpartition("/")[2]


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database of the test's own, on each kind, with all tables and nothing in them."""
    if request.param == "sqlite":
        own = shutil.copy(request.getfixturevalue("sqlite_tables"), tmp_path / "own.db")
        return f"sqlite+aiosqlite:///{own}"
    tables = request.getfixturevalue("postgresql_tables")
    return await new_database(request.getfixturevalue("postgresql_url"), tables)


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of the test's own, on each kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'own.db'}"
    return await new_database(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def tenant(running: RunningPlatform) -> Tenant:
    """An organization of the test's own."""
    return running.organization()
