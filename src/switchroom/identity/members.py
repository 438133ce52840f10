"""Members of an organization, as the operator of the platform sees and changes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, Table, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Forbidden, NotFound
from switchroom.events.append import append
from switchroom.events.types import UserDisabled, UserEnabled, UserRoleChanged
from switchroom.identity.models import MemberInvitation, Membership, Organization, Person
from switchroom.identity.permissions import Standing
from switchroom.identity.revocation import revoke
from switchroom.identity.secrets import key_hash, random_key
from switchroom.identity.sign_outs import end_sessions
from switchroom.identity.usernames import folded, spellings

_INVITATIONS = cast("Table", MemberInvitation.__table__)
_ORDER = (Standing.PARTICIPANT, Standing.MODERATOR, Standing.ADMINISTRATOR)


class Member(Struct, frozen=True):
    """A person, and their place in the organization."""

    person: Person
    membership: Membership


class Members:
    """Members of organizations, named by their user name or their id. A change holds in the one organization;
    the person's tokens of other organizations stay good."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, organization: Organization) -> Sequence[Member]:
        """All members, in the order in which they came."""
        async with self._database.read(organization.id) as session:
            rows = await session.execute(_MEMBERS.order_by(Membership.id))
            return [Member(*row) for row in rows]

    async def find(self, organization: Organization, reference: str) -> Member:
        """Raises NotFound, also for somebody who belongs to other organizations only."""
        async with self._database.read(organization.id) as session:
            return await _find(session, _MEMBERS, reference)

    async def disable(self, organization: Organization, reference: str) -> None:
        """Disable a member: nobody signs in as them any more, and where they are signed in it ends, rooms
        included. What they have made stays. Raises NotFound."""
        async with self._database.write(organization.id) as session:
            member = await _find(session, _MEMBERS.with_for_update(of=Membership), reference)
            await disable_member(session, organization.id, member)

    async def enable(self, organization: Organization, reference: str) -> None:
        """Enable a member who was disabled. Raises NotFound."""
        async with self._database.write(organization.id) as session:
            member = await _find(session, _MEMBERS.with_for_update(of=Membership), reference)
            enable_member(session, organization.id, member)

    async def change_standing(self, organization: Organization, reference: str, standing: Standing) -> None:
        """Access tokens end for who may do less than before. Raises NotFound, and Forbidden for the last who
        administers the organization."""
        async with self._database.write(organization.id) as session:
            # As those who change people by an API do: one after the other.
            lock = select(Organization.id).where(Organization.id == organization.id)
            await session.execute(lock.with_for_update(key_share=True))
            member = await _find(session, _MEMBERS.with_for_update(of=Membership), reference)
            if standing is not Standing.ADMINISTRATOR:
                await require_another_administrator(session, member)
            await write_standing(session, organization.id, member, standing)


async def heir_of(session: AsyncSession, member: Member) -> Person:
    """Another administrator of the session's organization. Raises Forbidden for the last."""
    query = (
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.standing == Standing.ADMINISTRATOR,
            Membership.disabled_at.is_(None),
            Person.id != member.person.id,
        )
        .order_by(Membership.id)
        .limit(1)
    )
    heir = await session.scalar(query)
    if heir is None:
        raise Forbidden(ErrorCode.LAST_ADMIN)
    return heir


async def require_another_administrator(session: AsyncSession, member: Member) -> None:
    """Raises Forbidden for the last who administers the session's organization."""
    membership = member.membership
    if membership.standing == Standing.ADMINISTRATOR and membership.disabled_at is None:
        await heir_of(session, member)


async def disable_member(session: AsyncSession, organization_id: int, member: Member) -> None:
    """As `Members.disable`, in the caller's transaction, which has locked the membership. An invitee who
    has not accepted yet cannot any more, until they are invited again."""
    if member.membership.invited_at is not None:
        await _void_invitation(session, organization_id, member.person.id)
    elif member.membership.disabled_at is not None:
        return
    member.membership.disabled_at = now()
    await session.flush()  # who is just signing in goes first, or not at all
    await end_sessions(session, organization_id, member.person.id)
    revoke(session, organization_id, member.person.id)
    disabled = UserDisabled(username=await name_in_log(session, member))
    append(session, organization_id, disabled, member.person.id)


