"""Meetings of people as their rooms are known: with links into them, one's own only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import UNSET, Struct
from sqlalchemy import bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.organizers import Actor
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import Conflict, ErrorCode, Forbidden, NotFound, Problems
from switchroom.identity.models import PermissionGroup
from switchroom.identity.permissions import Role
from switchroom.identity.tokens import AccessToken, SubjectKind
from switchroom.mail.meeting_mails import MeetingRole
from switchroom.mail.queue import withdraw_invitations
from switchroom.meetings.agenda import Agenda
from switchroom.meetings.drafts import MeetingDraft
from switchroom.meetings.lookup import Found, shown_of, side_of
from switchroom.meetings.meetings import Meetings
from switchroom.meetings.models import Meeting
from switchroom.meetings.views import Invited, MeetingView, changes_of
from switchroom.rooms.drafts import RoomDraft, require_few, require_room
from switchroom.rooms.links import LinkDraft, Links
from switchroom.rooms.models import Link, LinkKind, Room, RoomPermission
from switchroom.rooms.permissions import ADMINISTRATOR
from switchroom.rooms.rooms import Rooms

_MOST_EARLY = 30
"""Minutes, at most, before its start that a meeting can be entered."""

_MOST_LISTED = 500
_FIRST_LINKS = (Role.MODERATOR, Role.PARTICIPANT, Role.GUEST, Role.SPECTATOR)
"""Roles whose groups have a link each into a meeting, unless links are given."""


class MeetingRoom(Struct, frozen=True, kw_only=True):
    """A meeting, its room, and the links into it: those for many by their permission groups, and those for
    one person each, in the order in which they were made. A list says nothing of rooms and links."""

    shown: MeetingView
    room: Room | None = None
    group_links: Mapping[str, str] = {}
    guest_links: Sequence[str] = ()

    @property
    def id(self) -> str:
        return self.shown.meeting.room_id


class LinkWishes(Struct, frozen=True, kw_only=True):
    """Links that a new meeting gets; without `group` one for each of the usual groups."""

    group: Sequence[LinkDraft] | None = None
    guest: Sequence[LinkDraft] = ()
    origin: str = ""
    timezone: str = ""


class MeetingRooms:
    """Meetings of people with an account, each known by the id of its room: the organizer of one administers
    its room, and makes further links into it. Others come by links."""

    def __init__(
        self, database: Database, meetings: Meetings, agenda: Agenda, rooms: Rooms, links: Links
    ) -> None:
        self._database = database
        self._meetings = meetings
        self._agenda = agenda
        self._rooms = rooms
        self._links = links

    async def schedule(
        self, token: AccessToken, draft: MeetingDraft, links: LinkWishes, room: RoomDraft | None = None
    ) -> tuple[MeetingRoom, str | None]:
        """A new meeting, and the id of the task that mails its guest links, if they are mailed. Raises
        Invalid, NotFound for a permission group, and Forbidden for who is no person of the organization."""
        actor = _actor(token)
        problems = Problems()
        _note_early(problems, draft)
        if room is not None:
            with problems:
                require_room(room)
                require_few(room)
        if problems:
            with problems:
                await self._meetings.check(actor, draft)
        problems.require_none()
        tasks: list[str | None] = []

        async def furnish(session: AsyncSession, shown: MeetingView) -> None:
            tasks.append(await self._furnish(session, token, shown.meeting, links))

        shown = await self._meetings.schedule(actor, draft, furnish)
        if room is not None and room != RoomDraft():
            await self._rooms.update(token, shown.meeting.room_id, room)
        return await self.get(token, shown.meeting.room_id), tasks[0]

    async def get(self, token: AccessToken, meeting_id: str) -> MeetingRoom:
        """One of the caller's own meetings, also one that is over or canceled. Raises NotFound."""
        actor = _actor(token)
        async with self._database.read(token.organization_id) as session:
            meeting = await _find(session, actor, meeting_id)
            found = Found(meeting, (await changes_of(session, [meeting])).get(meeting.id, {}), None)
            context = await side_of(session, actor, meeting, to_change=False)
            shown = await shown_of(session, found, context)
            rows = await session.scalars(_LINKS, {"room_id": meeting.room_id})
            group_links: dict[str, str] = {}
            guest_links: list[str] = []
            for link in rows:
                address = self._links.address(token.company_id, link)
                if link.kind == LinkKind.GROUP:
                    group_links.setdefault(link.permission_group_id, address)
                else:
                    guest_links.append(address)
            room = await session.get(Room, meeting.room_id)
            return MeetingRoom(shown=shown, room=room, group_links=group_links, guest_links=guest_links)

    async def list(
        self, token: AccessToken, from_: datetime | None, to: datetime | None
    ) -> Sequence[MeetingRoom]:
        """The first 500 of the caller's own that end after `from_`, or now, and begin before `to`, in order
        of their start; one that recurs at each of its times."""
        page = await self._agenda.between(_actor(token), from_ or now(), to, limit=_MOST_LISTED)
        return [MeetingRoom(shown=one) for one in page.meetings]

    async def update(self, token: AccessToken, meeting_id: str, draft: MeetingDraft) -> MeetingRoom:
        """Change one of the caller's own that has not begun. Raises NotFound, Invalid, and Conflict."""
        actor = _actor(token)
        problems = Problems()
        _note_early(problems, draft)
        problems.require_none()
        present = await self.get(token, meeting_id)
        _require_to_come(present.shown)
        meeting = present.shown.meeting
        await self._meetings.update(actor, meeting.id, draft, series=True, sequence=meeting.sequence)
        return await self.get(token, meeting_id)

    async def cancel(self, token: AccessToken, meeting_id: str, reason: str, *, tells: bool) -> None:
        """Call off one of the caller's own meetings. Where it `tells`, invitees and the organizer hear of it
        and why. Raises NotFound, also for one that was called off, and Invalid."""
        actor = _actor(token)
        async with self._database.read(token.organization_id) as session:
            meeting = await _find(session, actor, meeting_id)

        async def told(session: AsyncSession, shown: MeetingView) -> Sequence[Invited]:
            rows = (await session.scalars(_LINKS, {"room_id": shown.meeting.room_id})).all()
            guests = [one for one in rows if one.kind == LinkKind.GUEST and one.email]
            for one in guests:
                await withdraw_invitations(
                    session, token.organization_id, one.id, reason="the meeting was canceled"
                )
            return _told(shown, guests) if tells else []

        await self._meetings.cancel(actor, meeting.id, series=True, reason=reason, told=told)

    async def _furnish(
        self, session: AsyncSession, token: AccessToken, meeting: Meeting, links: LinkWishes
    ) -> str | None:
        """Returns the id of the task that mails links."""
        session.add(
            RoomPermission(
                room_id=meeting.room_id,
                person_id=meeting.organizer_id,
                role=Role.ADMIN,
                permissions=ADMINISTRATOR,
            )
        )
        await session.flush()
        group = links.group
        if group is None:
            found = await session.execute(_GROUPS, {"roles": list(_FIRST_LINKS)})
            ids: dict[int, str] = {role: one for role, one in reversed(found.all())}  # noqa: C416
            group = [LinkDraft(permission_group_id=ids[role]) for role in _FIRST_LINKS if role in ids]
        if group:
            await self._links.create_in(
                session, token, meeting.room_id, LinkKind.GROUP, group, origin=links.origin
            )
        if not links.guest:
            return None
        made = await self._links.create_in(
            session,
            token,
            meeting.room_id,
            LinkKind.GUEST,
            links.guest,
            origin=links.origin,
            timezone=links.timezone or meeting.timezone,
        )
        return made.task_id


