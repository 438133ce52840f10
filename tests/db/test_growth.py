"""What is asked of a platform takes as much of its database's work when there is six times as much in it:
every list, every creation, the ways in, and what goes on by itself.

What is counted is the database's own work, which is the same each time, and not the time it takes.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiosqlite
from benchmarks.growth_questions import QUESTIONS, Question
from benchmarks.growth_rows import Size
from benchmarks.growth_tenant import Tenant, filled_tenant
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.postgresql import new_database

SMALL, LARGE = 10_000, 60_000
"""Links, events and deliveries; a tenth of rooms, people and meetings. The smaller one fills every page."""

TRIES = 3
"""Of each question in each tenant, of which the least counts: a tree that has to grow takes more once."""


class Counted:
    """The steps of SQLite's virtual machine in one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self._steps = 0

        @event.listens_for(tenant.platform.storage.database.engine.sync_engine, "connect")
        def count(adapted: Any, _record: object) -> None:  # pyright: ignore[reportUnusedFunction]
            adapted.run_async(self._watch)

    async def _watch(self, driver: aiosqlite.Connection) -> None:
        await driver.set_progress_handler(self._step, 1)

    def _step(self) -> int:
        self._steps += 1
        return 0

    async def steps(self, question: Question) -> int:
        counts: list[int] = []
        await self.tenant.platform.storage.database.engine.dispose()
        if question.prepare is not None:
            await question.prepare(self.tenant)
        for _ in range(TRIES):
            self._steps = 0
            await question.ask(self.tenant)
            counts.append(self._steps)
        return min(counts)


async def test_on_sqlite(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        small, large = [
            Counted(await stack.enter_async_context(filled_tenant(tmp_path / f"{rows}", Size(rows))))
            for rows in (SMALL, LARGE)
        ]
        steps = {one.title: (await small.steps(one), await large.steps(one)) for one in QUESTIONS}

    grown = {title: counts for title, counts in steps.items() if counts[1] > 1.2 * counts[0] + 200}
    assert not grown


MOST_ROWS = 3_000
"""That a part of a plan comes by, of 60,000 or 6,000: a page has up to 1,000."""


async def test_on_postgresql(postgresql_url: str, tmp_path: Path) -> None:
    async with filled_tenant(tmp_path, Size(LARGE), await new_database(postgresql_url)) as large:
        engine = large.platform.storage.database.engine
        passed = {one.title: await _passed(engine, large, one) for one in QUESTIONS}

    grown = {title: found for title, found in passed.items() if found[0] > MOST_ROWS}
    assert not grown


async def _passed(engine: AsyncEngine, tenant: Tenant, question: Question) -> tuple[float, str]:
    """The most rows that a part of a plan came by, and the statement."""
    asked: list[tuple[str, Any]] = []

    def keep(_: Connection, __: object, statement: str, parameters: Any, *___: object) -> None:
        if statement.lstrip().upper().startswith("SELECT") and "pg_" not in statement:
            asked.append((statement, parameters))

    if question.prepare is not None:
        await question.prepare(tenant)
    event.listen(engine.sync_engine, "before_cursor_execute", keep)
    await question.ask(tenant)
    event.remove(engine.sync_engine, "before_cursor_execute", keep)
    found: list[tuple[float, str]] = []
    async with engine.connect() as connection:
        # So few rows are rather read whole than looked up: it is to be planned as it is for many.
        for setting in ("enable_seqscan = off", "random_page_cost = 0.01", "cpu_index_tuple_cost = 0.1"):
            await connection.exec_driver_sql(f"SET {setting}")
        for statement, parameters in asked:
            explained = await connection.exec_driver_sql(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters
            )
            found.append((_most_rows(explained.scalar_one()[0]["Plan"]), statement))
    return max(found, default=(0.0, ""))


def _most_rows(plan: dict[str, Any]) -> float:
    """The most rows that one part of the plan, however often it ran, has given on or passed over."""
    passed = sum(plan.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck", "Join Filter"))
    own = (plan["Actual Rows"] + passed) * plan["Actual Loops"]
    return max([own, *(_most_rows(part) for part in plan.get("Plans", []))])
