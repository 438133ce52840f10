"""The database's clock, as an expression in its statements."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, literal, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from switchroom.db.base import Instant

_NONE = timedelta()
_MICROSECOND = timedelta(microseconds=1)


class _Microseconds(FunctionElement[int]):
    """Since 1970-01-01 UTC, the same within one statement, so that an index serves a comparison with it.

    A function to SQLAlchemy, which compiles a statement with an element of no such kind each time anew.
    """

    inherit_cache = True
    type = BigInteger()


def clock(later: timedelta | ColumnElement[int] = _NONE) -> ColumnElement[datetime]:
    """The moment at which the statement is executed, and so much `later`, on the clock of the database. What
    the statement computes or binds is in microseconds.

    Whatever several machines compare is written and read by it: theirs differ. On SQLite, which has all its
    processes on one machine, that machine's clock is it, in whole milliseconds, the present one counted full.
    """
    moment: ColumnElement[int] = _Microseconds()
    if isinstance(later, ColumnElement):
        moment = moment + later
    elif later:
        moment = moment + literal(later // _MICROSECOND, BigInteger())
    return type_coerce(moment, Instant())


@compiles(_Microseconds, "postgresql")
def _on_postgresql(_element: _Microseconds, _compiler: Any, **_options: Any) -> str:  # pyright: ignore[reportUnusedFunction]
    return "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000000 AS BIGINT)"


@compiles(_Microseconds, "sqlite")
def _on_sqlite(_element: _Microseconds, _compiler: Any, **_options: Any) -> str:  # pyright: ignore[reportUnusedFunction]
    # Added: a half against the rounding of the days, and one to count the millisecond full, so that what a
    # process has just written by its own clock is not still to come.
    return "(CAST((julianday('now') - 2440587.5) * 86400000 + 1.5 AS INTEGER) * 1000)"
