"""Work of a database, counted: steps of SQLite, and rows that parts of PostgreSQL's plans come by."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiosqlite
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

Ask = Callable[[], Awaitable[Any]]


class Steps:
    """Steps of SQLite's virtual machine, in connections that are opened from now on."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._steps = 0

        @event.listens_for(engine.sync_engine, "connect")
        def count(adapted: Any, _record: object) -> None:  # pyright: ignore[reportUnusedFunction]
            adapted.run_async(self._watch)

    async def _watch(self, driver: aiosqlite.Connection) -> None:
        await driver.set_progress_handler(self._step, 1)

    def _step(self) -> int:
        self._steps += 1
        return 0

    async def of(self, ask: Ask) -> int:
        """How many it takes."""
        self._steps = 0
        await ask()
        return self._steps


async def rows_passed(engine: AsyncEngine, ask: Ask) -> tuple[float, str]:
    """The most rows that a part of a plan came by, of all that is selected, and the statement."""
    asked: list[tuple[str, Any]] = []

    def keep(_: Connection, __: object, statement: str, parameters: Any, *___: object) -> None:
        if statement.lstrip().upper().startswith("SELECT") and "pg_" not in statement:
            asked.append((statement, parameters))

    event.listen(engine.sync_engine, "before_cursor_execute", keep)
    await ask()
    event.remove(engine.sync_engine, "before_cursor_execute", keep)
    found: list[tuple[float, str]] = []
    async with engine.connect() as connection:
        # So few rows are rather read whole than looked up: it is to be planned as it is for many.
        for setting in ("enable_seqscan = off", "random_page_cost = 0.01", "cpu_index_tuple_cost = 0.1"):
            await connection.exec_driver_sql(f"SET {setting}")
        for statement, parameters in asked:
            explained = await connection.exec_driver_sql(f"{_EXPLAIN} {statement}", parameters)
            found.append((_most_rows(explained.scalar_one()[0]["Plan"]), statement))
            # After a few times PostgreSQL may plan it once and for all, not knowing for whom.
            values = f"({', '.join(map(_literal, parameters))})" if parameters else ""
            await connection.exec_driver_sql("SET plan_cache_mode = force_generic_plan")
            await connection.exec_driver_sql(f"PREPARE of_anybody AS {statement}")
            explained = await connection.exec_driver_sql(f"{_EXPLAIN} EXECUTE of_anybody{values}")
            found.append((_most_rows(explained.scalar_one()[0]["Plan"]), f"of anybody: {statement}"))
            await connection.exec_driver_sql("DEALLOCATE of_anybody")
            await connection.exec_driver_sql("RESET plan_cache_mode")
    return max(found, default=(0.0, ""))


_EXPLAIN = "EXPLAIN (ANALYZE, FORMAT JSON)"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return str(int(value)) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def _most_rows(plan: dict[str, Any]) -> float:
    """The most rows that one part of the plan, however often it ran, has given on or passed over."""
    passed = sum(plan.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck", "Join Filter"))
    own = (plan["Actual Rows"] + passed) * plan["Actual Loops"]
    return max([own, *(_most_rows(part) for part in plan.get("Plans", []))])
