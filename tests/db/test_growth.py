"""What is asked of a platform takes as much of its database's work when there is much more in it: every list,
every creation, the ways in, and what goes on by itself.

What is counted is the database's own work, which is the same each time, and not the time it takes.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
from benchmarks.growth_questions import QUESTIONS, Question
from benchmarks.growth_rows import Size
from benchmarks.growth_tenant import Tenant, filled_tenant
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.db.work import Steps, rows_passed
from tests.postgresql import new_database

SMALL, LARGER, LARGE = 10_000, 30_000, 60_000
"""Links, events and deliveries; a tenth of rooms, people and meetings. The smallest fills every page; what
goes through all there is takes three times as much in the next."""

TRIES = 3
"""Of each question in each tenant, of which the least counts: a tree that has to grow takes more once."""


class Counted:
    """The steps of SQLite's virtual machine in one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self._engine = tenant.platform.storage.database.engine
        self._steps = Steps(self._engine)

    async def steps(self, question: Question) -> int:
        await self._engine.dispose()
        if question.prepare is not None:
            await question.prepare(self.tenant)
        return min([await self._steps.of(partial(question.ask, self.tenant)) for _ in range(TRIES)])


@pytest.mark.slow
async def test_on_sqlite(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        small, large = [
            Counted(await stack.enter_async_context(filled_tenant(tmp_path / f"{rows}", Size(rows))))
            for rows in (SMALL, LARGER)
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
    if question.prepare is not None:
        await question.prepare(tenant)
    return await rows_passed(engine, partial(question.ask, tenant))
