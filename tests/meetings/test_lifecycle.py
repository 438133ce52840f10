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
from tests.meetings.own_tenant import OwnTenant, own_tenant

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
DAILY = Recurrence(frequency_type=FrequencyType.DAILY)


@pytest.fixture
async def acme(database_url: str) -> AsyncGenerator[OwnTenant]:
    async with own_tenant(database_url) as opened:
        yield opened


async def test_a_meeting_closes_at_its_end(acme: OwnTenant) -> None:
    ended = await acme.plan("Ended", start=_ago(2 * HOUR), end=_ago(MINUTE))
    on = await acme.plan("On", start=_ago(HOUR), end=_ago(-MINUTE))

    assert await acme.lifecycle.close_ended() == 1
    assert (await acme.shown(ended)).occurrence.closed_at is not None
    assert (await acme.shown(on)).occurrence.closed_at is None
    assert acme.over == [ended.meeting.room_id]
    (event,) = await acme.events("meeting.closed")
    assert (event.object_id, event.data["topic"]) == (ended.meeting.id, "Ended")
    assert event.data["closed_at"] is not None
    assert await acme.lifecycle.close_ended() == 0
    assert len(await acme.events("meeting.closed")) == 1


async def test_many_at_once(acme: OwnTenant) -> None:
    """More than are looked at in one transaction; one of them is extended."""
    await acme.agree(auto_extend=True)
    planned = [await acme.plan(start=_ago(2 * HOUR), end=_ago(HOUR)) for _ in range(120)]
    acme.inside.rooms = {planned[50].meeting.room_id}

    assert await acme.lifecycle.close_ended() == 119
    assert len(await acme.events("meeting.closed")) == 119


async def test_extended_while_somebody_is_inside(acme: OwnTenant) -> None:
    await acme.agree(auto_extend=True)
    planned = await acme.plan(start=_ago(2 * HOUR), end=_ago(MINUTE))
    acme.inside.rooms = {planned.meeting.room_id}

    assert await acme.lifecycle.close_ended() == 0
    assert (await acme.shown(planned)).is_open(datetime.now(UTC))
    assert acme.over == []
    acme.inside.rooms = set()
    assert await acme.lifecycle.close_ended() == 1
    assert (await acme.shown(planned)).is_over(datetime.now(UTC))


async def test_not_extended_unless_agreed_on(acme: OwnTenant) -> None:
    planned = await acme.plan(start=_ago(2 * HOUR), end=_ago(MINUTE))
    acme.inside.rooms = {planned.meeting.room_id}

    assert await acme.lifecycle.close_ended() == 1
    assert acme.over == [planned.meeting.room_id]


async def test_the_next_occurrence_comes_after_one(acme: OwnTenant) -> None:
    planned = await acme.plan(start=_ago(DAY + 2 * HOUR), end=_ago(DAY + HOUR), recurrence=DAILY)
    await acme.write(planned, next_end_at=planned.occurrence.end + DAY)

    assert await acme.lifecycle.close_ended() == 1
    shown = await acme.shown(planned)
    assert shown.occurrence.start == planned.occurrence.start + 2 * DAY
    assert shown.occurrence.closed_at is None
    row = await acme.row(planned)
    assert row is not None
    assert (row.next_end_at, row.closed_at) == (shown.occurrence.end, None)
    (event,) = await acme.events("meeting.closed")
    assert event.data["start"] == (planned.occurrence.start + DAY).isoformat(timespec="milliseconds").replace(
        "+00:00", "Z"
    )
    assert await acme.lifecycle.close_ended() == 0


async def test_an_extended_occurrence_of_a_series(acme: OwnTenant) -> None:
    await acme.agree(auto_extend=True)
    planned = await acme.plan(start=_ago(2 * HOUR), end=_ago(MINUTE), recurrence=DAILY)
    await acme.write(planned, next_end_at=planned.occurrence.end)
    acme.inside.rooms = {planned.meeting.room_id}
    assert await acme.lifecycle.close_ended() == 0
    assert (await acme.shown(planned)).occurrence == planned.occurrence
    assert [one.occurrence for one in await acme.meetings.list(acme.actor)] == [planned.occurrence]

    acme.inside.rooms = set()
    before = datetime.now(UTC)
    assert await acme.lifecycle.close_ended() == 1
    assert (await acme.shown(planned)).occurrence.start == planned.occurrence.start + DAY
    (extended, *_) = await acme.meetings.list(acme.actor, from_=planned.occurrence.start, limit=1)
    assert extended.occurrence.closed_at is not None
    assert extended.occurrence.closed_at >= before


async def test_after_its_last_occurrence_a_series_is_closed_for_good(acme: OwnTenant) -> None:
    twice = Recurrence(frequency_type=FrequencyType.DAILY, ends_type=EndsType.AFTER, ends_after=2)
    planned = await acme.plan(start=_ago(DAY + 2 * HOUR), end=_ago(DAY + HOUR), recurrence=twice)
    await acme.write(planned, next_end_at=_ago(HOUR), closed_at=None)

    assert await acme.lifecycle.close_ended() == 1
    row = await acme.row(planned)
    assert row is not None
    assert row.next_end_at is None
    assert row.closed_at is not None


