"""The way into a meeting: what its page shows, a guest's token, and what a token is good for."""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4, uuid5

from msgspec import Struct, structs
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom import sanitize
from switchroom.accounts.models import MeetingKind, MeetingTerms
from switchroom.accounts.terms import is_unpaid
from switchroom.db.base import now, time_of
from switchroom.db.database import Database
from switchroom.errors import (
    ErrorCode,
    Forbidden,
    LinkExpired,
    LinkNotFound,
    LinkNotYetValid,
    Unauthenticated,
)
from switchroom.identity.models import Membership, Organization, PermissionGroup, Person
from switchroom.identity.permissions import Administration
from switchroom.identity.privacy import privacy_link_of
from switchroom.identity.tokens import AccessToken, SubjectKind, TokenSigner
from switchroom.mail.meeting_mails import MeetingRole
from switchroom.meetings import occurrences as occurrences
from switchroom.meetings.lookup import find_meeting
from switchroom.meetings.models import Meeting
from switchroom.meetings.occurrences import Changes
from switchroom.meetings.scheduling_context import SchedulingContext
from switchroom.meetings.views import (
    Invited,
    MeetingView,
    changes_of,
    clock_of,
    invitees_among,
    invitees_of,
    view,
)
from switchroom.rooms.admission import (
    Admission,
    AdmissionService,
    LinkView,
    RoomFacts,
    Verdict,
    Visitor,
    verdict,
)
from switchroom.rooms.drafts import LONGEST_NAME, require_name, require_text
from switchroom.rooms.models import Link, Room, RoomDetails, RoomMode
from switchroom.rooms.permissions import ACTIVE, MODERATOR, PARTICIPANT, SPECTATOR, Permission


class VisitState(StrEnum):
    """State of a meeting's entrance: whether it can be entered now, and if not why."""

    OPEN = "open"
    NOT_STARTED = "not_started"
    OVER = "over"
    UNAVAILABLE = "unavailable"


class Visit(Struct, frozen=True, kw_only=True):
    """Meeting as somebody who stands before it may know it.

    `display_name` is the name of somebody who comes by a personal link or, as `is_member`, under their
    account. `opens_at` is when it can be entered. A person who `listens` can send neither sound nor pictures.
    """

    state: VisitState
    number: str
    room_id: str
    company_id: str
    company_name: str
    privacy_link: str
    topic: str
    agenda: str
    kind: MeetingKind
    organizer_name: str
    start: datetime
    end: datetime
    opens_at: datetime
    timezone: str
    is_recurring: bool
    display_name: str
    is_moderator: bool
    is_member: bool
    listens: bool
    waits: bool
    recorded: bool


class MeetingToken(Struct, frozen=True):
    """A guest's access token for a meeting's room."""

    token: str
    claims: AccessToken
    visit: Visit


class _Entitlement(Struct, frozen=True):
    """Entitlement of somebody to a meeting. `subject_id` is given for people who are known. A person who
    comes by a link into the meeting's room has what its group permits, until its end, and perhaps a name that
    is fixed."""

    role: MeetingRole
    display_name: str = ""
    subject_id: str = ""
    link_id: str = ""
    permissions: Permission | None = None
    fixed_name: str = ""
    valid_until: datetime | None = None