def enable_member(session: AsyncSession, organization_id: int, member: Member) -> None:
    """As `Members.enable`, in the caller's transaction, which has locked the membership. An invitee who
    has not accepted yet stays as they are."""
    if member.membership.disabled_at is None or member.membership.invited_at is not None:
        return
    member.membership.disabled_at = None
    append(session, organization_id, UserEnabled(username=member.person.username), member.person.id)


async def forget_invitation(session: AsyncSession, organization_id: int, person_id: str) -> None:
    """Void the link by which somebody was invited to the organization, and what the invitation says of them.
    For a person who is being taken out of it: while they are pending, they are known by that and nothing
    else."""
    await session.execute(
        delete(MemberInvitation).where(
            MemberInvitation.organization_id == organization_id, MemberInvitation.person_id == person_id
        )
    )


async def void_invitations_elsewhere(session: AsyncSession, organization_id: int, person_id: str) -> None:
    """Void the links of all invitations of the person to other organizations that they have not accepted.
    These can invite them again."""
    await _void(session, person_id, _INVITATIONS.c.organization_id != organization_id)


async def void_invitations_to_others(session: AsyncSession, person: Person) -> None:
    """Void the links of all invitations of the person, to whatever organization, that were sent to another
    address than theirs is now. Their mail is somebody else's."""
    addresses = spellings(person.email)
    await _void(session, person.id, func.lower(_INVITATIONS.c.email).not_in(addresses))


async def _void(session: AsyncSession, person_id: str, which: ColumnElement[bool]) -> None:
    # Of the table, not the class: all organizations count, whosever the session is.
    columns = _INVITATIONS.c
    pending = select(columns.id).where(columns.person_id == person_id, which, columns.accepted_at.is_(None))
    for invitation_id in (await session.scalars(pending)).all():
        voided = update(_INVITATIONS).where(columns.id == invitation_id)
        await session.execute(voided.values(key_hash=key_hash(random_key())))


async def name_in_log(session: AsyncSession, member: Member) -> str:
    """The user name for events; of somebody who has not accepted an invitation, the address that it went to:
    others may know them by another name."""
    if member.membership.invited_at is None:
        return member.person.username
    address = select(MemberInvitation.email).where(MemberInvitation.person_id == member.person.id)
    return folded(await session.scalar(address) or "")


async def write_standing(
    session: AsyncSession, organization_id: int, member: Member, standing: Standing
) -> None:
    """As `Members.change_standing`, in the caller's transaction, which has locked the membership."""
    before = Standing(member.membership.standing)
    if before is standing:
        return
    member.membership.standing = standing
    member.membership.administration = standing.administration
    await session.flush()
    if _ORDER.index(standing) < _ORDER.index(before):
        revoke(session, organization_id, member.person.id)
    changed = UserRoleChanged(username=await name_in_log(session, member), standing=standing)
    append(session, organization_id, changed, member.person.id)


async def _void_invitation(session: AsyncSession, organization_id: int, person_id: str) -> None:
    """Give the invitation a key that nobody has. What it says of the person stays."""
    await session.execute(
        update(MemberInvitation)
        .where(MemberInvitation.organization_id == organization_id, MemberInvitation.person_id == person_id)
        .values(key_hash=key_hash(random_key()))
    )


_MEMBERS = select(Person, Membership).join(Membership, Membership.person_id == Person.id)


async def _find(session: AsyncSession, query: Select[Person, Membership], reference: str) -> Member:
    named = Person.username.in_(spellings(reference)) | (Person.id == reference.strip())
    rows = (await session.execute(query.where(named))).all()
    if not rows:
        raise NotFound(ErrorCode.PERSON_NOT_FOUND, "username", id=reference.strip()[:254])
    found = [Member(*row) for row in rows]
    return next((one for one in found if one.person.username == folded(reference)), found[0])