async def test_a_canceled_meeting_is_not_closed(acme: OwnTenant) -> None:
    planned = await acme.plan(start=_ago(2 * HOUR), end=_ago(MINUTE))
    await acme.meetings.cancel(acme.actor, planned.hex_id, series=True)

    assert await acme.lifecycle.close_ended() == 0
    assert await acme.events("meeting.closed") == []


async def test_the_summary_comes_five_minutes_after_the_close(acme: OwnTenant) -> None:
    planned = await acme.plan("Told", start=_ago(2 * HOUR), end=_ago(MINUTE))
    await acme.lifecycle.close_ended()
    row = await acme.row(planned)
    assert row is not None
    assert row.closed_at is not None
    assert row.summary_due_at == row.closed_at + 5 * MINUTE
    await acme.lifecycle.announce_summaries()
    assert await acme.events("meeting.summary_created") == []

    await acme.write(planned, summary_due_at=_ago(timedelta(seconds=1)))
    await acme.lifecycle.announce_summaries()
    await acme.lifecycle.announce_summaries()
    (event,) = await acme.events("meeting.summary_created")
    assert (event.object_id, event.data["topic"]) == (planned.meeting.id, "Told")


async def test_who_was_inside_when_a_process_was_killed_has_left_by_the_summary(acme: OwnTenant) -> None:
    planned = await acme.plan("Told", start=_ago(2 * HOUR), end=_ago(MINUTE))
    meeting = planned.meeting
    buffer = EventBuffer(acme.database)
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
    await acme.lifecycle.close_ended()
    due = _ago(timedelta(seconds=1))
    await acme.write(planned, summary_due_at=due)
    acme.inside.rooms = {meeting.room_id}
    await acme.lifecycle.announce_summaries()
    assert await acme.events("meeting.left") == []  # whoever has the room will say so

    acme.inside.rooms = set()
    for _ in range(2):
        await acme.write(planned, summary_due_at=datetime.now(UTC))
        await acme.lifecycle.announce_summaries()
    (left,) = await acme.events("meeting.left")
    assert (left.object_id, left.data["participant_id"], left.data["reason"]) == (meeting.id, "ada", "lost")


async def test_the_summaries_of_many_are_announced_at_once(acme: OwnTenant) -> None:
    """However many end together."""
    for _ in range(101):
        await acme.write(await acme.plan(), summary_due_at=_ago(MINUTE))
    await acme.lifecycle.announce_summaries()

    assert len(await acme.events("meeting.summary_created")) == 101


async def test_old_meetings_are_deleted_whole(acme: OwnTenant) -> None:
    await acme.agree(delete_after_days=30)
    guests = [InviteeDraft(email=f"guest{number}@example.org") for number in range(3)]
    old = await acme.plan("Old", start=_ago(40 * DAY), end=_ago(40 * DAY - HOUR), invitees=guests)
    canceled = await acme.plan("Canceled", recurrence=DAILY)
    change = (await acme.meetings.list(acme.actor, from_=datetime.now(UTC) + 2 * DAY, limit=1))[0]
    await acme.meetings.cancel(acme.actor, change.hex_id, series=False)
    await acme.meetings.cancel(acme.actor, canceled.meeting.hex_id, series=True)
    young = await acme.plan("Young", start=_ago(40 * DAY), end=_ago(40 * DAY - HOUR), invitees=guests)
    for_ever = await acme.plan(
        "For ever", start=_ago(400 * DAY), end=_ago(400 * DAY - HOUR), recurrence=DAILY
    )
    async with acme.database.write(acme.organization.id) as session:
        line = MeetingChatMessage(sent_at=_ago(40 * DAY), sender_name="Ada", text="Hello")
        line.meeting_id = old.meeting.id
        session.add(line)
    await acme.lifecycle.close_ended()
    await acme.write(old, closed_at=_ago(30 * DAY + MINUTE))
    await acme.write(canceled, canceled_at=_ago(30 * DAY + MINUTE))
    await acme.write(young, closed_at=_ago(30 * DAY - MINUTE))

    assert await acme.lifecycle.delete_old() == 2
    assert await acme.lifecycle.delete_old() == 0
    assert await acme.row(old) is None
    assert await acme.row(canceled) is None
    assert (await acme.shown(young)).meeting.topic == "Young"
    assert (await acme.shown(for_ever)).meeting.topic == "For ever"
    counts = [
        await acme.count(table) for table in (Meeting, Room, Invitee, MeetingChatMessage, OccurrenceChange)
    ]
    assert counts == [2, 2, 3, 0, 0]
    assert sorted(event.data["topic"] for event in await acme.events("meeting.deleted")) == [
        "Canceled",
        "Old",
    ]


async def test_a_series_changed_after_its_end_is_deleted_all_the_same(acme: OwnTenant) -> None:
    once = Recurrence(frequency_type=FrequencyType.DAILY, ends_type=EndsType.AFTER, ends_after=1)
    planned = await acme.plan(start=_ago(2 * DAY), end=_ago(DAY), recurrence=once)
    await acme.meetings.update(acme.actor, planned.meeting.hex_id, MeetingDraft(topic="Noted"), series=True)
    row = await acme.row(planned)
    assert row is not None
    assert row.closed_at is not None
    await acme.agree(delete_after_days=1)
    await acme.write(planned, closed_at=_ago(2 * DAY))

    assert await acme.lifecycle.delete_old() == 1


def _ago(span: timedelta) -> datetime:
    return (datetime.now(UTC) - span).replace(microsecond=0)
