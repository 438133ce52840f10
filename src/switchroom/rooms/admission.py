"""The way into a room: a link becomes a guest's token, a token becomes an admission."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4, uuid5

from msgspec import Struct, structs
from sqlalchemy import and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import (
    DomainError,
    ErrorCode,
    Forbidden,
    Invalid,
    LinkExpired,
    LinkNotFound,
    LinkNotYetValid,
    NotFound,
)
from switchroom.identity.models import Membership, Organization, PermissionGroup
from switchroom.identity.notices import AccessRevoked
from switchroom.identity.privacy import privacy_link_of
from switchroom.identity.tokens import AccessToken, SubjectKind, TokenSigner
from switchroom.rooms.access import judge, room_for
from switchroom.rooms.drafts import require_name
from switchroom.rooms.models import Link, LinkKind, Room, RoomDetails, RoomMode, RoomPermission, RoomType
from switchroom.rooms.permissions import Permission

_SHORTEST_EXTERNAL_ID, _LONGEST_EXTERNAL_ID = 32, 256


class RoomFacts(Struct, frozen=True, kw_only=True):
    """A room as its conference needs to know it, the same for everybody inside. It has places for
    `active_limit` people with voice, video or screen, and for `passive_limit` spectators."""

    organization_id: int
    company_id: str
    company_name: str
    room_id: str
    details: RoomDetails
    mode: RoomMode
    active_limit: int | None
    passive_limit: int | None
    meeting_id: str | None = None
    recorded: bool = False
    """Whether what happens in the room is to be recorded, unless a moderator says otherwise."""
    asks_before_recording: bool = False
    """Whether nothing is recorded of people who have not agreed."""

    @property
    def room_name(self) -> str:
        return self.details.display_name or ""


class Admission(Struct, frozen=True, kw_only=True):
    """Admission of a person into the room, as this user and with these permissions. Whether there is a place
    is the conference's to say."""

    room: RoomFacts
    user_id: str
    display_name: str
    is_guest: bool
    permissions: Permission
    issued_at: float
    """Unix time at which the token was issued that they come with."""
    link_id: str | None = None
    valid_until: datetime | None = None
    waits: bool = False
    """Whether a moderator has to let them in."""

    def is_revoked_by(self, notice: AccessRevoked) -> bool:
        """Whether the notice is about this person or their link, and voids the token they come with: a person
        who has signed in anew since comes with another."""
        return (
            notice.organization_id == self.room.organization_id
            and notice.subject_id in (self.user_id, self.link_id)
            and self.issued_at <= notice.revoked_at.timestamp()
        )


class Visitor(Struct, frozen=True):
    """Person inside a room, or waiting before it, whose admission is reviewed.

    `since` is when they came in; None for one who waits.
    """

    token: str
    display_name: str
    since: datetime | None = None


Verdict = Admission | DomainError
"""Verdict of a review on one person: what they may do now, or why they may not be there any more."""


class LinkState(StrEnum):
    VALID = "valid"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"


class LinkView(Struct, frozen=True, kw_only=True):
    """Link as its holder may know it before coming in."""

    id: str
    kind: LinkKind
    state: LinkState
    room_id: str
    room_name: str
    company_name: str
    display_name: str
    valid_from: datetime | None
    valid_until: datetime | None
    mode: RoomMode
    permissions: Permission
    active_limit: int
    passive_limit: int
    privacy_link: str = ""


class GuestToken(Struct, frozen=True):
    """A guest's access token for one room."""

    token: str
    claims: AccessToken
    link: LinkView


