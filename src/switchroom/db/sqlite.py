"""A connection to SQLite that goes to its thread once for each statement.

aiosqlite goes there for the cursor, the statement, its rows and the closing: four times between two threads,
which is most of what a short statement costs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import aiosqlite


class _Cursor(aiosqlite.Cursor):
    """Makes, executes and reads out the cursor in one go; its rows wait here."""

    def __init__(self, connection: _Connection) -> None:
        super().__init__(connection, cast("sqlite3.Cursor", None))
        self._in_thread = connection.in_thread
        self._native = connection.native
        self._rows: Sequence[Any] = ()

    async def __aenter__(self) -> _Cursor:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> _Cursor:
        def work() -> Sequence[Any]:
            self._cursor = cursor = self._native().execute(sql, cast("Any", parameters or ()))
            return cursor.fetchall() if cursor.description else ()

        self._rows = await self._in_thread(work)
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> _Cursor:
        def work() -> None:
            self._cursor = self._native().executemany(sql, cast("Any", parameters))

        await self._in_thread(work)
        return self

    async def fetchall(self) -> Sequence[Any]:
        return self._rows

    async def close(self) -> None:
        """A cursor that has been read to its end holds nothing."""
        self._rows = ()


class _Connection(aiosqlite.Connection):
    def cursor(self) -> _Cursor:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _Cursor(self)

    def native(self) -> sqlite3.Connection:
        return self._conn

    async def in_thread(self, work: Callable[[], Any]) -> Any:
        return await self._execute(work)  # pyright: ignore[reportUnknownMemberType]


def connect(database: str) -> aiosqlite.Connection:
    """The connection to the file, to be awaited."""
    connection = _Connection(lambda: sqlite3.connect(database, check_same_thread=False), iter_chunk_size=64)
    connection._thread.daemon = True  # pyright: ignore[reportPrivateUsage]
    return connection
