"""Rows by the million: written straight into a database, by the database itself."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from msgspec import Struct
from sqlalchemy import JSON, Column, Connection, Table, text

from switchroom.db.base import Base
from switchroom.db.database import Database

_SPREAD = 2_654_435_761
"""An odd number: times it, modulo 2³², every number becomes another one far from it."""


class Size(Struct, frozen=True):
    """How much there is of what there is most of: links, events, deliveries. Of other kinds there are fewer,
    and never fewer than a hundred."""

    rows: int

    @property
    def rooms(self) -> int:
        """And as many people and as many meetings."""
        return max(self.rows // 10, 100)

    @property
    def series(self) -> int:
        """Meetings that recur."""
        return max(self.rows // 1000, 10)

    @property
    def organizations(self) -> int:
        return max(self.rows // 1000, 100)


class Rows:
    """Writes many rows of a table with one statement. Columns are SQL expressions of `i`, the number of the
    row from 0 on; what is left out has the model's default or is NULL."""

    def __init__(self, connection: Connection, moment: int) -> None:
        """`moment` is in microseconds: when it all was created."""
        self._connection = connection
        self._moment = moment
        self.is_postgresql = connection.dialect.name == "postgresql"

    @contextmanager
    def without_indexes(self) -> Generator[None]:
        """Written at once at the end, all indexes but those of keys take a fraction of the time."""
        indexes = [index for table in Base.metadata.tables.values() for index in table.indexes]
        for index in indexes:
            index.drop(self._connection)
        yield
        for index in indexes:
            index.create(self._connection)

    def hexadecimal(self, number: str, width: int) -> str:
        if self.is_postgresql:
            return f"lpad(to_hex({number}), {width}, '0')"
        return f"printf('%0{width}x', {number})"

    def id_of(self, kind: int, number: str) -> str:
        """A UUID for each number, in no order."""
        first = self.hexadecimal(f"(({number}) * {_SPREAD}) % 4294967296", 8)
        middle = self.hexadecimal(f"CAST({kind} AS BIGINT)", 4)
        return f"{first} || '-' || {middle} || '-4000-8000-' || {self.hexadecimal(f'({number})', 12)}"

    def key_of(self, kind: int, number: str, width: int) -> str:
        """A hexadecimal key for each number, in no order."""
        first = self.hexadecimal(f"(({number}) * {_SPREAD}) % 4294967296", 8)
        return f"{first} || {self.hexadecimal(f'CAST({kind} AS BIGINT)', 4)} || " + self.hexadecimal(
            f"({number})", width - 12
        )

    def write(self, model: type[Base], count: int, columns: Mapping[str, str]) -> None:
        table = cast("Table", model.__table__)
        values = {column.name: columns.get(column.name) or self._default(column) for column in table.columns}
        chosen = {name: value for name, value in values.items() if value is not None}
        numbers = f"SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {count - 1}"
        self._connection.execute(
            text(
                f"WITH RECURSIVE n(i) AS ({numbers}) "
                f"INSERT INTO {table.name} ({', '.join(chosen)}) SELECT {', '.join(chosen.values())} FROM n"
            )
        )

    def _default(self, column: Column[Any]) -> str | None:
        default = column.default
        if default is not None and default.is_scalar:
            value: object = default.arg  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
            if isinstance(value, bool):
                return str(value).upper()
            return str(int(value)) if isinstance(value, int) else f"'{value}'"
        if column.name == "created_at":
            return str(self._moment)
        if isinstance(column.type, JSON) and not column.nullable:
            return "'[]'" if column.name in _LISTS else "'{}'"
        return None


_LISTS = {"spoken_languages", "additional_timezones", "documents", "types"}


def id_of(kind: int, number: int) -> str:
    """The same in Python."""
    return f"{number * _SPREAD % (1 << 32):08x}-{kind:04x}-4000-8000-{number:012x}"


def key_of(kind: int, number: int, width: int) -> str:
    """The same in Python."""
    return f"{number * _SPREAD % (1 << 32):08x}{kind:04x}{number:0{width - 12}x}"


def fast(connection: Connection) -> None:
    """Set the connection up for many rows, which are known to be whole and can be written again."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET session_replication_role = replica")
        connection.exec_driver_sql("SET maintenance_work_mem = '512MB'")
        connection.commit()
        return
    for pragma in ("foreign_keys=OFF", "synchronous=OFF", "cache_size=-1000000", "cache_spill=OFF"):
        connection.connection.cursor().execute(f"PRAGMA {pragma}")


async def analyze(database: Database) -> None:
    """As PostgreSQL does it by itself sooner or later; SQLite does not, and so it is not told anything."""
    if database.engine.dialect.name != "postgresql":
        return
    async with database.engine.connect() as connection:
        working = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await working.exec_driver_sql("VACUUM ANALYZE")