class AdmissionService:
    def __init__(self, database: Database, signer: TokenSigner, *, guest_token_lifetime: int) -> None:
        self._database = database
        self._signer = signer
        self._lifetime = guest_token_lifetime

    async def look_up_link(self, company_id: str, room_id: str, access_key: str) -> LinkView | None:
        """The link with this key in this room of this company (a ULID), whatever its validity."""
        async with self._database.read(None) as session:
            found = (
                await session.execute(
                    select(Link, Room, Organization, PermissionGroup)
                    .join(Room, Room.id == Link.room_id)
                    .join(Organization, Organization.id == Link.organization_id)
                    .join(PermissionGroup, PermissionGroup.id == Link.permission_group_id)
                    .where(Link.access_key == access_key, Room.id == room_id, Organization.ulid == company_id)
                )
            ).one_or_none()
        return None if found is None else _view(*found)

    async def authenticate_guest(
        self, company_id: str, room_id: str, access_key: str, display_name: str, external_id: str
    ) -> GuestToken:
        """A token for the holder of the link.

        A guest link is one person, and so is a group link with the same `external_id` (32 to 256 characters).
        A guest link's own name counts before `display_name`.

        Raises LinkNotFound, LinkNotYetValid, LinkExpired, Invalid.
        """
        if external_id and not _SHORTEST_EXTERNAL_ID <= len(external_id) <= _LONGEST_EXTERNAL_ID:
            raise Invalid(
                ErrorCode.LENGTH_OUT_OF_RANGE,
                "external_id",
                least=_SHORTEST_EXTERNAL_ID,
                most=_LONGEST_EXTERNAL_ID,
            )
        wanted_name = require_name(display_name, "display_name")
        link = await self.look_up_link(company_id, room_id, access_key)
        if link is None:
            raise LinkNotFound
        _require_valid(link)
        name = link.display_name or wanted_name
        if not name:
            raise Invalid(ErrorCode.REQUIRED, "display_name")
        async with self._database.read(None) as session:
            organization = await session.scalar(select(Organization).where(Organization.ulid == company_id))
        if organization is None:
            raise LinkNotFound
        moment = time.time()
        claims = AccessToken(
            organization_id=organization.id,
            company_id=company_id,
            subject_id=_guest_id(link, external_id),
            kind=SubjectKind.GUEST,
            issued_at=moment,
            expires_at=int(moment) + self._lifetime,
            administration=0,
            display_name=name,
            room_id=room_id,
            link_id=link.id,
        )
        return GuestToken(self._signer.sign(claims), claims, link)

    async def admit(self, token: str, room_id: str, display_name: str | None = None) -> Admission:
        """Admit the holder of the token into the room, if they may come in.

        A guest may take another name than the token's unless the link has one of its own.
        Raises Unauthenticated, NotFound, Forbidden and its link kinds, LinkNotFound.
        """
        claims = self._signer.verify(token)
        async with self._database.read(claims.organization_id) as session:
            if claims.is_guest:
                return await self._admit_guest(session, claims, room_id, display_name)
            return await self._admit_member(session, claims, room_id)

    async def review(
        self, organization_id: int, room_id: str, visitors: Sequence[Visitor]
    ) -> Sequence[Verdict]:
        """The verdict on each visitor of a room of the organization, in few queries however many there are.

        It is what `admit` would answer or raise, but a token that has expired since they came in still says
        who they are.
        """
        people = [self.identify(one, organization_id, room_id) for one in visitors]
        async with self._database.read(organization_id) as session:
            row = (await session.execute(_ROOM, {"room_id": room_id})).one_or_none()
            if row is None:
                gone = _no_room(room_id)
                return [gone for _ in people]
            room, organization = row
            identified = [one for one in people if isinstance(one, AccessToken)]
            links = await _links_of(session, room_id, {one.link_id for one in identified if one.is_guest})
            members = await _members_of(
                session, room_id, {one.subject_id for one in identified if not one.is_guest}
            )
        facts = _facts(room, organization)

        def admitted(claims: AccessToken, visitor: Visitor) -> Admission:
            if claims.is_guest:
                name, link = visitor.display_name, links.get(claims.link_id)
                return _guest(claims, room, organization, facts, link, name)
            return _member(claims, room, organization, facts, members.get(claims.subject_id))

        return [verdict(admitted, *one) for one in zip(people, visitors, strict=True)]

    def identify(self, visitor: Visitor, organization_id: int, room_id: str) -> AccessToken | DomainError:
        """Claims of the token of a visitor of a room of the organization, even when it has expired; or the
        error if they are not known by it."""
        try:
            claims = self._signer.verify(visitor.token, even_expired=True)
        except DomainError as error:
            return error
        if claims.organization_id != organization_id:
            return _no_room(room_id)
        return claims

    async def _admit_guest(
        self, session: AsyncSession, claims: AccessToken, room_id: str, display_name: str | None
    ) -> Admission:
        if room_id != claims.room_id:
            raise _no_room(room_id)
        found = (
            await session.execute(
                select(Link, PermissionGroup, Room, Organization)
                .join(Room, Room.id == Link.room_id)
                .join(Organization, Organization.id == Link.organization_id)
                .join(PermissionGroup, PermissionGroup.id == Link.permission_group_id)
                .where(Link.id == claims.link_id, Room.id == room_id)
            )
        ).one_or_none()
        if found is None:
            raise LinkNotFound
        link, group, room, organization = found
        facts = _facts(room, organization)
        return _guest(claims, room, organization, facts, (link, group), display_name or "")

    async def _admit_member(self, session: AsyncSession, claims: AccessToken, room_id: str) -> Admission:
        _, room, permissions = await room_for(session, claims, room_id, to_administer=False)
        organization = await session.get_one(Organization, claims.organization_id)
        return _admission(claims, room, organization, _facts(room, organization), permissions)


_ROOM = (
    select(Room, Organization)
    .join(Organization, Organization.id == Room.organization_id)
    .where(Room.id == bindparam("room_id"))
)
_LINKS = (
    select(Link, PermissionGroup)
    .join(PermissionGroup, PermissionGroup.id == Link.permission_group_id)
    .where(Link.room_id == bindparam("room_id"), Link.id.in_(bindparam("link_ids", expanding=True)))
)
_MEMBERS = (
    select(Membership.person_id, RoomPermission.permissions, Membership.standing)
    .outerjoin(
        RoomPermission,
        and_(
            RoomPermission.person_id == Membership.person_id,
            RoomPermission.room_id == bindparam("room_id"),
        ),
    )
    .where(Membership.person_id.in_(bindparam("person_ids", expanding=True)))
)
_Way = tuple[Link, PermissionGroup]
_Own = tuple[int | None, str | None]
"""A member's own permissions in a room, and their standing."""