_LINKS = (
    select(Link).where(Link.room_id == bindparam("room_id")).order_by(Link.created_at, Link.id).limit(2000)
)
_GROUPS = (
    select(PermissionGroup.role, PermissionGroup.id)
    .where(PermissionGroup.role.in_(bindparam("roles", expanding=True)))
    .order_by(PermissionGroup.position, PermissionGroup.id)
)


def _actor(token: AccessToken) -> Actor:
    """The person who calls, and nobody else: managers of the company have no others' meetings here."""
    if token.kind is not SubjectKind.PERSON:
        raise Forbidden(ErrorCode.PEOPLE_ONLY)
    return Actor(token.organization_id, token.subject_id)


def _note_early(problems: Problems, draft: MeetingDraft) -> None:
    early = draft.early_access_minutes
    if early is not UNSET and not 0 <= early <= _MOST_EARLY:
        problems.add(ErrorCode.OUT_OF_RANGE, "early_access_minutes", least=0, most=_MOST_EARLY)


async def _find(session: AsyncSession, actor: Actor, meeting_id: str) -> Meeting:
    named = or_(Meeting.room_id == meeting_id, Meeting.id == meeting_id)
    meeting = await session.scalar(select(Meeting).where(named, Meeting.organizer_id == actor.person_id))
    if meeting is None:
        raise NotFound(ErrorCode.MEETING_NOT_FOUND, "meeting_id", id=meeting_id[:100])
    return meeting


def _require_to_come(shown: MeetingView) -> None:
    moment = now()
    if shown.is_over(moment):
        raise Conflict(ErrorCode.MEETING_OVER)
    if shown.occurrence.start <= moment:
        raise Conflict(ErrorCode.MEETING_BEGUN)


def _told(shown: MeetingView, guests: Sequence[Link]) -> list[Invited]:
    """Invitees, by whatever way invited, and the organizer; each address once."""
    organizer = shown.organizer
    language = "de" if organizer.locale.lower().startswith("de") else "en"
    people = [
        *((one.email, one.display_name, one.locale, one.id) for one in guests),
        (organizer.email, organizer.display_name, language, organizer.id),
    ]
    found = {one.email.lower(): one for one in shown.invitees}
    for position, (email, name, locale, key) in enumerate(people, len(found)):
        if email and email.lower() not in found:
            found[email.lower()] = Invited(
                id=key,
                meeting_id=shown.meeting.id,
                email=email,
                first_name=name,
                last_name="",
                locale=locale,
                role=MeetingRole.PARTICIPANT,
                access_key="",
                position=position,
            )
    return list(found.values())
