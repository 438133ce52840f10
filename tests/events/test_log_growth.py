"""The log takes as much of its database's work however many events are kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import exists, func, insert, select, text, update

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.events import log
from switchroom.events.log import EventLog
from switchroom.events.models import Event
from switchroom.identity.models import Organization
from tests.db.work import Ask, Steps, rows_passed
from tests.events.source import organizations, source
from tests.postgresql import new_database

SMALL, LARGE = 2_000, 12_000
"""Events that are old, and needed."""

AGAIN, AT_ONCE = 500, 100
KEEP = timedelta(days=30)
NAME = "needed"


@pytest.fixture(autouse=True)
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that so few events take many of them."""
    monkeypatch.setattr(log, "_MOST_LOOKED_AT_AGAIN", AGAIN)
    monkeypatch.setattr(log, "_CLEANED_AT_ONCE", AT_ONCE)


class Kept:
    """A log with so many old events, of two organizations, the first of which has but the first event. They
    are needed as long as the second one has its name."""

    def __init__(self, database: Database, quiet: int, busy: int) -> None:
        there = exists(select(Organization.id)).where(
            Organization.id == Event.organization_id, Organization.display_name == NAME
        )
        self.database = database
        self.log = EventLog(database, keep=KEEP, needed=there)
        self.asks: Mapping[str, Ask] = {
            "newest": lambda: self.log.newest(busy),
            "newest of a quiet organization": lambda: self.log.newest(quiet),
            "newest of all": lambda: self.log.newest(None),
            "removal": self.log.remove_old,
        }

    async def left(self) -> int:
        async with self.database.read(None) as session:
            return await session.scalar(select(func.count()).select_from(Event)) or 0


async def kept(database: Database, number: int) -> Kept:
    quiet, busy = await organizations(database, 2)
    beginning = now() - 2 * KEEP
    rows = [_row(busy if one else quiet, beginning + timedelta(seconds=one)) for one in range(number)]
    async with database.write(None) as session:
        await session.execute(update(Organization).values(display_name=NAME))
        await session.execute(insert(Event), rows)
    return Kept(database, quiet, busy)


def _row(organization_id: int, at: datetime) -> dict[str, object]:
    return {
        "organization_id": organization_id,
        "type": "test.happened",
        "object_id": "x",
        "occurred_at": at,
        "data": {},
    }


async def test_on_sqlite(tmp_path: Path) -> None:
    steps: list[Mapping[str, int]] = []
    for number in (SMALL, LARGE):
        async with source(f"sqlite+aiosqlite:///{tmp_path / str(number)}") as events:
            log = await kept(events.database, number)
            assert await log.log.remove_old() == 0
            await events.database.engine.dispose()
            counted = Steps(events.database.engine)
            steps.append({name: await counted.of(ask) for name, ask in log.asks.items()})
            assert await log.left() == number
    small, large = steps
    assert small["removal"] > AGAIN
    assert not {name for name, count in large.items() if count > 1.2 * small[name] + 200}


async def test_on_postgresql(postgresql_url: str) -> None:
    async with source(await new_database(postgresql_url)) as events:
        log = await kept(events.database, LARGE)
        async with events.database.write(None) as session:
            await session.execute(text("ANALYZE events"))
        assert await log.log.remove_old() == 0
        passed = {name: await rows_passed(events.database.engine, ask) for name, ask in log.asks.items()}
    assert passed["removal"][0] >= AT_ONCE
    assert not {name: found for name, found in passed.items() if found[0] > 3 * AT_ONCE}


async def test_what_is_needed_no_more_goes_before_long(database_url: str) -> None:
    """A part of it each time; what has become old since then goes at once."""
    async with source(database_url) as events:
        log = await kept(events.database, SMALL)
        assert await log.log.remove_old() == 0
        async with events.database.write(None) as session:
            await session.execute(update(Organization).values(display_name="no more"))
            row = _row(events.organization_id, now() - 1.5 * KEEP)
            await session.execute(insert(Event), [row] * 3)
        assert await log.log.remove_old() == AGAIN + 3
        for _ in range(SMALL // AGAIN - 1):
            assert await log.left() > 0
            await log.log.remove_old()
        assert await log.left() == 0