async def _links_of(session: AsyncSession, room_id: str, link_ids: Collection[str]) -> dict[str, _Way]:
    if not link_ids:
        return {}
    rows = await session.execute(_LINKS, {"room_id": room_id, "link_ids": list(link_ids)})
    return {link.id: (link, group) for link, group in rows}


async def _members_of(session: AsyncSession, room_id: str, person_ids: Collection[str]) -> dict[str, _Own]:
    if not person_ids:
        return {}
    rows = await session.execute(_MEMBERS, {"room_id": room_id, "person_ids": list(person_ids)})
    return {person_id: (own, standing) for person_id, own, standing in rows}


def verdict(
    judge: Callable[[AccessToken, Visitor], Admission], claims: AccessToken | DomainError, visitor: Visitor
) -> Verdict:
    """Verdict on a visitor: what `judge` returns or raises; the error in place of claims if they are not
    known."""
    if isinstance(claims, DomainError):
        return claims
    try:
        return judge(claims, visitor)
    except DomainError as error:
        return error


def _guest(
    claims: AccessToken,
    room: Room,
    organization: Organization,
    facts: RoomFacts,
    way: _Way | None,
    wanted_name: str,
) -> Admission:
    if claims.room_id != room.id:
        raise _no_room(room.id)
    if way is None:
        raise LinkNotFound
    link, group = way
    view = _view(link, room, organization, group)
    _require_valid(view)
    wanted = require_name(wanted_name, "display_name")
    admission = _admission(claims, room, organization, facts, Permission(group.permissions))
    return structs.replace(
        admission,
        display_name=link.display_name or wanted or claims.display_name,
        link_id=link.id,
        valid_until=link.valid_until,
    )


def _member(
    claims: AccessToken, room: Room, organization: Organization, facts: RoomFacts, own: _Own | None
) -> Admission:
    permissions, standing = own or (None, None)
    _, held = judge(claims, room.id, room.default_permissions, permissions, standing, to_administer=False)
    return _admission(claims, room, organization, facts, held)


def _facts(room: Room, organization: Organization) -> RoomFacts:
    return RoomFacts(
        organization_id=organization.id,
        company_id=organization.ulid,
        company_name=organization.display_name,
        room_id=room.id,
        details=RoomDetails.of(room),
        mode=RoomMode(room.mode),
        active_limit=room.active_limit,
        passive_limit=room.passive_limit,
        asks_before_recording=organization.asks_before_recording,
    )


def _admission(
    claims: AccessToken, room: Room, organization: Organization, facts: RoomFacts, permissions: Permission
) -> Admission:
    if room.type == RoomType.DEPARTMENT:
        raise Invalid(ErrorCode.NOT_A_ROOM, "room_id")
    if organization.closed_at is not None:
        raise Forbidden(ErrorCode.ORGANIZATION_CLOSED)
    if not permissions & Permission.JOIN:
        raise Forbidden(ErrorCode.PERMISSION_MISSING, permission="join")
    return Admission(
        room=facts,
        user_id=claims.subject_id,
        display_name=claims.display_name,
        is_guest=claims.is_guest,
        permissions=permissions,
        issued_at=claims.issued_at,
    )


def _no_room(room_id: str) -> NotFound:
    """Error for a room that is not there, or that the token is not for."""
    return NotFound(ErrorCode.ROOM_NOT_FOUND, "room_id", id=room_id[:100])


def _view(link: Link, room: Room, organization: Organization, group: PermissionGroup) -> LinkView:
    moment = now()
    state = LinkState.VALID
    if link.valid_from is not None and moment < link.valid_from:
        state = LinkState.NOT_YET_VALID
    elif link.valid_until is not None and moment >= link.valid_until:
        state = LinkState.EXPIRED
    return LinkView(
        id=link.id,
        kind=LinkKind(link.kind),
        state=state,
        room_id=room.id,
        room_name=room.display_name,
        company_name=organization.display_name,
        privacy_link=privacy_link_of(organization),
        display_name=link.display_name,
        valid_from=link.valid_from,
        valid_until=link.valid_until,
        mode=RoomMode(room.mode),
        permissions=Permission(group.permissions),
        active_limit=room.active_limit,
        passive_limit=room.passive_limit,
    )


def _require_valid(link: LinkView) -> None:
    if link.state is LinkState.NOT_YET_VALID and link.valid_from is not None:
        raise LinkNotYetValid(link.valid_from)
    if link.state is LinkState.EXPIRED and link.valid_until is not None:
        raise LinkExpired(link.valid_until)


def _guest_id(link: LinkView, external_id: str) -> str:
    if link.kind is LinkKind.GUEST:
        return link.id
    # Of the room, not of the link: by whichever of its group links somebody comes, they are one person.
    return str(uuid5(UUID(link.room_id), external_id) if external_id else uuid4())
