"""Invitations of several people to an organization at once: rows, links and mails, in few statements."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from msgspec import UNSET, Struct
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom import sanitize
from switchroom.accounts.organizers import emptied_person
from switchroom.accounts.people import require_all
from switchroom.accounts.person_drafts import (
    PersonDraft,
    address_of,
    language_of_tag,
    standing_with,
    validate_person,
)
from switchroom.db.base import now
from switchroom.db.database import insert_values
from switchroom.errors import Conflict, DomainError, ErrorCode, Forbidden, Invalid, NotFound
from switchroom.events.append import append
from switchroom.events.types import UserInvited
from switchroom.identity.models import (
    MemberInvitation,
    Membership,
    Organization,
    PermissionGroup,
    Person,
    new_id,
    new_ordered_id,
)
from switchroom.identity.permissions import Administration, Role
from switchroom.identity.secrets import key_hash, random_key
from switchroom.identity.tokens import AccessToken
from switchroom.identity.usernames import folded, spellings
from switchroom.mail.member_invitation_mails import MemberInvitationMail, uid_of
from switchroom.mail.password_requests import PasswordRequests
from switchroom.mail.queue import enqueue_member_invitations, withdraw_invitations
from switchroom.rooms.drafts import merged_properties
from switchroom.rooms.models import Room, RoomPermission
from switchroom.rooms.permissions import Permission
from switchroom.rooms.revisions import rooms_changed
from switchroom.tasks import taking_turns

GOOD_FOR = timedelta(days=14)
MOST_ROOMS = 100
"""Rooms of one invitation."""


class InvitationDraft(Struct, frozen=True, kw_only=True):
    """Person to invite, and the rooms that they get into: with the permissions of a group or, without one,
    as participants. Defaults are as `PersonDraft` has them for somebody new."""

    email: str
    first_name: str = ""
    last_name: str = ""
    title: str = ""
    language: str = ""
    spoken_languages: Sequence[str] = ()
    properties: Mapping[str, str] = {}
    room_ids: Sequence[str] = ()
    permission_group_id: str = ""


class Inviter(Struct, frozen=True, kw_only=True):
    """Inviter, and the permissions that all their invitees get. `name` is what mails call them, empty for
    nobody. `again_after` is the time in which nobody is written to a second time, None for none. With
    `has_link` it is the holder of the link of an invitation, which is sent again as it is."""

    token: AccessToken
    name: str
    administration: int = 0
    again_after: timedelta | None = None
    has_link: bool = False


class Inviting:
    """Writes invitations; `base_url` is where their links lead."""

    def __init__(self, requests: PasswordRequests, base_url: str) -> None:
        self._requests = requests
        self._base_url = base_url

    async def invite(
        self, session: AsyncSession, inviter: Inviter, drafts: Sequence[InvitationDraft]
    ) -> Sequence[str | DomainError]:
        """Invite people to the session's organization, in its transaction. Of each the id, or why they are
        not invited, in which case nothing is written of them. A person who was invited before is sent another
        link, and the one before is void."""
        piece = await _Piece.read(session, inviter, drafts)
        if piece.organization.closed_at is not None:
            return [Forbidden(ErrorCode.ACCOUNT_CLOSED) for _ in drafts]
        outcomes: list[str | DomainError] = []
        invited: list[_Invited] = []
        async for draft in taking_turns(drafts):
            try:
                one = piece.judge(draft)
            except DomainError as error:
                outcomes.append(error)
                continue
            invited.append(one)
            outcomes.append(one.person_id)
        for one in invited:
            if one.person is not None and one.is_free:  # what others who invited them said of them goes
                await emptied_person(session, one.person, folded(one.email), one.email, self._requests)
        # SQLite writes in the loop: between its statements it is the others' turn.
        await _write(session, piece, invited)
        await asyncio.sleep(0)
        await self._mail(session, piece, invited)
        await asyncio.sleep(0)
        for one in invited:
            # Not the user name, which another organization may know somebody of this address by.
            event = UserInvited(username=folded(one.email), by=inviter.token.subject_id)
            append(session, inviter.token.organization_id, event, one.person_id)
        return outcomes

    async def _mail(self, session: AsyncSession, piece: _Piece, invited: Sequence[_Invited]) -> None:
        organization_id = piece.inviter.token.organization_id
        for one in invited:
            if one.invitation is not None:
                uid = uid_of(organization_id, one.person_id)
                await withdraw_invitations(
                    session, organization_id, uid, reason="replaced by a newer invitation"
                )
        mails = [
            MemberInvitationMail(
                uid=uid_of(organization_id, one.person_id),
                to=one.email,
                to_name=" ".join(part for part in (one.title, one.first_name, one.last_name) if part),
                organization_name=piece.organization.display_name,
                inviter_name=piece.inviter.name,
                link=f"{self._base_url}/#/invitation/{one.key}",
                valid_until=piece.expires_at,
                locale=one.language,
                timezone=one.person.timezone if one.person is not None else "",
            )
            for one in invited
        ]
        await enqueue_member_invitations(session, organization_id, mails)


class _Invited(Struct, kw_only=True):
    """Invitee of a draft. Without `person` they are new to the platform, with `membership` they
    were invited before. `is_free` says that they belong to no open organization."""

    person_id: str
    email: str
    first_name: str
    last_name: str
    title: str
    language: str
    spoken_languages: list[str]
    key: str
    rooms: Sequence[str]
    grant: tuple[int, int]
    properties: dict[str, str]
    person: Person | None
    membership: Membership | None
    invitation: MemberInvitation | None
    is_free: bool


class _Piece:
    """Facts about all people, rooms and groups whom drafts name, read at once."""

    def __init__(self, inviter: Inviter, organization: Organization) -> None:
        self.inviter = inviter
        self.organization = organization
        self.moment = now()
        self.expires_at = self.moment + GOOD_FOR
        self._by_name: dict[str, Person] = {}
        self._busy: set[str] = set()
        self._memberships: dict[str, Membership] = {}
        self._invitations: dict[str, MemberInvitation] = {}
        self._rooms: dict[str, bool] = {}
        self._groups: dict[str, tuple[int, int]] = {}
        self._named: set[str] = set()

    @classmethod
    async def read(cls, session: AsyncSession, inviter: Inviter, drafts: Sequence[InvitationDraft]) -> _Piece:
        token = inviter.token
        piece = cls(inviter, await session.get_one(Organization, token.organization_id))
        names = {name for draft in drafts for name in spellings(draft.email[:254])}
        by_address = (
            select(Person).where(func.lower(Person.email).in_(names)).order_by(Person.created_at.desc())
        )
        for person in await session.scalars(by_address):
            piece._by_name[folded(person.email)] = person
        for person in await session.scalars(select(Person).where(Person.username.in_(names))):
            piece._by_name[folded(person.username)] = person  # before whoever has the address only
        known = [person.id for person in piece._by_name.values()]
        if known:
            await piece._read_places(session, known)
        rooms = {room_id for draft in drafts for room_id in draft.room_ids[:MOST_ROOMS]}
        if rooms:
            await piece._read_rooms(session, rooms)
        groups = {draft.permission_group_id for draft in drafts if draft.permission_group_id}
        if groups:
            found = select(PermissionGroup).where(PermissionGroup.id.in_(groups))
            for group in await session.scalars(found):
                piece._groups[group.id] = (group.granted_role, group.permissions)
        return piece

    async def _read_places(self, session: AsyncSession, known: Sequence[str]) -> None:
        for membership in await session.scalars(select(Membership).where(Membership.person_id.in_(known))):
            self._memberships[membership.person_id] = membership
        for one in await session.scalars(
            select(MemberInvitation).where(MemberInvitation.person_id.in_(known))
        ):
            self._invitations[one.person_id] = one
        # Of the table, not the class: all organizations count, whosever the session is.
        columns = Membership.__table__.c
        busy = (
            select(columns.person_id)
            .join(Organization, Organization.id == columns.organization_id)
            .where(
                columns.person_id.in_(known), columns.invited_at.is_(None), Organization.closed_at.is_(None)
            )
        )
        self._busy = set(await session.scalars(busy))

    async def _read_rooms(self, session: AsyncSession, room_ids: set[str]) -> None:
        """Which rooms there are, and whether the inviter administers each."""
        token = self.inviter.token
        own = select(RoomPermission.room_id, RoomPermission.permissions).where(
            RoomPermission.person_id == token.subject_id, RoomPermission.room_id.in_(room_ids)
        )
        permissions = {row[0]: row[1] for row in await session.execute(own)}
        administers = token.may(Administration.ROOM_ADMIN)
        for room_id in await session.scalars(select(Room.id).where(Room.id.in_(room_ids))):
            self._rooms[room_id] = administers or bool(permissions.get(room_id, 0) & Permission.ADMIN)

    def judge(self, draft: InvitationDraft) -> _Invited:
        """Invitee of the draft. Raises Invalid, NotFound, Conflict, and Forbidden for somebody who was
        invited to more than the inviter may do."""
        validate_person(
            PersonDraft(
                email=draft.email,
                first_name=draft.first_name,
                last_name=draft.last_name,
                title=draft.title,
                language=draft.language or UNSET,
                spoken_languages=draft.spoken_languages,
                properties=draft.properties,
            )
        )
        email = address_of(draft.email)
        person = self._by_name.get(folded(email))
        membership = invitation = None
        if person is not None:
            membership, invitation = self._memberships.get(person.id), self._invitations.get(person.id)
        self._require_new(email, membership, invitation)
        grant = self._require_rooms(draft)
        self._named.add(folded(email))
        person_id = person.id if person is not None else new_id()
        return _Invited(
            person_id=person_id,
            email=email,
            first_name=sanitize.name(draft.first_name),
            last_name=sanitize.name(draft.last_name),
            title=sanitize.name(draft.title),
            language=language_of_tag(draft.language) or "en",
            spoken_languages=list(draft.spoken_languages),
            key=random_key(),
            rooms=list(dict.fromkeys(draft.room_ids)),
            grant=grant,
            properties=merged_properties(membership.properties if membership else {}, draft.properties),
            person=person,
            membership=membership,
            invitation=invitation,
            is_free=person is not None and person.id not in self._busy,
        )

    def _require_new(
        self, email: str, membership: Membership | None, invitation: MemberInvitation | None
    ) -> None:
        name = self.organization.display_name
        if membership is not None and membership.invited_at is None:
            raise Conflict(ErrorCode.MEMBER_EXISTS, "email", name=email, organization=name)
        if membership is not None:
            # What they are to be here was meant for whoever reads the mail there, and for nobody whom another
            # organization calls by that address.
            if invitation is None or folded(invitation.email) != folded(email):
                raise Conflict(ErrorCode.INVITATION_PENDING, "email")
            if not self.inviter.has_link:
                require_all(self.inviter.token, Administration(membership.administration))
        if folded(email) in self._named:
            raise Conflict(ErrorCode.INVITED_LATELY, "email", name=email)
        again_after = self.inviter.again_after
        if invitation is None or membership is None or again_after is None:
            return
        if self.moment < invitation.mailed_at + again_after:
            raise Conflict(ErrorCode.INVITED_LATELY, "email", name=email)

    def _require_rooms(self, draft: InvitationDraft) -> tuple[int, int]:
        """The role and the permissions that the draft gives in its rooms."""
        if len(draft.room_ids) > MOST_ROOMS:
            raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "room_ids", most=MOST_ROOMS)
        for number, room_id in enumerate(draft.room_ids):
            if not self._rooms.get(room_id):
                raise NotFound(ErrorCode.ROOM_NOT_FOUND, f"room_ids[{number}]", id=room_id[:100])
        group_id = draft.permission_group_id
        if not group_id:
            return Role.PARTICIPANT, Role.PARTICIPANT.permissions
        if group_id not in self._groups:
            raise NotFound(ErrorCode.PERMISSION_GROUP_NOT_FOUND, "permission_group_id", id=group_id[:100])
        return self._groups[group_id]


async def _write(session: AsyncSession, piece: _Piece, invited: Sequence[_Invited]) -> None:
    inviter, moment = piece.inviter, piece.moment
    organization_id = inviter.token.organization_id
    administration = Administration(inviter.administration)
    people: list[dict[str, Any]] = []
    memberships: list[dict[str, Any]] = []
    invitations: list[dict[str, Any]] = []
    for one in invited:
        if one.person is None:
            people.append(
                {
                    "id": one.person_id,
                    "username": folded(one.email),
                    "email": one.email,
                    "password_hash": "",
                    "locale": one.language,
                }
            )
        if one.membership is None:
            memberships.append(
                {
                    "organization_id": organization_id,
                    "person_id": one.person_id,
                    "standing": standing_with(administration),
                    "administration": administration,
                    "properties": one.properties,
                    "invited_at": moment,
                    "disabled_at": moment,
                }
            )
        else:
            one.membership.properties = one.properties
        said = {
            "key_hash": key_hash(one.key),
            "email": one.email,
            "first_name": one.first_name,
            "last_name": one.last_name,
            "title": one.title,
            "language": one.language,
            "spoken_languages": one.spoken_languages,
            "inviter_name": inviter.name,
            "invited_by": inviter.token.subject_id,
            "mailed_at": moment,
            "expires_at": piece.expires_at,
            "accepted_at": None,
        }
        if one.invitation is None:
            row = {"id": new_ordered_id(), "organization_id": organization_id, "person_id": one.person_id}
            invitations.append({**row, **said})
        else:
            for name, value in said.items():
                setattr(one.invitation, name, value)
    await session.flush()
    for table, rows in ((Person, people), (Membership, memberships), (MemberInvitation, invitations)):
        if rows:
            await insert_values(session, table, rows)
            await asyncio.sleep(0)
    await _write_grants(session, organization_id, invited)


async def _write_grants(session: AsyncSession, organization_id: int, invited: Sequence[_Invited]) -> None:
    rows = [
        {
            "organization_id": organization_id,
            "room_id": room_id,
            "person_id": one.person_id,
            "role": one.grant[0],
            "permissions": one.grant[1],
        }
        for one in invited
        for room_id in one.rooms
    ]
    if not rows:
        return
    for one in invited:
        if one.person is not None and one.rooms:
            entries = delete(RoomPermission).where(
                RoomPermission.person_id == one.person_id, RoomPermission.room_id.in_(one.rooms)
            )
            await session.execute(entries.execution_options(synchronize_session=False))
    await insert_values(session, RoomPermission, rows)
    await rooms_changed(session, organization_id)
