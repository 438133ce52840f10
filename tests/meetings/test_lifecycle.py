"""What happens to meetings by themselves, on each database. What is due is made so by writing times."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest

from switchroom.db.base import now, time_of
from switchroom.events.buffer import EventBuffer
from switchroom.events.types import MeetingJoined, MeetingOpened
from switchroom.meetings.drafts import InviteeDraft, MeetingDraft
from switchroom.meetings.models import Invitee, Meeting, MeetingChatMessage, OccurrenceChange
from switchroom.meetings.recurrence import EndsType, FrequencyType, Recurrence
from switchroom.rooms.models import Room
from tests.meetings.house import House, house

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
DAILY = Recurrence(frequency_type=FrequencyType.DAILY)


@pytest.fixture
async def home(database_url: str) -> AsyncGenerator[House]:
    async with house(database_url) as opened:
        yield opened


async def test_a_meeting_closes_at_its_end(home: House) -> None:
    ended = await home.plan("Ended", start=_ago(2 * HOUR), end=_ago(MINUTE))
    on = await home.plan("On", start=_ago(HOUR), end=_ago(-MINUTE))

    assert await home.lifecycle.close_ended() == 1
    assert (await home.shown(ended)).occurrence.closed_at is not None
    assert (await home.shown(on)).occurrence.closed_at is None
    assert home.over == [ended.meeting.room_id]
    (event,) = await home.events("meeting.closed")
    assert (event.object_id, event.data["topic"]) == (ended.meeting.id, "Ended")
    assert event.data["closed_at"] is not None
    assert await home.lifecycle.close_ended() == 0
    assert len(await home.events("meeting.closed")) == 1


async def test_many_at_once(home: House) -> None:
    """More than are looked at in one transaction; one of them is extended."""
    await home.agree(auto_extend=True)
    planned = [await home.plan(start=_ago(2 * HOUR), end=_ago(HOUR)) for _ in range(120)]
    home.inside.rooms = {planned[50].meeting.room_id}

    assert await home.lifecycle.close_ended() == 119
    assert len(await home.events("meeting.closed")) == 119


async def test_extended_while_somebody_is_inside(home: House) -> None:
    await home.agree(auto_extend=True)
    planned = await home.plan(start=_ago(2 * HOUR), end=_ago(MINUTE))
    home.inside.rooms = {planned.meeting.room_id}

    assert await home.lifecycle.close_ended() == 0
    assert (await home.shown(planned)).is_open(datetime.now(UTC))
    assert home.over == []
    home.inside.rooms = set()
    assert await home.lifecycle.close_ended() == 1
    assert (await home.shown(planned)).is_over(datetime.now(UTC))


async def test_not_extended_unless_agreed_on(home: House) -> None:
    planned = await home.plan(start=_ago(2 * HOUR), end=_ago(MINUTE))
    home.inside.rooms = {planned.meeting.room_id}

    assert await home.lifecycle.close_ended() == 1
    assert home.over == [planned.meeting.room_id]


async def test_the_next_occurrence_comes_after_one(home: House) -> None:
    planned = await home.plan(start=_ago(DAY + 2 * HOUR), end=_ago(DAY + HOUR), recurrence=DAILY)
    await home.write(planned, next_end_at=planned.occurrence.end + DAY)

    assert await home.lifecycle.close_ended() == 1
    shown = await home.shown(planned)
    assert shown.occurrence.start == planned.occurrence.start + 2 * DAY
    assert shown.occurrence.closed_at is None
    row = await home.row(planned)
    assert row is not None
    assert (row.next_end_at, row.closed_at) == (shown.occurrence.end, None)
    (event,) = await home.events("meeting.closed")
    assert event.data["start"] == (planned.occurrence.start + DAY).isoformat(timespec="milliseconds").replace(
        "+00:00", "Z"
    )
    assert await home.lifecycle.close_ended() == 0


async def test_an_extended_occurrence_of_a_series(home: House) -> None:
    await home.agree(auto_extend=True)
    planned = await home.plan(start=_ago(2 * HOUR), end=_ago(MINUTE), recurrence=DAILY)
    await home.write(planned, next_end_at=planned.occurrence.end)
    home.inside.rooms = {planned.meeting.room_id}
    assert await home.lifecycle.close_ended() == 0
    assert (await home.shown(planned)).occurrence == planned.occurrence
    assert [one.occurrence for one in await home.meetings.list(home.actor)] == [planned.occurrence]

    home.inside.rooms = set()
    before = datetime.now(UTC)
    assert await home.lifecycle.close_ended() == 1
    assert (await home.shown(planned)).occurrence.start == planned.occurrence.start + DAY
    (extended, *_) = await home.meetings.list(home.actor, from_=planned.occurrence.start, limit=1)
    assert extended.occurrence.closed_at is not None
    assert extended.occurrence.closed_at >= before


async def test_after_its_last_occurrence_a_series_is_closed_for_good(home: House) -> None:
    twice = Recurrence(frequency_type=FrequencyType.DAILY, ends_type=EndsType.AFTER, ends_after=2)
    planned = await home.plan(start=_ago(DAY + 2 * HOUR), end=_ago(DAY + HOUR), recurrence=twice)
    await home.write(planned, next_end_at=_ago(HOUR), closed_at=None)

    assert await home.lifecycle.close_ended() == 1
    row = await home.row(planned)
    assert row is not None
    assert row.next_end_at is None
    assert row.closed_at is not None


async def test_a_canceled_meeting_is_not_closed(home: House) -> None:
    planned = await home.plan(start=_ago(2 * HOUR), end=_ago(MINUTE))
    await home.meetings.cancel(home.actor, planned.hex_id, series=True)

    assert await home.lifecycle.close_ended() == 0
    assert await home.events("meeting.closed") == []


async def test_the_summary_comes_five_minutes_after_the_close(home: House) -> None:
    planned = await home.plan("Told", start=_ago(2 * HOUR), end=_ago(MINUTE))
    await home.lifecycle.close_ended()
    row = await home.row(planned)
    assert row is not None
    assert row.closed_at is not None
    assert row.summary_due_at == row.closed_at + 5 * MINUTE
    await home.lifecycle.announce_summaries()
    assert await home.events("meeting.summary_created") == []

    await home.write(planned, summary_due_at=_ago(timedelta(seconds=1)))
    await home.lifecycle.announce_summaries()
    await home.lifecycle.announce_summaries()
    (event,) = await home.events("meeting.summary_created")
    assert (event.object_id, event.data["topic"]) == (planned.meeting.id, "Told")


async def test_who_was_inside_when_a_process_was_killed_has_left_by_the_summary(home: House) -> None:
    planned = await home.plan("Told", start=_ago(2 * HOUR), end=_ago(MINUTE))
    meeting = planned.meeting
    buffer = EventBuffer(home.database)
    joined = MeetingJoined(
        room_id=meeting.room_id,
        participant_id="ada",
        user_id="ada",
        display_name="Ada",
        is_guest=False,
        is_spectator=False,
        link_id=None,
        joined_at=time_of(now()),
    )
    for event in (MeetingOpened(room_id=meeting.room_id, display_name="Told"), joined):
        buffer.add(meeting.organization_id, event, meeting.id)
    await buffer.finish()
    await home.lifecycle.close_ended()
    due = _ago(timedelta(seconds=1))
    await home.write(planned, summary_due_at=due)
    home.inside.rooms = {meeting.room_id}
    await home.lifecycle.announce_summaries()
    assert await home.events("meeting.left") == []  # whoever has the room will say so

    home.inside.rooms = set()
    for _ in range(2):
        await home.write(planned, summary_due_at=datetime.now(UTC))
        await home.lifecycle.announce_summaries()
    (left,) = await home.events("meeting.left")
    assert (left.object_id, left.data["participant_id"], left.data["reason"]) == (meeting.id, "ada", "lost")


async def test_the_summaries_of_many_are_announced_at_once(home: House) -> None:
    """However many end together."""
    for _ in range(101):
        await home.write(await home.plan(), summary_due_at=_ago(MINUTE))
    await home.lifecycle.announce_summaries()

    assert len(await home.events("meeting.summary_created")) == 101


async def test_old_meetings_are_deleted_whole(home: House) -> None:
    await home.agree(delete_after_days=30)
    guests = [InviteeDraft(email=f"guest{number}@example.org") for number in range(3)]
    old = await home.plan("Old", start=_ago(40 * DAY), end=_ago(40 * DAY - HOUR), invitees=guests)
    canceled = await home.plan("Canceled", recurrence=DAILY)
    change = (await home.meetings.list(home.actor, from_=datetime.now(UTC) + 2 * DAY, limit=1))[0]
    await home.meetings.cancel(home.actor, change.hex_id, series=False)
    await home.meetings.cancel(home.actor, canceled.meeting.hex_id, series=True)
    young = await home.plan("Young", start=_ago(40 * DAY), end=_ago(40 * DAY - HOUR), invitees=guests)
    for_ever = await home.plan(
        "For ever", start=_ago(400 * DAY), end=_ago(400 * DAY - HOUR), recurrence=DAILY
    )
    async with home.database.write(home.organization.id) as session:
        line = MeetingChatMessage(sent_at=_ago(40 * DAY), sender_name="Ada", text="Hello")
        line.meeting_id = old.meeting.id
        session.add(line)
    await home.lifecycle.close_ended()
    await home.write(old, closed_at=_ago(30 * DAY + MINUTE))
    await home.write(canceled, canceled_at=_ago(30 * DAY + MINUTE))
    await home.write(young, closed_at=_ago(30 * DAY - MINUTE))

    assert await home.lifecycle.delete_old() == 2
    assert await home.lifecycle.delete_old() == 0
    assert await home.row(old) is None
    assert await home.row(canceled) is None
    assert (await home.shown(young)).meeting.topic == "Young"
    assert (await home.shown(for_ever)).meeting.topic == "For ever"
    counts = [
        await home.count(table) for table in (Meeting, Room, Invitee, MeetingChatMessage, OccurrenceChange)
    ]
    assert counts == [2, 2, 3, 0, 0]
    assert sorted(event.data["topic"] for event in await home.events("meeting.deleted")) == [
        "Canceled",
        "Old",
    ]


async def test_a_series_changed_after_its_end_is_deleted_all_the_same(home: House) -> None:
    once = Recurrence(frequency_type=FrequencyType.DAILY, ends_type=EndsType.AFTER, ends_after=1)
    planned = await home.plan(start=_ago(2 * DAY), end=_ago(DAY), recurrence=once)
    await home.meetings.update(home.actor, planned.meeting.hex_id, MeetingDraft(topic="Noted"), series=True)
    row = await home.row(planned)
    assert row is not None
    assert row.closed_at is not None
    await home.agree(delete_after_days=1)
    await home.write(planned, closed_at=_ago(2 * DAY))

    assert await home.lifecycle.delete_old() == 1


def _ago(span: timedelta) -> datetime:
    return (datetime.now(UTC) - span).replace(microsecond=0)