class MeetingAdmission:
    """Lets people into meetings, and into rooms that are no meetings' as `AdmissionService` does."""

    def __init__(
        self,
        database: Database,
        signer: TokenSigner,
        admissions: AdmissionService,
        *,
        guest_token_lifetime: int,
    ) -> None:
        self._database = database
        self._signer = signer
        self._admissions = admissions
        self._lifetime = guest_token_lifetime

    async def look_up_link(self, company_id: str, room_id: str, access_key: str) -> LinkView | None:
        return await self._admissions.look_up_link(company_id, room_id, access_key)

    async def look_up(self, number: str, key: str = "", token: str = "") -> Visit:
        """The meeting with this number, for the holder of the personal key or, without one, of the access
        token of a member of the meeting's organization. Another token makes no difference.

        Raises LinkNotFound for a meeting that is not there, and for a key that is none of it.
        """
        async with self._database.read(None) as session:
            shown, entitlement = await self._by_number(session, number, key)
            visit = await _visit(session, shown, entitlement)
        claims = self._member(token) if token and not key else None
        if claims is None or claims.organization_id != shown.meeting.organization_id:
            return visit
        async with self._database.read(claims.organization_id) as session:
            try:
                entitlement = (await _entitlements_of(session, shown, [claims]))(claims)
            except Forbidden:
                return visit
            visit = await _visit(session, shown, entitlement)
            return structs.replace(visit, is_member=True, display_name=claims.display_name)

    async def enter(self, number: str, key: str, display_name: str, external_id: str = "") -> MeetingToken:
        """A token for a visitor who stands before the meeting. By a personal link, the name that the
        invitation has counts unless another is given; all others need one.

        Raises LinkNotFound, Forbidden (`meeting_not_started`, `meeting_over`, `account_unpaid`), Invalid.
        """
        wanted = require_name(display_name, "display_name")
        async with self._database.read(None) as session:
            shown, entitlement = await self._by_number(session, number, key)
            _require_enterable(shown, entitlement)
            visit = await _visit(session, shown, entitlement)
        # An invitation's first and last name together may be longer than a name that is typed here.
        name = wanted or sanitize.name(entitlement.display_name)[:LONGEST_NAME]
        require_text(name, "display_name", longest=LONGEST_NAME, shortest=1)
        subject = entitlement.subject_id
        if not subject:
            meeting_id = UUID(shown.meeting.id)
            subject = str(uuid5(meeting_id, external_id) if external_id else uuid4())
        moment = time.time()
        claims = AccessToken(
            organization_id=shown.meeting.organization_id,
            company_id=shown.organization.ulid,
            subject_id=subject,
            kind=SubjectKind.GUEST,
            issued_at=moment,
            expires_at=int(moment) + self._lifetime,
            administration=0,
            display_name=name,
            room_id=shown.meeting.room_id,
            link_id=entitlement.link_id,
        )
        return MeetingToken(self._signer.sign(claims), claims, visit)

    def verify(self, token: str) -> AccessToken:
        """The claims of a token that is genuine, in time and not revoked. Raises Unauthenticated."""
        return self._signer.verify(token)

    async def admit(self, token: str, room_id: str, display_name: str | None = None) -> Admission:
        """As `AdmissionService.admit`, and Forbidden as of `enter`."""
        claims = self._signer.verify(token)
        async with self._database.read(claims.organization_id) as session:
            place = await _place_of(session, room_id)
            entitlement_of = (
                await _entitlements_of(session, place.shown, [claims]) if place is not None else None
            )
        if place is None or entitlement_of is None:
            return await self._admissions.admit(token, room_id, display_name)
        entitlement = entitlement_of(claims)
        _require_enterable(place.shown, entitlement)
        return _admission(claims, place, entitlement, display_name or "")

    async def review(
        self, organization_id: int, room_id: str, visitors: Sequence[Visitor]
    ) -> Sequence[Verdict]:
        """As `AdmissionService.review`. People in a meeting stay until it is closed, and in a recurring one
        until the occurrence ends to which they came."""
        people = [self._admissions.identify(one, organization_id, room_id) for one in visitors]
        async with self._database.read(organization_id) as session:
            place = await _place_of(session, room_id)
            identified = [one for one in people if isinstance(one, AccessToken)]
            entitlement_of = (
                await _entitlements_of(session, place.shown, identified) if place is not None else None
            )
        if place is None or entitlement_of is None:
            return await self._admissions.review(organization_id, room_id, visitors)
        has_ended = _ended(place)

        def admitted(claims: AccessToken, visitor: Visitor) -> Admission:
            entitlement = entitlement_of(claims)
            if has_ended(visitor.since):
                raise Forbidden(ErrorCode.MEETING_OVER)
            return _admission(claims, place, entitlement, visitor.display_name)

        return [verdict(admitted, *one) for one in zip(people, visitors, strict=True)]

    def _member(self, token: str) -> AccessToken | None:
        """Claims of the token of a person with an account; None for any other token."""
        try:
            claims = self._signer.verify(token)
        except Unauthenticated:
            return None
        return claims if claims.kind is SubjectKind.PERSON else None

    async def _by_number(
        self, session: AsyncSession, number: str, key: str
    ) -> tuple[MeetingView, _Entitlement]:
        name = number.replace("-", "").replace(" ", "").lower()
        found = await find_meeting(session, name) if _NAME.fullmatch(name) else None
        if found is None:
            raise LinkNotFound
        row = (await session.execute(_BY_ROOM.where(Meeting.id == found.meeting.id))).one()
        meeting, organization, terms, organizer, _ = row
        shown = await _shown(
            session, meeting, found.changes, SchedulingContext(organization, terms, organizer)
        )
        return shown, _entitlement_by(shown, key)


