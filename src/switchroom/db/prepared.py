"""Statements compiled once and run on SQLite's own connection.

Executing a compiled statement costs SQLAlchemy several times what SQLite needs for most of them. What is
written and read most goes without: the statement's text, the conversion of its values and of its rows are
prepared once, from the same models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, TypeVarTuple, cast

from sqlalchemy import Delete, Dialect, Insert, Select, Table, Update, insert
from sqlalchemy.types import TypeEngine

Columns = TypeVarTuple("Columns")
_Convert = Callable[[Any], Any]


class PreparedInsert:
    """An INSERT of one row of a table by some of its columns. Columns that are left out and have a default
    get it: one in Python with each row, one in SQL as part of the statement."""

    def __init__(self, table: Table, names: Sequence[str], dialect: Dialect) -> None:
        defaults = {
            column.name: _default(column.default)
            for column in table.columns
            if column.default is not None
            and not column.default.is_clause_element
            and column.name not in names
        }
        compiled = insert(table).compile(dialect=dialect, column_keys=[*names, *defaults])
        self.sql = compiled.string
        order = _positions(compiled.positiontup)
        converters = [_binding(table.columns[name].type, dialect) for name in order]
        self._defaults = list(defaults.items())
        self._order = order
        self._converters = [(index, convert) for index, convert in enumerate(converters) if convert]

    def parameters(self, row: Mapping[str, Any]) -> list[Any]:
        """The values to bind, in the statement's order."""
        if self._defaults:
            row = {**row, **{name: make() for name, make in self._defaults}}
        values = [row[name] for name in self._order]
        for index, convert in self._converters:
            values[index] = convert(values[index])
        return values


class PreparedChange:
    """An UPDATE or DELETE of rows that parameters name: an UPDATE sets the columns that are among `names`. Or
    an INSERT of these that updates what is there."""

    def __init__(self, statement: Update | Delete | Insert, names: Sequence[str], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(names))
        self.sql = compiled.string
        self._order = _positions(compiled.positiontup)
        types = {compiled.bind_names[bind]: bind.type for bind in compiled.binds.values()}
        converters = [_binding(types[name], dialect) for name in self._order]
        self._converters = [(index, convert) for index, convert in enumerate(converters) if convert]

    def parameters(self, row: Mapping[str, Any]) -> list[Any]:
        """The values to bind, in the statement's order."""
        values = [row[name] for name in self._order]
        for index, convert in self._converters:
            values[index] = convert(values[index])
        return values


class PreparedQuery(Generic[*Columns]):
    """A SELECT of columns whose parameters are all named by `bindparam`, none of them expanding."""

    def __init__(self, query: Select[*Columns], dialect: Dialect) -> None:
        compiled = query.compile(dialect=dialect)
        self.sql = compiled.string
        self._order = _positions(compiled.positiontup)
        binds = {compiled.bind_names[bind]: bind for bind in compiled.binds.values()}
        self._fixed = {name: bind.effective_value for name, bind in binds.items() if not bind.required}
        self._binding = [
            (index, convert)
            for index, name in enumerate(self._order)
            if (convert := _binding(binds[name].type, dialect))
        ]
        self._results = [
            (index, convert)
            for index, column in enumerate(query.selected_columns)
            if (convert := column.type.dialect_impl(dialect).result_processor(dialect, None))
        ]

    def parameters(self, named: Mapping[str, Any]) -> list[Any]:
        """The values to bind, in the statement's order. Raises KeyError for one that is missing."""
        values = [named[name] if name in named else self._fixed[name] for name in self._order]
        for index, convert in self._binding:
            values[index] = convert(values[index])
        return values

    def rows(self, raw: Iterable[Sequence[Any]]) -> Sequence[tuple[*Columns]]:
        """The rows in Python's types."""
        if not self._results:
            return cast("Sequence[tuple[*Columns]]", raw)
        converted: list[tuple[Any, ...]] = []
        for row in raw:
            values = list(row)
            for index, convert in self._results:
                values[index] = convert(values[index])
            converted.append(tuple(values))
        return cast("Sequence[tuple[*Columns]]", converted)


def _positions(names: Sequence[str] | None) -> Sequence[str]:
    if names is None:
        raise ValueError("the dialect does not bind by position")
    return names


def _binding(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _default(default: Any) -> Callable[[], Any]:
    """Function that makes the value of a column that is left out."""
    if default.is_callable:
        return partial(default.arg, None)  # SQLAlchemy hands its context to every one
    if default.is_scalar:
        return lambda: default.arg
    raise ValueError(f"{default} cannot be made without the database")
