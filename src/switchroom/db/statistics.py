"""Statistics for the query planners, of a database that has grown.

Without any, SQLite takes an index of organizations for one that leaves ten rows; and since every query is
confined to an organization, it would go through all that the largest one has. Statistics of what there
happens to be would change its mind as a database grows. So it is told, once and for all, of a large one
(https://www.sqlite.org/lang_analyze.html, fixed results of ANALYZE).

PostgreSQL plans a statement that it knows for any organization, of which it takes all to have as much: with
very many small ones, to go through all of one seems cheap to it, and the largest has most of all. It is told
that there are few (https://www.postgresql.org/docs/current/sql-altertable.html, n_distinct).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection

_ROWS = 4_000_000
"""Rows of a table. SQLite takes a recursive query to find a million, and goes through a table with fewer."""

_ROWS_OF_PARTIAL = 10_000
"""Rows in an index that has only some of the rows."""

_DIFFERENT = {
    "organization_id": 10,
    "hook_id": 10,
    "kind": 2,
    "state": 2,
    "priority": 3,
    "type": 3,
    "standing": 3,
    "span": 3,
    "begins": 100,
    "canceled_at": 1,
    "quota_name": 3,
    "parent_id": 1_000,
    "organizer_id": 1_000,
}
"""Number of different values of a column; one that is not here has a different one in nearly every row."""


def assume_many_rows(connection: Connection) -> None:
    """Write the statistics of all tables that there are, in place of any others; what connects from now on
    plans by them, on PostgreSQL once they have been analyzed."""
    if connection.dialect.name == "sqlite":
        _assume_on_sqlite(connection)
    else:
        _assume_on_postgresql(connection)


def _assume_on_postgresql(connection: Connection) -> None:
    run = connection.exec_driver_sql
    tables = run(
        "SELECT table_name FROM information_schema.columns NATURAL JOIN information_schema.tables "
        "WHERE table_schema = current_schema() AND column_name = 'organization_id' "
        "AND table_type = 'BASE TABLE'"
    ).scalars()
    few = _DIFFERENT["organization_id"]
    for table in tables.all():
        run(f"ALTER TABLE {table} ALTER COLUMN organization_id SET (n_distinct = {few})")


def _assume_on_sqlite(connection: Connection) -> None:
    run = connection.exec_driver_sql
    run("ANALYZE sqlite_schema")  # makes the table of statistics
    run("DELETE FROM sqlite_stat1")
    of_index: defaultdict[tuple[str, str, bool, bool], list[str | None]] = defaultdict(list)
    for *index, column in run(_COLUMNS):
        of_index[*index].append(column)
    statistics = [
        (table, index, _counts(columns, is_unique=is_unique, is_partial=is_partial))
        for (table, index, is_unique, is_partial), columns in of_index.items()
    ]
    run("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", statistics)
    run("ANALYZE sqlite_schema")


_COLUMNS = (
    'SELECT tables.name, indexes.name, indexes."unique", indexes.partial, columns.name '
    "FROM sqlite_schema AS tables, pragma_index_list(tables.name) AS indexes, "
    "pragma_index_info(indexes.name) AS columns WHERE tables.type = 'table' "
    "ORDER BY tables.name, indexes.name, columns.seqno"
)


def _counts(columns: Sequence[str | None], *, is_unique: bool, is_partial: bool) -> str:
    """The rows of an index, and how many of them agree in the first column, in the first two, and so on."""
    left = _ROWS_OF_PARTIAL if is_partial else _ROWS
    counts = [left]
    for column in columns:
        left = max(left // _DIFFERENT.get(column or "", _ROWS // 10), 1)
        counts.append(left)
    if is_unique:
        counts[-1] = 1
    return " ".join(map(str, counts))