_NAME = re.compile(r"\d{16}|[0-9a-f]{24}")
"""Names of a meeting's page: the number that people type, or the id that programs know."""
_MEMBERS = (
    select(Person.id, Person.email)
    .join(Membership, Membership.person_id == Person.id)
    .where(Person.id.in_(bindparam("person_ids", expanding=True)))
)
_BY_ROOM = (
    select(Meeting, Organization, MeetingTerms, Person, Room)
    .join(Organization, Organization.id == Meeting.organization_id)
    .join(MeetingTerms, MeetingTerms.organization_id == Meeting.organization_id)
    .join(Person, Person.id == Meeting.organizer_id)
    .join(Room, Room.id == Meeting.room_id)
)


async def _shown(
    session: AsyncSession, meeting: Meeting, changes: Changes, context: SchedulingContext
) -> MeetingView:
    invitees = (await invitees_of(session, [meeting.id])).get(meeting.id, ())
    return view(
        meeting, occurrences.shown(meeting, changes, clock_of(meeting, context.terms)), invitees, context
    )


class _Place(Struct, frozen=True):
    """The room of a meeting, with the meeting but for those invited, and what participants may do there."""

    facts: RoomFacts
    shown: MeetingView
    changes: Changes
    participants: Permission


async def _place_of(session: AsyncSession, room_id: str) -> _Place | None:
    """None for a room that is no meeting's."""
    row = (await session.execute(_BY_ROOM.where(Meeting.room_id == room_id))).one_or_none()
    if row is None:
        return None
    meeting, organization, terms, organizer, room = row
    changes = (await changes_of(session, [meeting])).get(meeting.id, {})
    occurrence = occurrences.shown(meeting, changes, clock_of(meeting, terms))
    shown = view(meeting, occurrence, (), SchedulingContext(organization, terms, organizer))
    facts = RoomFacts(
        organization_id=meeting.organization_id,
        company_id=organization.ulid,
        company_name=organization.display_name,
        room_id=room_id,
        details=structs.replace(RoomDetails.of(room), display_name=occurrence.topic),
        mode=RoomMode(room.mode),
        active_limit=room.active_limit,
        passive_limit=room.passive_limit,
        meeting_id=meeting.id,
        recorded=meeting.recorded,
        asks_before_recording=organization.asks_before_recording,
    )
    return _Place(facts, shown, changes, await _participants_may(session, shown))


def _admission(claims: AccessToken, place: _Place, entitlement: _Entitlement, wanted_name: str) -> Admission:
    shown = place.shown
    if claims.is_guest and claims.room_id != place.facts.room_id:
        raise LinkNotFound
    wanted = require_name(wanted_name, "display_name") if claims.is_guest else ""
    return Admission(
        room=place.facts,
        user_id=claims.subject_id,
        display_name=entitlement.fixed_name or wanted or claims.display_name,
        is_guest=claims.is_guest and claims.subject_id != shown.organizer.id,
        permissions=_permissions(place, entitlement),
        issued_at=claims.issued_at,
        link_id=claims.link_id or None,
        waits=_waits(shown, entitlement),
        valid_until=entitlement.valid_until,
    )


