"""Outages of the database: which errors of its drivers mean that it is away for now, and that nothing is
wrong with what it was asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from switchroom.errors import ErrorCode, Unavailable

_OF_SQLITE = {
    sqlite3.SQLITE_BUSY: ErrorCode.DATABASE_LOCKED,
    sqlite3.SQLITE_LOCKED: ErrorCode.DATABASE_LOCKED,
    sqlite3.SQLITE_NOMEM: ErrorCode.DATABASE_UNAVAILABLE,
    sqlite3.SQLITE_READONLY: ErrorCode.DATABASE_UNAVAILABLE,
    sqlite3.SQLITE_IOERR: ErrorCode.DATABASE_UNAVAILABLE,
    sqlite3.SQLITE_FULL: ErrorCode.DATABASE_FULL,
    sqlite3.SQLITE_CANTOPEN: ErrorCode.DATABASE_UNAVAILABLE,
}
"""Codes by primary result code, which is the low byte of an extended one."""

_OF_POSTGRESQL = {
    "08": ErrorCode.DATABASE_UNAVAILABLE,  # the connection failed
    "25006": ErrorCode.DATABASE_UNAVAILABLE,  # read only, as a standby is
    "40": ErrorCode.DATABASE_LOCKED,  # a deadlock, or transactions in each other's way
    "53": ErrorCode.DATABASE_UNAVAILABLE,  # too many connections, no memory
    "53100": ErrorCode.DATABASE_FULL,
    "55P03": ErrorCode.DATABASE_LOCKED,  # `lock_timeout`
    "57": ErrorCode.DATABASE_UNAVAILABLE,  # starting, stopping, or it has ended what took too long
    "58": ErrorCode.DATABASE_UNAVAILABLE,  # its disk fails
}
"""Codes by SQLSTATE, or by the class that it begins with."""


def outage_of(error: BaseException) -> ErrorCode | None:
    """Code of the outage of the database that an error shows, None when the error is of another kind."""
    if isinstance(error, PoolTimeout):
        return ErrorCode.DATABASE_BUSY  # every connection is waiting for an answer
    if isinstance(error, InterfaceError | ConnectionError | TimeoutError):
        return ErrorCode.DATABASE_UNAVAILABLE
    by_driver = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(by_driver, sqlite3.Error):
        # Errors of the connection itself, such as that it is closed, have no code.
        return _OF_SQLITE.get((getattr(by_driver, "sqlite_errorcode", None) or 0) & 0xFF)
    state = str(getattr(by_driver, "sqlstate", None) or "")
    found = _OF_POSTGRESQL.get(state) or _OF_POSTGRESQL.get(state[:2])
    if found is None and isinstance(error, DBAPIError) and error.connection_invalidated:
        return ErrorCode.DATABASE_UNAVAILABLE
    return found


@contextmanager
def as_unavailable() -> Generator[None]:
    """Raise Unavailable for an outage in the block."""
    try:
        yield
    except Exception as error:
        code = outage_of(error)
        if code is None:
            raise
        raise Unavailable(code) from error
