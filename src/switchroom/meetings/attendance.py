"""Attendance of meetings: who was there and when; and the summary of one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, structs
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from switchroom.accounts.organizers import Actor
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.events.models import Event
from switchroom.identity.models import Person
from switchroom.meetings import occurrences as occurrences
from switchroom.meetings.closing_rules import PUNCTUAL
from switchroom.meetings.lookup import Found, find, shown_of, side_of
from switchroom.meetings.models import Invitee, Meeting, MeetingChatMessage
from switchroom.meetings.occurrences import Occurrence
from switchroom.meetings.recordings.models import MeetingRecording
from switchroom.meetings.views import EARLY, MeetingView

_MOST_READ = 20_000
_JOINED, _LEFT = "meeting.joined", "meeting.left"


class Known(Struct, frozen=True):
    """Identity of a person outside this platform: the id that the Web Meeting API has for a member of the
    organization, and the address of a member or an invitee."""

    user_id: str
    email: str | None = None


class Attendance(Struct, frozen=True, kw_only=True):
    """Stay of a person in a meeting. `left_at` is None while it lasts."""

    participant_id: str
    user_id: str
    email: str | None
    display_name: str
    is_guest: bool
    joined_at: datetime
    left_at: datetime | None


class Summary(Struct, frozen=True):
    """Summary of a meeting: who was there, what was said to everybody in its chat, and what has
    been recorded, whatever has become of it."""

    shown: MeetingView
    participants: Sequence[Attendance]
    chat: Sequence[MeetingChatMessage]
    recordings: Sequence[MeetingRecording]


class Attendances:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def participants(self, actor: Actor, meeting_id: str) -> Sequence[Attendance]:
        """Stays in the meeting, in the order in which people came; of an occurrence named by its id only the
        stays in that one."""
        async with self._database.read(actor.organization_id) as session:
            found = await find(session, actor, meeting_id)
            context = await side_of(session, actor, found.meeting, to_change=False)
            shown = await shown_of(session, found, context)
            return await _stays(session, found.meeting, _span_of(found, shown))

    async def summary(self, actor: Actor, meeting_id: str) -> Summary:
        """Summary of the whole meeting: of all occurrences of a recurring one unless one is named."""
        async with self._database.read(actor.organization_id) as session:
            found = await find(session, actor, meeting_id)
            context = await side_of(session, actor, found.meeting, to_change=False)
            shown = await shown_of(session, found, context)
            span = _span_of(found, shown)
            chat = await session.scalars(
                select(MeetingChatMessage)
                .where(
                    MeetingChatMessage.meeting_id == found.meeting.id, *span.has(MeetingChatMessage.sent_at)
                )
                .order_by(MeetingChatMessage.id)
                .limit(_MOST_READ)
            )
            recordings = await session.scalars(
                select(MeetingRecording)
                .where(
                    MeetingRecording.meeting_id == found.meeting.id, *span.has(MeetingRecording.started_at)
                )
                .order_by(MeetingRecording.started_at)
                .limit(_MOST_READ)
            )
            stays = await _stays(session, found.meeting, span)
            return Summary(shown, stays, chat.all(), recordings.all())


def needed_events() -> ColumnElement[bool]:
    """The events that say who was in a meeting, as long as there is the meeting."""
    there = select(Meeting.id).where(Meeting.id == Event.object_id).exists()
    return and_(Event.type.in_((_JOINED, _LEFT)), there)


class _Span(Struct, frozen=True):
    """A time, with None for an end that is open."""

    begin: datetime | None = None
    end: datetime | None = None

    def has(self, moment: InstrumentedAttribute[datetime]) -> list[ColumnElement[bool]]:
        """The conditions for a moment to be in it."""
        return [
            *([moment >= self.begin] if self.begin is not None else []),
            *([moment <= self.end] if self.end is not None else []),
        ]


def _span_of(found: Found, shown: MeetingView) -> _Span:
    """Span of the occurrence that is named: from before its start, when the one before it has ended, until it
    was closed. All time, when none is named."""
    if found.named is None:
        return _Span()
    meeting, one = found.meeting, found.named
    begin = one.start - EARLY
    before = occurrences.last_begun(meeting, found.changes, one.start)
    if before.start < one.start:
        begin = min(max(begin, _closed_at(found, before) or before.end), one.start)
    end = _closed_at(found, one)
    if end is None and shown.is_over(now()):
        end = one.end + PUNCTUAL
    return _Span(begin, end)


def _closed_at(found: Found, one: Occurrence) -> datetime | None:
    """Time at which the occurrence was closed, before its end or after it; None if it was not."""
    row = found.changes.get(one.original_start)
    return row.closed_at if row is not None else None


async def _stays(session: AsyncSession, meeting: Meeting, span: _Span) -> Sequence[Attendance]:
    joined = and_(Event.type == _JOINED, *span.has(Event.occurred_at))
    left = and_(Event.type == _LEFT, *_Span(span.begin).has(Event.occurred_at))
    query = (
        select(Event)
        .where(Event.object_id == meeting.id, or_(joined, left))
        .order_by(Event.id)
        .limit(_MOST_READ)
    )
    events = (await session.scalars(query)).all()
    people = await known_people(session, meeting.id, {_user_of(event.data) for event in events})
    stays: dict[str, Attendance] = {}
    for event in events:
        participant_id = str(event.data.get("participant_id", ""))
        known = stays.get(participant_id)
        if event.type == _JOINED:
            person = people[_user_of(event.data)]
            stays[participant_id] = Attendance(
                participant_id=participant_id,
                user_id=person.user_id,
                email=person.email,
                display_name=str(event.data.get("display_name", "")),
                is_guest=bool(event.data.get("is_guest", True)),
                joined_at=_joined_at(event),
                left_at=None,
            )
        elif known is not None:
            stays[participant_id] = structs.replace(known, left_at=event.occurred_at)
    return list(stays.values())


def _joined_at(event: Event) -> datetime:
    """Time of joining, as the event of leaving has it too: a moment before joining was logged."""
    told = event.data.get("joined_at")
    return datetime.fromisoformat(told) if isinstance(told, str) else event.occurred_at


def _user_of(data: Mapping[str, Any]) -> str:
    return str(data.get("user_id", ""))


async def known_people(
    session: AsyncSession, meeting_id: str, user_ids: Collection[str]
) -> Mapping[str, Known]:
    """Identities of people, by the ids that events of a meeting have for them."""
    found = {user_id: Known(user_id) for user_id in user_ids}
    members = select(Person.id, Person.hex_id, Person.email).where(Person.id.in_(user_ids))
    for person_id, hex_id, email in await session.execute(members):
        found[person_id] = Known(hex_id, email or None)
    invited = select(Invitee.id, Invitee.email).where(
        Invitee.meeting_id == meeting_id, Invitee.id.in_(user_ids)
    )
    for invitee_id, email in await session.execute(invited):
        found[invitee_id] = Known(invitee_id, email)
    return found