def _permissions(place: _Place, entitlement: _Entitlement) -> Permission:
    if entitlement.permissions is not None:
        return entitlement.permissions
    return MODERATOR if entitlement.role is MeetingRole.MODERATOR else place.participants


def _by_link(link: Link, group: PermissionGroup) -> _Entitlement:
    """Raises Forbidden for a link that is not good now, or lets nobody in."""
    moment, permissions = now(), Permission(group.permissions)
    if link.valid_from is not None and moment < link.valid_from:
        raise LinkNotYetValid(link.valid_from)
    if link.valid_until is not None and moment >= link.valid_until:
        raise LinkExpired(link.valid_until)
    if not permissions & Permission.JOIN:
        raise Forbidden(ErrorCode.PERMISSION_MISSING, permission="join")
    return _Entitlement(
        MeetingRole.MODERATOR if permissions & Permission.PROMOTE else MeetingRole.PARTICIPANT,
        link_id=link.id,
        permissions=permissions,
        fixed_name=link.display_name,
        valid_until=link.valid_until,
    )


_LINKS = (
    select(Link, PermissionGroup)
    .join(PermissionGroup, PermissionGroup.id == Link.permission_group_id)
    .where(Link.room_id == bindparam("room_id"), Link.id.in_(bindparam("link_ids", expanding=True)))
)


def _entitlement_by(shown: MeetingView, key: str) -> _Entitlement:
    if not key:
        return _Entitlement(MeetingRole.PARTICIPANT, link_id=shown.meeting.id)
    if hmac.compare_digest(shown.meeting.organizer_key.encode(), key.encode()):
        organizer = shown.organizer
        return _Entitlement(
            MeetingRole.MODERATOR, organizer.display_name, organizer.id, link_id=shown.meeting.id
        )
    for one in shown.invitees:
        if hmac.compare_digest(one.access_key.encode(), key.encode()):
            return _invited(one)
    raise LinkNotFound


def _invited(one: Invited) -> _Entitlement:
    return _Entitlement(MeetingRole(one.role), one.name, one.id, link_id=one.id)


async def _entitlements_of(
    session: AsyncSession, shown: MeetingView, people: Sequence[AccessToken]
) -> Callable[[AccessToken], _Entitlement]:
    """Function that has the entitlement of each of the people to the meeting.

    It raises LinkNotFound for somebody whose invitation has been withdrawn, and Forbidden for somebody who no
    longer belongs to the organization.
    """
    member_ids = {one.subject_id for one in people if not one.is_guest and not _moderates(shown, one)}
    emails: dict[str, str] = {}
    if member_ids:
        rows = await session.execute(_MEMBERS, {"person_ids": list(member_ids)})
        emails = {person_id: (email or "").lower() for person_id, email in rows}
    ids = {one.link_id for one in people if one.is_guest and one.link_id != shown.meeting.id}
    by_id: dict[str, _Entitlement] = {}
    by_email: dict[str, _Entitlement] = {}
    addresses = {email for email in emails.values() if email}
    if ids or addresses:
        for one in await invitees_among(session, shown.meeting.id, ids=ids, emails=addresses):
            by_id[one.id] = by_email[one.email] = _invited(one)
    links: dict[str, tuple[Link, PermissionGroup]] = {}
    if ids - by_id.keys():
        asked = {"room_id": shown.meeting.room_id, "link_ids": list(ids - by_id.keys())}
        links = {link.id: (link, group) for link, group in await session.execute(_LINKS, asked)}

    def entitlement_of(claims: AccessToken) -> _Entitlement:
        if _moderates(shown, claims):
            return _Entitlement(MeetingRole.MODERATOR)
        if claims.is_guest:
            if claims.link_id == shown.meeting.id:
                return _Entitlement(MeetingRole.PARTICIPANT)
            if claims.link_id in links:
                return _by_link(*links[claims.link_id])
            if claims.link_id not in by_id:
                raise LinkNotFound
            return by_id[claims.link_id]
        if claims.subject_id not in emails:
            raise Forbidden(ErrorCode.PERSON_LEFT)
        return by_email.get(emails[claims.subject_id], _Entitlement(MeetingRole.PARTICIPANT))

    return entitlement_of


