"""What a worker writes for others: one note that the database does not take holds up none of the others."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from switchroom.db import write_behind
from switchroom.db.write_behind import WriteBehind
from switchroom.errors import ErrorCode, Unavailable
from switchroom.events.buffer import EventBuffer
from switchroom.events.models import Event
from tests.events.source import Source
from tests.happened import happened

NOBODY = 4711


async def test_events_of_an_organization_that_is_gone_hold_up_no_others(events: Source) -> None:
    buffer = EventBuffer(events.database)
    for number in range(20):
        organization_id = NOBODY if number in (3, 4, 17) else events.organization_id
        buffer.add(organization_id, happened("test.noted"), str(number))
    await buffer.finish()
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


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_what_comes_when_too_many_wait_is_dropped_and_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The oldest are kept: nothing that was taken is lost for what comes."""
    monkeypatch.setattr(write_behind, "MOST_WAITING", 5)
    away, written = [True], list[int]()

    async def write(notes: Sequence[int]) -> None:
        if away:
            raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE)
        written.extend(notes)

    backlog = WriteBehind("drops", write)
    for number in range(8):
        backlog.add(number)
    with pytest.raises(Unavailable):
        await backlog.finish()
    backlog.add(8)
    assert metric("switchroom_unwritten_notes", kind="drops") == 5
    assert metric("switchroom_dropped_notes_total", kind="drops", reason="full") == 4
    away.clear()
    await backlog.finish()
    backlog.add(9)
    await backlog.finish()
    assert written == [0, 1, 2, 3, 4, 9]
    assert metric("switchroom_unwritten_notes", kind="drops") == 0
    said = capsys.readouterr().out
    assert said.count("drops dropped from now on") == 1
    assert said.count("drops taken again") == 1
    assert "dropped=4" in said


async def test_the_last_of_a_key_is_kept_when_too_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes after what was noted between: a note may undo those before it."""
    monkeypatch.setattr(write_behind, "MOST_WAITING", 3)
    away, written = [True], list[str]()

    async def write(notes: Sequence[str]) -> None:
        if away:
            raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE)
        written.extend(notes)

    backlog = WriteBehind("states", write, key=lambda note: note[0])
    for note in ("a1", "b1", "c1", "a2", "d1", "b2", "a3"):
        backlog.add(note)
    assert metric("switchroom_unwritten_notes", kind="states") == 3
    assert metric("switchroom_dropped_notes_total", kind="states", reason="full") == 1
    away.clear()
    await backlog.finish()
    assert written == ["c1", "b2", "a3"]


async def test_a_note_that_comes_while_the_one_before_is_written_is_written_too() -> None:
    written = list[str]()

    async def write(notes: Sequence[str]) -> None:
        written.extend(notes)
        if "a1" in notes:
            backlog.add("a2")

    backlog = WriteBehind("changes", write, key=lambda note: note[0])
    backlog.add("a1")
    backlog.add("b1")
    await backlog.finish()
    assert written == ["a1", "b1", "a2"]
    assert metric("switchroom_unwritten_notes", kind="changes") == 0


async def test_what_the_database_does_not_take_is_counted() -> None:
    async def write(notes: Sequence[int]) -> None:
        if 3 in notes:
            raise ValueError(3)

    backlog = WriteBehind("unfit", write)
    for number in range(8):
        backlog.add(number)
    await backlog.finish()
    assert metric("switchroom_dropped_notes_total", kind="unfit", reason="unfit") == 1
    assert metric("switchroom_unwritten_notes", kind="unfit") == 0
