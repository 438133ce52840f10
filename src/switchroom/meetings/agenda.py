"""Meetings in a span of time, for people who sign in: as a list or in a calendar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import select

from switchroom.accounts.organizers import Actor
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Forbidden, Invalid, Problems
from switchroom.identity.models import Person
from switchroom.identity.permissions import Administration
from switchroom.identity.tokens import AccessToken, SubjectKind
from switchroom.mail.deliveries import last_deliveries
from switchroom.mail.models import MailState
from switchroom.meetings.invitations import Invitations
from switchroom.meetings.listing import expanded
from switchroom.meetings.lookup import find, shown_of, side_of
from switchroom.meetings.scheduling_context import SchedulingContext, context_of
from switchroom.meetings.views import MeetingView, view

MOST_AT_ONCE = 500
MOST_IN_ALL = 5000


class AgendaPage(Struct, frozen=True):
    """Occurrences in order of their start, without those invited; whether more follow."""

    meetings: Sequence[MeetingView]
    has_more: bool


def actor_of(claims: AccessToken) -> Actor:
    """Actor who schedules by an access token: managers of the company do so for everybody in it. Raises
    Forbidden for a token that is no person's."""
    if claims.kind is not SubjectKind.PERSON:
        raise Forbidden(ErrorCode.PEOPLE_ONLY)
    administers = claims.may(Administration.MANAGE_COMPANY)
    return Actor(claims.organization_id, claims.subject_id, administers=administers)


class MeetingDetails(Struct, frozen=True):
    """A meeting, and by address the state of the last mail to each invitee."""

    shown: MeetingView
    deliveries: Mapping[str, MailState]


class Agenda:
    def __init__(self, database: Database, invitations: Invitations) -> None:
        self._database = database
        self._invitations = invitations

    def link(self, shown: MeetingView, key: str = "") -> str:
        """Address by which the meeting is entered; with a key, by the one invitee whose key it is."""
        return self._invitations.address(shown, key)

    def dial_in_numbers(self, shown: MeetingView) -> list[str]:
        """The numbers to call, of a meeting that can be called."""
        return self._invitations.dial_in_numbers(shown)

    async def details(self, actor: Actor, meeting_id: str) -> MeetingDetails:
        """A meeting or one occurrence, by its id or the meeting's number. Raises NotFound."""
        async with self._database.read(actor.organization_id) as session:
            found = await find(session, actor, meeting_id)
            context = await side_of(session, actor, found.meeting, to_change=False)
            shown = await shown_of(session, found, context)
            uid, addresses = self._invitations.uid(found.meeting), [one.email for one in shown.invitees]
            return MeetingDetails(shown, await last_deliveries(session, uid, addresses))

    async def between(
        self,
        actor: Actor,
        from_: datetime,
        to: datetime | None,
        *,
        of_everybody: bool = False,
        limit: int = 100,
        offset: int = 0,
    ) -> AgendaPage:
        """Page of the meetings that end after `from_` and begin before `to`: the actor's or, for
        administrators, everybody's in the organization."""
        problems = Problems()
        if to is not None and to <= from_:
            problems.add(ErrorCode.RANGE_REVERSED, "to")
        if not 1 <= limit <= MOST_AT_ONCE:
            problems.add(ErrorCode.OUT_OF_RANGE, "limit", least=1, most=MOST_AT_ONCE)
        problems.require_none()
        if offset < 0 or offset + limit > MOST_IN_ALL:
            raise Invalid(ErrorCode.TOO_MANY_LISTED, "offset", most=MOST_IN_ALL)
        if of_everybody and not actor.administers:
            raise Forbidden(ErrorCode.ADMINISTRATORS_ONLY)
        whose = None if of_everybody else actor.person_id
        async with self._database.read(actor.organization_id) as session:
            context = await context_of(session, actor, to_change=False)
            found = (await expanded(session, whose, from_, to, offset + limit + 1))[offset:]
            shown = found[:limit]
            ids = {meeting.organizer_id for meeting, _ in shown}
            people = await session.scalars(select(Person).where(Person.id.in_(ids)))
            sides = {one.id: SchedulingContext(context.organization, context.terms, one) for one in people}
            return AgendaPage(
                [view(meeting, one, (), sides[meeting.organizer_id]) for meeting, one in shown],
                has_more=len(found) > limit,
            )
