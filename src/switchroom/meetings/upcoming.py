"""Upcoming meetings of people who sign in and organize them."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from sqlalchemy import bindparam, select

from switchroom.accounts.models import MeetingKind
from switchroom.accounts.organizers import Actor
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Forbidden
from switchroom.identity.tokens import SubjectKind, TokenSigner
from switchroom.meetings import occurrences as occurrences
from switchroom.meetings.invitations import Invitations
from switchroom.meetings.models import Meeting
from switchroom.meetings.scheduling_context import context_of
from switchroom.meetings.views import changes_of, clock_of, view

MOST = 100
"""Meetings told of at once."""


class Upcoming(Struct, frozen=True, kw_only=True):
    """A meeting that is on or to come, at the next of its times. `link` is the one for everybody."""

    number: str
    link: str
    topic: str
    kind: MeetingKind
    start: datetime
    end: datetime
    timezone: str
    is_recurring: bool
    is_on: bool


class UpcomingMeetings:
    """The meetings that somebody organizes and that are on or to come."""

    def __init__(self, database: Database, signer: TokenSigner, invitations: Invitations) -> None:
        self._database = database
        self._signer = signer
        self._invitations = invitations

    async def of(self, token: str) -> list[Upcoming]:
        """Upcoming meetings that the holder of the access token organizes, in the token's organization; each
        once, those that are on first, then in order of their start.

        Raises Unauthenticated, Forbidden for a token that is no person's and (`account_closed`) in an
        organization that is closed, NotFound for somebody who no longer belongs to it.
        """
        claims = self._signer.verify(token)
        if claims.kind is not SubjectKind.PERSON:
            raise Forbidden(ErrorCode.PEOPLE_ONLY)
        actor = Actor(claims.organization_id, claims.subject_id)
        found: list[Upcoming] = []
        async with self._database.read(actor.organization_id) as session:
            context = await context_of(session, actor, to_change=False)
            meetings = (await session.scalars(_TO_COME, {"organizer_id": actor.person_id})).all()
            changes = await changes_of(session, meetings)
            for meeting in meetings:
                different = changes.get(meeting.id, {})
                occurrence = occurrences.current(meeting, different, clock_of(meeting, context.terms))
                if occurrence is None:
                    continue
                found.append(
                    Upcoming(
                        number=meeting.number,
                        link=self._invitations.page(meeting.number),
                        topic=occurrence.topic,
                        kind=MeetingKind(meeting.kind),
                        start=occurrence.start,
                        end=occurrence.end,
                        timezone=meeting.timezone,
                        is_recurring=meeting.recurrence is not None,
                        is_on=view(meeting, occurrence, (), context).is_open(now()),
                    )
                )
        return sorted(found, key=lambda one: (not one.is_on, one.start, one.number))


_TO_COME = (
    select(Meeting)
    .where(
        Meeting.organizer_id == bindparam("organizer_id"),
        Meeting.canceled_at.is_(None),
        Meeting.next_end_at.is_not(None),
    )
    .order_by(Meeting.next_end_at, Meeting.id)
    .limit(MOST)
)
