"""A connection to SQLite that goes to its thread only for what may wait.

aiosqlite goes there for the cursor, the statement, its rows, the closing, and the end of the transaction:
many times between two threads, and one such trip costs more than most statements. What may wait is the lock
that a write begins with, if another process has it, and the disk, which is synchronized when the write-ahead
log goes into the database file. That is done after every so many commits rather than by whichever commit
fills the log, so that it is known which ones take long: most of it by `Checkpoints`, beside further commits,
and what these add to the log by one of them. All else reads and writes memory, because readers of a
write-ahead log wait for nobody and lists are paged, and is done in place. A transaction begins with its first
statement.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, cast

import aiosqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

CHECKPOINT_EVERY = 200
"""Commits from one checkpoint to the next: some megabytes of log."""

LOCK_LIMIT = 10_000
"""Milliseconds to wait for another process' write."""

DRIVER = "driver"
"""The key of a session's `info` under which its connection is kept, as long as its one transaction."""

_READ, _WRITE = "BEGIN", "BEGIN IMMEDIATE"


class Checkpoints:
    """Copies the write-ahead log into the database file, in a thread and by a connection of its own, which
    holds up neither readers nor writers. A log that others go on filling meanwhile never begins anew; so
    whoever commits next copies the little that has come since, in their own transaction's lock."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._copied: Future[None] | None = None
        self._commits = 0

    def committed(self) -> None:
        """To be called after each commit."""
        self._commits += 1
        if self._commits >= CHECKPOINT_EVERY and self._copied is None:
            self._copied = self._thread.submit(self._copy)

    @property
    def is_copying(self) -> bool:
        return self._copied is not None and not self._copied.done()

    def is_rest_due(self) -> bool:
        """Whether the transaction that commits now is to copy the rest of the log. True once each time."""
        if self._copied is None or self.is_copying:
            return False
        self._copied, self._commits = None, 0
        return True

    def close(self) -> None:
        self._thread.shutdown()

    def _copy(self) -> None:
        # A copy that fails is made up for by the next, or by the last connection to close.
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(self._database)) as own:
            own.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


class _Cursor(aiosqlite.Cursor):
    """Makes, executes and reads out the cursor in one go; its rows wait here."""

    def __init__(self, connection: SqliteConnection) -> None:
        super().__init__(connection, cast("sqlite3.Cursor", None))
        self._do = connection.do
        self._begun = connection.begun
        self._rows: Sequence[Any] = ()

    async def __aenter__(self) -> _Cursor:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> _Cursor:
        def work() -> Sequence[Any]:
            self._cursor = cursor = self._begun().execute(sql, cast("Any", parameters or ()))
            return cursor.fetchall() if cursor.description else ()

        self._rows = await self._do(work)
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> _Cursor:
        def work() -> None:
            self._cursor = self._begun().executemany(sql, cast("Any", parameters))

        await self._do(work)
        return self

    async def fetchall(self) -> Sequence[Any]:
        return self._rows

    async def close(self) -> None:
        """A cursor that has been read to its end holds nothing."""
        self._rows = ()


class SqliteConnection(aiosqlite.Connection):
    checkpoints: Checkpoints
    _beginning: str | None = None
    _begins_log = True
    _patience = LOCK_LIMIT
    """Milliseconds for which SQLite waits for a lock, as it was last told: telling it costs a statement."""

    def cursor(self) -> _Cursor:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _Cursor(self)

    def begin(self, statement: str) -> None:
        """Run the BEGIN before the next statement."""
        self._beginning = statement

    def begun(self) -> sqlite3.Connection:
        """The connection, in the transaction that was to begin."""
        beginning, self._beginning = self._beginning, None
        if beginning is not None:
            self._be_patient(LOCK_LIMIT)
            self._conn.execute(beginning)
        return self._conn

    async def commit(self) -> None:
        self._beginning = None
        if not self.in_transaction:
            return
        copies_rest = self.checkpoints.is_rest_due()
        if copies_rest or self._begins_log:
            # The first after a checkpoint may begin the log anew, on disk.
            await super().commit()
            self._begins_log = False
        else:
            self._conn.commit()
        if copies_rest:
            # It is committed: what has no room in the file now is copied by the next.
            with contextlib.suppress(sqlite3.Error):
                await self._execute(self._checkpoint)  # pyright: ignore[reportUnknownMemberType]
            self._begins_log = True
        self.checkpoints.committed()

    async def rollback(self) -> None:
        """Forget what was written, which has not left memory but for the log's end."""
        self._beginning = None
        self._conn.rollback()

    async def do(self, work: Callable[[], Any]) -> Any:
        if self._beginning == _WRITE and self._locked_at_once():
            self._beginning = None
        if self._beginning != _WRITE:
            return work()
        return await self._execute(work)  # pyright: ignore[reportUnknownMemberType]

    async def run(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Execute a statement once a row of parameters. Raises SQLAlchemy's errors, as `rows` does."""
        with _errors_of_sqlalchemy(sql):
            if len(rows) == 1:
                await self.do(lambda: self.begun().execute(sql, rows[0]))
            else:
                await self.do(lambda: self.begun().executemany(sql, rows))

    async def rows(self, sql: str, parameters: Sequence[Any]) -> Sequence[tuple[Any, ...]]:
        """The rows of a query."""
        with _errors_of_sqlalchemy(sql):
            return await self.do(lambda: self.begun().execute(sql, parameters).fetchall())

    def _checkpoint(self) -> None:
        self._conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _locked_at_once(self) -> bool:
        """Begin the write if nobody else writes. Who has the lock waits for nothing any more."""
        self._be_patient(0)
        try:
            self._conn.execute(_WRITE)
        except sqlite3.OperationalError:
            return False
        return True

    def _be_patient(self, milliseconds: int) -> None:
        if self._patience != milliseconds:
            self._conn.execute(f"PRAGMA busy_timeout={milliseconds}").close()
            self._patience = milliseconds


@contextlib.contextmanager
def _errors_of_sqlalchemy(sql: str) -> Generator[None]:
    """Raise SQLite's errors as those of SQLAlchemy, by which callers know a constraint, or a database that is
    away."""
    try:
        yield
    except sqlite3.Error as error:
        raise DBAPIError.instance(sql, None, error, sqlite3.Error, hide_parameters=True) from error


def begin(connection: object, *, immediate: bool) -> None:
    """Begin a transaction on what `connect` gave; an immediate one takes the write lock with its first
    statement, whatever that is."""
    cast("SqliteConnection", connection).begin(_WRITE if immediate else _READ)


def connect(database: str, checkpoints: Checkpoints) -> aiosqlite.Connection:
    """The connection to the file, to be awaited."""
    connection = SqliteConnection(
        lambda: sqlite3.connect(database, check_same_thread=False), iter_chunk_size=64
    )
    connection.checkpoints = checkpoints
    connection._thread.daemon = True  # pyright: ignore[reportPrivateUsage]
    return connection


def driver_of(session: Session) -> SqliteConnection:
    """The connection of a session, in its transaction; kept in the session's `info`."""
    driver = session.info.get(DRIVER)
    if driver is None:
        driver = session.info[DRIVER] = cast(
            "SqliteConnection", session.connection().connection.driver_connection
        )
    return driver
