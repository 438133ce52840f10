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

from sqlalchemy import Connection

_ROWS = 4_000_000
"""Of a recursive query SQLite thinks that it finds a million, and goes through a table with fewer."""

_ROWS_OF_PARTIAL = 10_000
"""In an index that has only some of the rows."""

_DIFFERENT = {
    "organization_id": 10,
    "hook_id": 10,
    "kind": 2,
    "state": 2,
    "type": 3,
    "standing": 3,
    "canceled_at": 1,
    "quota_name": 3,
    "parent_id": 1_000,
    "organizer_id": 1_000,
}
"""How many different values a column has; one that is not here has a different one in nearly every row."""


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
        "SELECT table_name FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND column_name = 'organization_id'"
    ).scalars()
    few = _DIFFERENT["organization_id"]
    for table in tables.all():
        run(f"ALTER TABLE {table} ALTER COLUMN organization_id SET (n_distinct = {few})")


def _assume_on_sqlite(connection: Connection) -> None:
    run = connection.exec_driver_sql
    run("ANALYZE sqlite_schema")  # makes the table of statistics
    run("DELETE FROM sqlite_stat1")
    indexes = run(
        'SELECT tables.name, indexes.name, indexes."unique", indexes.partial '
        "FROM sqlite_schema AS tables, pragma_index_list(tables.name) AS indexes WHERE tables.type = 'table'"
    ).all()
    for table, index, is_unique, is_partial in indexes:
        columns = run("SELECT name FROM pragma_index_info(?) ORDER BY seqno", (index,)).scalars()
        left = _ROWS_OF_PARTIAL if is_partial else _ROWS
        counts = [left]
        for column in columns:
            left = max(left // _DIFFERENT.get(column, _ROWS // 10), 1)
            counts.append(left)
        if is_unique:
            counts[-1] = 1
        values = (table, index, " ".join(map(str, counts)))
        run("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", values)
    run("ANALYZE sqlite_schema")
