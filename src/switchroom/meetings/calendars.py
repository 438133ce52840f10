"""Calendar feeds: all meetings of an organizer, or one meeting."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.models import MeetingTerms
from switchroom.accounts.organizers import Actor
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, NotFound
from switchroom.identity.models import Membership, Organization, Person, new_calendar_token
from switchroom.mail.meeting_mails import MeetingEntry
from switchroom.meetings import occurrences as occurrences
from switchroom.meetings.invitations import Invitations
from switchroom.meetings.models import Meeting
from switchroom.meetings.scheduling_context import SchedulingContext
from switchroom.meetings.views import changes_of, clock_of, view

_MOST_IN_FEED = 1000
_PAST = timedelta(days=365)
"""Time that a feed goes back."""


class Calendars:
    """Calendars of organizers and of single meetings. Anybody with the token of a calendar may read it."""

    def __init__(self, database: Database, invitations: Invitations) -> None:
        self._database = database
        self._invitations = invitations

    async def of_organizer(self, token: str) -> bytes:
        """The meetings of a year and all that is to come, with the organizer's own links. Raises NotFound."""
        async with self._database.read(None) as session:
            row = (await session.execute(_MEMBERS.where(Membership.calendar_token == token))).one_or_none()
            if row is None or not token:
                raise _unknown()
            person, membership = row
            query = (
                _MEETINGS.where(
                    Meeting.organizer_id == person.id,
                    Meeting.organization_id == membership.organization_id,
                    or_(Meeting.last_end_at.is_(None), Meeting.last_end_at > now() - _PAST),
                )
                .order_by(Meeting.start_at.desc(), Meeting.id)
                .limit(_MOST_IN_FEED)
            )
            entries = await self._entries(session, query, with_organizers_key=True)
        return await asyncio.to_thread(_feed, entries, name=person.display_name, made_at=now())

    async def token_of(self, actor: Actor, *, renewed: bool = False) -> str:
        """The token of the actor's calendar; a `renewed` one makes the one before void. Raises NotFound."""
        own = Membership.person_id == actor.person_id
        if renewed:
            async with self._database.write(actor.organization_id) as session:
                await session.execute(
                    update(Membership)
                    .where(own)
                    .values(calendar_token=new_calendar_token())
                    .execution_options(synchronize_session=False)
                )
        async with self._database.read(actor.organization_id) as session:
            token = await session.scalar(select(Membership.calendar_token).where(own))
        if token is None:
            raise NotFound(ErrorCode.USER_NOT_FOUND, "user_id")
        return token

    async def of_meeting(self, token: str) -> bytes:
        """One meeting, with the link for everybody. Raises NotFound."""
        async with self._database.read(None) as session:
            entries = await self._entries(
                session, _MEETINGS.where(Meeting.calendar_token == token), with_organizers_key=False
            )
        if not entries or not token:
            raise _unknown()
        return await asyncio.to_thread(_feed, entries, name=entries[0].topic, made_at=now())

    async def _entries(
        self,
        session: AsyncSession,
        query: Select[Meeting, Organization, MeetingTerms, Person],
        *,
        with_organizers_key: bool,
    ) -> list[MeetingEntry]:
        rows = (await session.execute(query)).all()
        changes = await changes_of(session, [row[0] for row in rows])
        entries: list[MeetingEntry] = []
        for meeting, organization, terms, organizer in rows:
            of_meeting = changes.get(meeting.id, {})
            context = SchedulingContext(organization, terms, organizer)
            occurrence = occurrences.shown(meeting, of_meeting, clock_of(meeting, terms))
            shown = view(meeting, occurrence, (), context)
            key = meeting.organizer_key if with_organizers_key else ""
            locale = "de" if organizer.locale.startswith("de") else "en"
            entries.append(
                self._invitations.entry(shown, of_meeting, of_occurrence=False, key=key, locale=locale)
            )
        return entries


_MEETINGS = (
    select(Meeting, Organization, MeetingTerms, Person)
    .join(Organization, Organization.id == Meeting.organization_id)
    .join(MeetingTerms, MeetingTerms.organization_id == Meeting.organization_id)
    .join(Person, Person.id == Meeting.organizer_id)
    .where(Meeting.canceled_at.is_(None), Organization.closed_at.is_(None))
)


_MEMBERS = (
    select(Person, Membership)
    .join(Membership, Membership.person_id == Person.id)
    .join(Organization, Organization.id == Membership.organization_id)
    .where(Organization.closed_at.is_(None), Membership.disabled_at.is_(None))
)


def _unknown() -> NotFound:
    return NotFound(ErrorCode.CALENDAR_NOT_FOUND, "calendar_token")


def _feed(entries: Sequence[MeetingEntry], *, name: str, made_at: datetime) -> bytes:
    """Feed as of `meeting_feed`, which is loaded with the first feed, in the thread that makes it."""
    from switchroom.mail.meeting_calendar import meeting_feed

    return meeting_feed(entries, name=name, made_at=made_at)
