"""A meeting as its organizer sees it, and as it stands in the event log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec import Struct, structs
from sqlalchemy import bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.models import MeetingTerms
from switchroom.db.base import now, time_of
from switchroom.events.types import MeetingSnapshot
from switchroom.identity.models import LONGEST_DISPLAY_NAME, Organization, Person
from switchroom.meetings.models import Invitee, Meeting, OccurrenceChange
from switchroom.meetings.occurrences import Occurrence, id_of
from switchroom.meetings.scheduling_context import SchedulingContext

S = TypeVar("S", bound=MeetingSnapshot)

EARLY = timedelta(hours=12)
"""Time before a meeting at which its organizer may be there already."""


class Invited(Struct, frozen=True, kw_only=True):
    """Invitee, as their row in the table of invitees says."""

    id: str
    meeting_id: str
    email: str
    first_name: str
    last_name: str
    locale: str
    role: str
    access_key: str
    position: int

    @property
    def name(self) -> str:
        """Name of the invitee, empty where there is only an address."""
        return " ".join(part for part in (self.first_name, self.last_name) if part)[:LONGEST_DISPLAY_NAME]


class MeetingView(Struct, frozen=True, kw_only=True):
    """View of one time that a meeting takes place, with all that belongs to the meeting."""

    meeting: Meeting
    occurrence: Occurrence
    invitees: Sequence[Invited]
    organizer: Person
    organization: Organization
    terms: MeetingTerms

    @property
    def hex_id(self) -> str:
        return id_of(self.meeting, self.occurrence)

    @property
    def canceled_at(self) -> datetime | None:
        return self.meeting.canceled_at

    def is_over(self, moment: datetime) -> bool:
        """Whether it is closed, canceled, or past its end. One that is extended while people are inside is
        past its end when the next one is what is to come."""
        if self.occurrence.closed_at is not None or self.meeting.canceled_at is not None:
            return True
        next_end = self.meeting.next_end_at
        extended = self.terms.auto_extend and next_end is not None and next_end <= self.occurrence.end
        return moment >= self.occurrence.end and not extended

    @property
    def opens_at(self) -> datetime:
        """Time from which others than moderators can enter the meeting."""
        return self.occurrence.start - timedelta(minutes=self.meeting.early_access_minutes)

    def is_open(self, moment: datetime) -> bool:
        return self.occurrence.start <= moment and not self.is_over(moment)


def view(
    meeting: Meeting, occurrence: Occurrence, invitees: Sequence[Invited], context_of: SchedulingContext
) -> MeetingView:
    return MeetingView(
        meeting=meeting,
        occurrence=occurrence,
        invitees=invitees,
        organizer=context_of.organizer,
        organization=context_of.organization,
        terms=context_of.terms,
    )


def shown_as(shown: MeetingView, occurrence: Occurrence) -> MeetingView:
    """The same meeting at another of its times."""
    return structs.replace(shown, occurrence=occurrence)


def clock_of(meeting: Meeting, terms: MeetingTerms) -> datetime:
    """The time as far as the meeting goes: it stands still for an occurrence that is being extended."""
    moment = now()
    if terms.auto_extend and meeting.next_end_at is not None and meeting.next_end_at <= moment:
        return meeting.next_end_at - timedelta(microseconds=1)
    return moment


def snapshot(kind: type[S], shown: MeetingView) -> S:
    """Event about a meeting; it gives its readers no way into the meeting."""
    meeting, occurrence = shown.meeting, shown.occurrence
    return kind(
        id=shown.hex_id,
        number=meeting.number,
        room_id=meeting.room_id,
        topic=occurrence.topic,
        agenda=occurrence.agenda,
        original_start=_text(occurrence.original_start),
        start=_text(occurrence.start),
        end=_text(occurrence.end),
        timezone=meeting.timezone,
        type=meeting.kind,
        recurrence=meeting.recurrence,
        organizer_id=shown.organizer.id,
        organizer_email=shown.organizer.email,
        organizer_name=shown.organizer.display_name,
        sequence=meeting.sequence,
        closed_at=_text(occurrence.closed_at),
        invited=len(shown.invitees),
    )


async def invitees_of(session: AsyncSession, meeting_ids: Sequence[str]) -> Mapping[str, Sequence[Invited]]:
    """Invitees by meeting, in the order in which they were named."""
    found: defaultdict[str, list[Invited]] = defaultdict(list)
    if meeting_ids:
        for row in await session.execute(_INVITEES, {"meeting_ids": list(meeting_ids)}):
            one = Invited(**dict(zip(Invited.__struct_fields__, row, strict=True)))
            found[one.meeting_id].append(one)
    return found


async def invitees_among(
    session: AsyncSession, meeting_id: str, *, ids: Collection[str], emails: Collection[str]
) -> Sequence[Invited]:
    """Invitees of one meeting who have one of the ids, or of the addresses (in lower case)."""
    asked = {"meeting_ids": [meeting_id], "ids": list(ids), "emails": list(emails)}
    return [
        Invited(**dict(zip(Invited.__struct_fields__, row, strict=True)))
        for row in await session.execute(_INVITEES_AMONG, asked)
    ]


async def changes_of(
    session: AsyncSession, meetings: Sequence[Meeting]
) -> Mapping[str, Mapping[datetime, OccurrenceChange]]:
    """Changes of single occurrences, by meeting and by the start that the series says."""
    found: defaultdict[str, dict[datetime, OccurrenceChange]] = defaultdict(dict)
    recurring = [meeting.id for meeting in meetings if meeting.recurrence is not None]
    if recurring:
        for row in await session.scalars(_CHANGES, {"meeting_ids": recurring}):
            found[row.meeting_id][row.original_start_at] = row
    return found


_INVITEES = (
    select(*(getattr(Invitee, name) for name in Invited.__struct_fields__))
    .where(Invitee.meeting_id.in_(bindparam("meeting_ids", expanding=True)))
    .order_by(Invitee.meeting_id, Invitee.position)
)
_INVITEES_AMONG = _INVITEES.where(
    or_(
        Invitee.id.in_(bindparam("ids", expanding=True)),
        Invitee.email.in_(bindparam("emails", expanding=True)),
    )
)
_CHANGES = select(OccurrenceChange).where(
    OccurrenceChange.meeting_id.in_(bindparam("meeting_ids", expanding=True))
)


def _text(moment: datetime | None) -> str | None:
    return time_of(moment) if moment is not None else None
