"""Who was in a meeting and when, and what is left of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.database import Database
from switchroom.events.models import Event
from switchroom.meetings.finding import find, shown_of, side_of
from switchroom.meetings.models import MeetingMessage
from switchroom.meetings.parties import Actor
from switchroom.meetings.recordings.models import MeetingRecording
from switchroom.meetings.views import MeetingView

_MOST_READ = 20_000
_JOINED, _LEFT = "meeting.joined", "meeting.left"


class Attendance(Struct, frozen=True, kw_only=True):
    """One stay in a meeting. `left_at` is None while it lasts."""

    participant_id: str
    user_id: str
    display_name: str
    is_guest: bool
    joined_at: datetime
    left_at: datetime | None


class Summary(Struct, frozen=True):
    """What is left of a meeting: who was there, what was said to everybody in its chat, and what has
    been recorded, whatever has become of it."""

    shown: MeetingView
    participants: Sequence[Attendance]
    chat: Sequence[MeetingMessage]
    recordings: Sequence[MeetingRecording]


class Attendances:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def participants(self, actor: Actor, meeting_id: str) -> Sequence[Attendance]:
        """Who has been in the meeting, in the order in which they came; of an occurrence named by its id
        only who was in that one."""
        async with self._database.read(actor.organization_id) as session:
            found = await find(session, actor, meeting_id)
            side = await side_of(session, actor, found.meeting, to_change=False)
            shown = await shown_of(session, found, side)
            one = shown if found.named is not None else None
            return await _stays(session, shown, one)

    async def summary(self, actor: Actor, meeting_id: str) -> Summary:
        """The whole of it, of a recurring meeting all occurrences unless one is named."""
        async with self._database.read(actor.organization_id) as session:
            found = await find(session, actor, meeting_id)
            side = await side_of(session, actor, found.meeting, to_change=False)
            shown = await shown_of(session, found, side)
            one = shown if found.named is not None else None
            query = select(MeetingMessage).where(MeetingMessage.meeting_id == found.meeting.id)
            chat = (await session.scalars(query.order_by(MeetingMessage.id).limit(_MOST_READ))).all()
            if one is not None:
                chat = [line for line in chat if _belongs(line.sent_at, one)]
            recordings = (
                await session.scalars(_RECORDINGS.where(MeetingRecording.meeting_id == found.meeting.id))
            ).all()
            if one is not None:
                recordings = [recording for recording in recordings if _belongs(recording.started_at, one)]
            return Summary(shown, await _stays(session, shown, one), chat, recordings)


_RECORDINGS = select(MeetingRecording).order_by(MeetingRecording.started_at).limit(_MOST_READ)


async def _stays(session: AsyncSession, shown: MeetingView, one: MeetingView | None) -> Sequence[Attendance]:
    query = (
        select(Event)
        .where(Event.object_id == shown.meeting.id, Event.type.in_((_JOINED, _LEFT)))
        .order_by(Event.id)
        .limit(_MOST_READ)
    )
    stays: dict[str, Attendance] = {}
    for event in await session.scalars(query):
        participant_id = str(event.data.get("participant_id", ""))
        known = stays.get(participant_id)
        if event.type == _JOINED:
            stays[participant_id] = Attendance(
                participant_id=participant_id,
                user_id=str(event.data.get("user_id", "")),
                display_name=str(event.data.get("display_name", "")),
                is_guest=bool(event.data.get("is_guest", True)),
                joined_at=event.occurred_at,
                left_at=None,
            )
        elif known is not None:
            stays[participant_id] = structs.replace(known, left_at=event.occurred_at)
    return [stay for stay in stays.values() if one is None or _belongs(stay.joined_at, one)]


def _belongs(moment: datetime, shown: MeetingView) -> bool:
    """Whether something at this moment is of this occurrence: nearer to it than to any neighbour of it."""
    early = shown.occasion.start - _EARLY
    return early <= moment <= (shown.occasion.closed_at or shown.occasion.end)


_EARLY = timedelta(hours=12)
"""How long before an occurrence its organizer may be there already."""