def _moderates(shown: MeetingView, claims: AccessToken) -> bool:
    """Whether somebody moderates without an invitation: the organizer, under whatever kind of token, and
    administrators of the organization's rooms."""
    if claims.subject_id == shown.organizer.id:
        return True
    return not claims.is_guest and claims.may(Administration.ROOM_ADMIN)


async def _participants_may(session: AsyncSession, shown: MeetingView) -> Permission:
    """Permissions of all but moderators in the meeting."""
    if shown.meeting.permission_group_id is not None:
        group = await session.get(PermissionGroup, shown.meeting.permission_group_id)
        if group is not None and Permission(group.permissions) & Permission.JOIN:
            return Permission(group.permissions)
    return SPECTATOR if shown.meeting.kind == MeetingKind.WEBINAR else PARTICIPANT


def _waits(shown: MeetingView, entitlement: _Entitlement) -> bool:
    return shown.meeting.kind == MeetingKind.BOARDROOM and entitlement.role is not MeetingRole.MODERATOR


def _state(shown: MeetingView, entitlement: _Entitlement) -> VisitState:
    moment = now()
    if shown.organization.closed_at is not None or is_unpaid(shown.terms):
        return VisitState.UNAVAILABLE
    if shown.is_over(moment):
        return VisitState.OVER
    if moment < shown.opens_at and entitlement.role is not MeetingRole.MODERATOR:
        return VisitState.NOT_STARTED
    return VisitState.OPEN


def _ended(place: _Place) -> Callable[[datetime | None], bool]:
    """Tells whether what somebody came to, at a moment, is over: they must have missed the word of it."""
    meeting = place.shown.meeting
    if meeting.canceled_at is not None or meeting.closed_at is not None:
        return lambda since: True
    if meeting.recurrence is None:
        return lambda since: False
    moment = clock_of(meeting, place.shown.terms)
    last = occurrences.last_begun(meeting, place.changes, moment)
    end = last.closed_at or last.end
    return lambda since: since is not None and since < end <= moment


def _require_enterable(shown: MeetingView, entitlement: _Entitlement) -> None:
    state = _state(shown, entitlement)
    if shown.organization.closed_at is not None:
        raise Forbidden(ErrorCode.MEETING_ACCOUNT_CLOSED)
    if state is VisitState.UNAVAILABLE:
        raise Forbidden(ErrorCode.MEETING_ACCOUNT_UNPAID)
    if state is VisitState.OVER:
        raise Forbidden(ErrorCode.MEETING_OVER)
    if state is VisitState.NOT_STARTED:
        raise Forbidden(ErrorCode.MEETING_NOT_STARTED, opens_at=time_of(shown.opens_at))


async def _visit(session: AsyncSession, shown: MeetingView, entitlement: _Entitlement) -> Visit:
    meeting, occurrence = shown.meeting, shown.occurrence
    permissions = (
        MODERATOR if entitlement.role is MeetingRole.MODERATOR else await _participants_may(session, shown)
    )
    return Visit(
        state=_state(shown, entitlement),
        number=meeting.number,
        room_id=meeting.room_id,
        company_id=shown.organization.ulid,
        company_name=shown.organization.display_name,
        privacy_link=privacy_link_of(shown.organization),
        topic=occurrence.topic,
        agenda=occurrence.agenda,
        kind=MeetingKind(meeting.kind),
        organizer_name=shown.organizer.display_name,
        start=occurrence.start,
        end=occurrence.end,
        opens_at=shown.opens_at,
        timezone=meeting.timezone,
        is_recurring=meeting.recurrence is not None,
        display_name=entitlement.display_name,
        is_moderator=entitlement.role is MeetingRole.MODERATOR,
        is_member=False,
        listens=not permissions & ACTIVE,
        waits=_waits(shown, entitlement),
        recorded=meeting.recorded,
    )
