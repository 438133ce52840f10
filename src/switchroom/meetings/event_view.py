"""Event view of meetings: as they were when an event happened, with what is known of them now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select

from switchroom.accounts.models import MeetingTerms
from switchroom.db.database import Database
from switchroom.identity.models import Organization, Person
from switchroom.meetings.attendance import Known, known_people
from switchroom.meetings.models import Meeting
from switchroom.meetings.occurrences import Occurrence, shown
from switchroom.meetings.scheduling_context import SchedulingContext
from switchroom.meetings.views import MeetingView, changes_of, clock_of, invitees_of, view


class MeetingEventView:
    """View of meetings and people that events name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def meeting(self, meeting_id: str, told: dict[str, Any]) -> MeetingView | None:
        """The meeting that an event is about, at the time and with the words that the event has for it
        (`views.snapshot`), or as it is now where the event has none. None for one that is gone."""
        async with self._database.read(None) as session:
            row = (await session.execute(_MEETING.where(Meeting.id == meeting_id))).one_or_none()
            if row is None:
                return None
            meeting, organization, terms, organizer = row
            invitees = (await invitees_of(session, [meeting.id])).get(meeting.id, ())
            changes = (await changes_of(session, [meeting])).get(meeting.id, {})
        occurrence = _told(told) or shown(meeting, changes, clock_of(meeting, terms))
        return view(meeting, occurrence, invitees, SchedulingContext(organization, terms, organizer))

    async def person(self, meeting_id: str, user_id: str) -> Known:
        """Identity of a person whom an event of a meeting names."""
        async with self._database.read(None) as session:
            return (await known_people(session, meeting_id, [user_id]))[user_id]


_MEETING = (
    select(Meeting, Organization, MeetingTerms, Person)
    .join(Organization, Organization.id == Meeting.organization_id)
    .join(MeetingTerms, MeetingTerms.organization_id == Meeting.organization_id)
    .join(Person, Person.id == Meeting.organizer_id)
)


def _told(told: dict[str, Any]) -> Occurrence | None:
    if "original_start" not in told:
        return None

    def moment(name: str) -> datetime:
        return msgspec.convert(told[name], datetime)

    return Occurrence(
        original_start=moment("original_start"),
        start=moment("start"),
        end=moment("end"),
        topic=str(told["topic"]),
        agenda=str(told["agenda"]),
        closed_at=moment("closed_at") if told["closed_at"] else None,
    )
