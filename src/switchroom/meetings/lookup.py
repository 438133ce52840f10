"""Finding a meeting by what people and programs call it."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.organizers import Actor
from switchroom.db.base import now
from switchroom.errors import ErrorCode, NotFound
from switchroom.meetings import occurrences as occurrences
from switchroom.meetings.models import Meeting
from switchroom.meetings.occurrences import Changes, Occurrence
from switchroom.meetings.scheduling_context import SchedulingContext, context_of
from switchroom.meetings.views import MeetingView, changes_of, clock_of, invitees_of, view


class Found(Struct, frozen=True):
    """A meeting by an id: as a whole, or the one occurrence that the id names."""

    meeting: Meeting
    changes: Changes
    named: Occurrence | None


async def find_meeting(session: AsyncSession, meeting_id: str, *, to_change: bool = False) -> Found | None:
    """A meeting of the session's organization by its id, an occurrence's, or the number people type.
    With `to_change`, others who want to change it wait."""
    number = meeting_id.replace("-", "").replace(" ", "")
    named = occurrences.parse_id(meeting_id)
    if len(number) == 16 and number.isdecimal():
        condition = Meeting.number == number
    elif named is not None:
        condition = Meeting.hex_id.between(named[0] + "0" * 8, named[0] + "f" * 8)
    else:
        condition = Meeting.id == meeting_id
    query = select(Meeting).where(condition, Meeting.canceled_at.is_(None)).limit(1)
    meeting = (await session.scalars(query.with_for_update() if to_change else query)).one_or_none()
    if meeting is None:
        return None
    changes = (await changes_of(session, [meeting])).get(meeting.id, {})
    if meeting.hex_id == meeting_id or named is None:
        return Found(meeting, changes, None)
    one = occurrences.occurrence_at(meeting, changes, named[1])
    return Found(meeting, changes, one) if one is not None and meeting.recurrence is not None else None


def require_one(found: Found) -> None:
    """Raises NotFound for a series by its own id, which is that of its first occurrence, when the first has
    been canceled: canceling it twice must not cancel the second too."""
    meeting = found.meeting
    first = found.changes.get(meeting.start_at)
    if found.named is None and first is not None and first.canceled and meeting.end_at > now():
        raise _unknown(meeting.hex_id)


async def find(session: AsyncSession, actor: Actor, meeting_id: str, *, to_change: bool = False) -> Found:
    """As `find_meeting`. Raises NotFound as well for somebody else's, unless the actor administers."""
    found = await find_meeting(session, meeting_id, to_change=to_change)
    if found is None or not (actor.administers or found.meeting.organizer_id == actor.person_id):
        raise _unknown(meeting_id)
    return found


def _unknown(meeting_id: str) -> NotFound:
    return NotFound(ErrorCode.MEETING_NOT_FOUND, "id", id=meeting_id[:100])


async def side_of(
    session: AsyncSession, actor: Actor, meeting: Meeting, *, to_change: bool
) -> SchedulingContext:
    """The side of the meeting's organizer, whoever the actor is."""
    of_organizer = Actor(actor.organization_id, meeting.organizer_id)
    return await context_of(session, of_organizer, to_change=to_change)


async def shown_of(session: AsyncSession, found: Found, context: SchedulingContext) -> MeetingView:
    occurrence = found.named or occurrences.shown(
        found.meeting, found.changes, clock_of(found.meeting, context.terms)
    )
    invitees = await invitees_of(session, [found.meeting.id])
    return view(found.meeting, occurrence, invitees.get(found.meeting.id, ()), context)
