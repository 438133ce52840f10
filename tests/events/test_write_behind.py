"""What a worker writes for others: one note that the database does not take holds up none of the others."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from switchroom.db.write_behind import WriteBehind
from switchroom.errors import ErrorCode, Unavailable
from switchroom.events.buffer import EventRecorder
from switchroom.events.models import Event
from tests.events.source import Source

NOBODY = 4711


async def test_events_of_an_organization_that_is_gone_hold_up_no_others(events: Source) -> None:
    recorder = EventRecorder(events.database)
    for number in range(20):
        organization_id = NOBODY if number in (3, 4, 17) else events.organization_id
        recorder.note(organization_id, "test.noted", str(number), {})
    await recorder.finish()
    async with events.database.read(None) as session:
        kept = await session.scalars(select(Event.object_id).order_by(Event.id))
        assert [int(one) for one in kept] == [one for one in range(20) if one not in (3, 4, 17)]


@pytest.mark.parametrize(
    "problem", [Unavailable(ErrorCode.DATABASE_UNAVAILABLE), OperationalError("", None, Exception("full"))]
)
async def test_while_the_database_is_away_nothing_is_lost(problem: Exception) -> None:
    away, written = [True], list[int]()

    async def write(notes: Sequence[int]) -> None:
        if away and max(notes) > 1:
            raise problem
        written.extend(notes)

    backlog = WriteBehind("numbers", write)
    for number in range(10):
        backlog.add(number)
    with pytest.raises(type(problem)):
        await backlog.finish()
    away.clear()
    await backlog.finish()
    assert written == list(range(10))
