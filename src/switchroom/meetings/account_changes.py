"""Meetings as dependents of accounts: what becomes of them when an organizer leaves or an account closes."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.models import MeetingTerms
from switchroom.db.database import notify
from switchroom.events.append import append
from switchroom.events.types import MeetingUpdated
from switchroom.identity.models import Organization, Person
from switchroom.identity.secrets import random_key
from switchroom.meetings import occurrences as occurrences
from switchroom.meetings.models import Meeting
from switchroom.meetings.notices import MeetingOver
from switchroom.meetings.scheduling_context import SchedulingContext
from switchroom.meetings.views import changes_of, clock_of, invitees_of, snapshot, view


class AccountMeetings:
    """The meetings of an account, which follow its changes (`accounts.dependents`)."""

    async def organizer_leaves(
        self, session: AsyncSession, organization_id: int, leaver: Person, heir: Person
    ) -> None:
        """Pass all meetings on to the heir. The leaver's own links into them are void; everyone else's stay
        good, and nobody gets a mail."""
        meetings = (await session.scalars(select(Meeting).where(Meeting.organizer_id == leaver.id))).all()
        if not meetings:
            return
        context = SchedulingContext(
            await session.get_one(Organization, organization_id),
            await session.get_one(MeetingTerms, organization_id),
            heir,
        )
        to_come = [meeting for meeting in meetings if meeting.next_end_at is not None]
        changes = await changes_of(session, to_come)
        invitees = await invitees_of(session, [meeting.id for meeting in to_come])
        for meeting in meetings:
            meeting.organizer_id, meeting.organizer_key = heir.id, random_key()
        for meeting in to_come:
            occurrence = occurrences.shown(
                meeting, changes.get(meeting.id, {}), clock_of(meeting, context.terms)
            )
            shown = view(meeting, occurrence, invitees.get(meeting.id, ()), context)
            append(session, organization_id, snapshot(MeetingUpdated, shown), meeting.id)

    async def account_closes(self, session: AsyncSession, organization_id: int) -> None:
        """Send everybody out of the rooms of meetings that are on or to come."""
        to_come = select(Meeting.room_id).where(
            Meeting.organization_id == organization_id, Meeting.next_end_at.is_not(None)
        )
        for room_id in await session.scalars(to_come):
            notify(session, MeetingOver(organization_id, room_id))
