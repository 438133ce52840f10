"""People of an organization, made, changed and taken out by their administrators."""

from __future__ import annotations

from msgspec import UNSET, structs
from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.dependents import AccountDependents
from switchroom.accounts.organizers import (
    emptied_person,
    flush_address,
    require_new_address,
    require_nowhere_else,
)
from switchroom.accounts.person_drafts import (
    AccessDraft,
    PersonDraft,
    address_of,
    describes_person,
    names_of,
    standing_with,
    username_of,
    validate_person,
    with_permissions,
    write_invited,
    write_person,
)
from switchroom.accounts.terms import lock_organization, lock_terms
from switchroom.accounts.versions import require_version
from switchroom.db.database import Database
from switchroom.errors import Conflict, ErrorCode, Forbidden, Invalid, NotFound
from switchroom.events.append import append
from switchroom.events.types import (
    UserCreated,
    UserDeleted,
    UserPermissionsChanged,
    UserRoleChanged,
    UserUpdated,
)
from switchroom.identity.authentication import require_whole
from switchroom.identity.members import (
    Member,
    disable_member,
    enable_member,
    forget_invitation,
    heir_of,
    name_in_log,
    require_another_administrator,
    void_invitations_elsewhere,
)
from switchroom.identity.models import (
    ApiKey,
    MemberInvitation,
    Membership,
    Organization,
    Person,
)
from switchroom.identity.password_links import write_password
from switchroom.identity.people import as_invited
from switchroom.identity.permissions import NO_ADMINISTRATION, Administration, Standing
from switchroom.identity.revocation import revoke
from switchroom.identity.secrets import Passwords
from switchroom.identity.sign_outs import end_sessions
from switchroom.identity.tokens import AccessToken, SubjectKind
from switchroom.identity.usernames import folded, spellings
from switchroom.mail.address_changes import address_changed
from switchroom.mail.member_invitation_mails import uid_of
from switchroom.mail.password_requests import PasswordRequests
from switchroom.mail.queue import withdraw_invitations
from switchroom.rooms.models import RoomPermission
from switchroom.rooms.revisions import rooms_changed

_TO_CREATE = Administration.USER_CREATE | Administration.USER_ADMIN
_TO_SEE = Administration.USER_LIST | Administration.USER_SHOW | Administration.USER_ADMIN


class PeopleAdministration:
    """Changes one after the other in each organization: of two administrators who take each other out at
    once, the second is none any more."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        requests: PasswordRequests,
        dependents: AccountDependents,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._requests = requests
        self._dependents = dependents

    async def create(self, token: AccessToken, draft: PersonDraft, access: AccessDraft) -> str:
        """Create a person who is new to the platform, with a password. Returns the id.

        The user name is the e-mail address unless another is given. Raises Conflict for a user name or
        address that somebody has, in whatever organization.
        """
        require_permission(token, _TO_CREATE)
        validate_person(draft)
        email = address_of(draft.email) if draft.email else ""
        username = username_of(access.username or email)
        if not email and "@" in username:
            email = username.lower()
        if access.password is UNSET:
            raise Invalid(ErrorCode.PASSWORD_REQUIRED, "password")
        password_hash = await self._passwords.hash_chosen(access.password)
        async with self._database.write(token.organization_id) as session:
            await lock_people(session, token.organization_id)
            token = await require_still(session, token, _TO_CREATE)
            administration = with_permissions(token, NO_ADMINISTRATION, access.permissions)
            if administration:
                require_whole(token)
            organization = await session.get_one(Organization, token.organization_id)
            await require_no_member(session, organization, username)
            known = await require_new_address(session, username, "username", token.organization_id)
            if email and folded(email) != folded(username):
                other = await require_new_address(session, email, "email", token.organization_id)
                if other is not None and other is not known:
                    raise Conflict(ErrorCode.ADDRESS_TAKEN, "email")
            name = folded(username)
            person = await emptied_person(session, known, name, email, self._requests, "username")
            person.password_hash = password_hash
            standing = standing_with(administration)
            membership = Membership(
                person_id=person.id, standing=standing, administration=administration, properties={}
            )
            write_person(person, membership, draft)
            session.add(membership)
            await session.flush()
            created = UserCreated(username=person.username, standing=standing, by=token.subject_id)
            append(session, token.organization_id, created, person.id)
            if access.enabled is False:
                await disable_member(session, token.organization_id, Member(person, membership))
            return person.id

    async def update(
        self,
        token: AccessToken,
        person_id: str,
        draft: PersonDraft,
        access: AccessDraft,
        *,
        version: str = "",
        has_shown_password: bool = False,
    ) -> None:
        """Change what is said and nothing else. Without the permission to administer people one changes one's
        own name and languages only, and nobody takes their own permissions.

        Raises NotFound, Conflict for an address that somebody has, and Forbidden: also for the last who
        administers the organization, for somebody who may do more than the caller, and for what is said of a
        person who belongs to other organizations as well. Invitations to others are void when the address,
        the user name or the password is another: they were for who it was. Of somebody who has not accepted
        an invitation it is the invitation that changes; Conflict for its address, a user name or a password,
        which need another invitation. With the `version` that was seen, Conflict when somebody else has
        changed the person since. Forbidden for another address or user name of one's own unless one
        `has_shown_password`, or with a token of fewer permissions: the address is sent links for a password,
        and who has come by a token is not to have the account by it.
        """
        is_self = token.kind is SubjectKind.PERSON and person_id == token.subject_id
        concerns_access = access != AccessDraft() or draft.email is not UNSET or bool(draft.properties)
        if not is_self or concerns_access:
            require_permission(token, Administration.USER_ADMIN)
        validate_person(draft)
        password_hash = ""
        if access.password is not UNSET:
            password_hash = await self._passwords.hash_chosen(access.password)
        async with self._database.write(token.organization_id) as session:
            await lock_people(session, token.organization_id)
            if not is_self or concerns_access:
                token = await require_still(session, token, Administration.USER_ADMIN)
            member = await find_member(session, person_id)
            person = member.person
            if version:
                await require_version(session, person, member.membership, version)
            signs_in_otherwise = (
                bool(access.username) or access.password is not UNSET or access.removes_credentials
            )
            if concerns_access and not is_self:
                require_as_much(token, member)
            if is_self and _is_named_otherwise(person, draft, access):
                require_whole(token)
                if not has_shown_password:
                    raise Forbidden(ErrorCode.PASSWORD_WRONG, "password")
            name = await name_in_log(session, member)
            if member.membership.invited_at is not None:
                await _change_invitation(session, member, draft, access)
            else:
                if not is_self and (describes_person(draft) or signs_in_otherwise):
                    await require_nowhere_else(session, token.organization_id, person)
                    if signs_in_otherwise or draft.email is not UNSET:
                        await void_invitations_elsewhere(session, token.organization_id, person.id)
                await self._change_names(session, token, person, draft, access)
                write_person(person, member.membership, draft)
            await self._change_access(session, token, member, access, name, is_self=is_self)
            if password_hash or access.removes_credentials:
                if access.removes_credentials:
                    await self._requests.withdraw(session, person)
                await write_password(session, person, password_hash)
            updated = UserUpdated(username=name, by=token.subject_id)
            append(session, token.organization_id, updated, person.id)

    async def destroy(self, token: AccessToken, person_id: str) -> None:
        """Take somebody out of the organization. Their meetings become those of another who administers it,
        what rooms say of them goes, their tokens are void, and they leave its rooms. People who belong to
        no other organization are forgotten.

        Raises NotFound, Forbidden for the last who administers the organization, and Conflict for somebody
        whom something in it uses.
        """
        require_permission(token, Administration.USER_ADMIN)
        async with self._database.write(token.organization_id) as session:
            await lock_people(session, token.organization_id)
            token = await require_still(session, token, Administration.USER_ADMIN)
            member = await find_member(session, person_id)
            require_as_much(token, member)
            person, organization_id = member.person, token.organization_id
            heir = await heir_of(session, member)
            name = await name_in_log(session, member)
            await self._dependents.organizer_leaves(session, organization_id, person, heir)
            organization = await session.get_one(Organization, organization_id)
            if organization.owner_id == person.id:
                organization.owner_id = heir.id
            await _forget_in_rooms(session, organization_id, person.id)
            await end_sessions(session, organization_id, person.id)
            await forget_invitation(session, organization_id, person.id)
            uid = uid_of(organization_id, person.id)
            await withdraw_invitations(session, organization_id, uid, reason="the person was taken out")
            await session.delete(member.membership)
            await session.flush()
            revoke(session, organization_id, person.id)
            deleted = UserDeleted(username=name, by=token.subject_id)
            append(session, organization_id, deleted, person.id)
            if not await _belongs_anywhere(session, person.id):
                await self._requests.withdraw(session, person)
                await session.delete(person)

    async def languages(self, token: AccessToken, person_id: str) -> Person:
        """The person, whose languages are asked for. Raises NotFound, and Forbidden for another's without the
        permission to see people."""
        if token.kind is not SubjectKind.PERSON or person_id != token.subject_id:
            require_permission(token, _TO_SEE)
        async with self._database.read(token.organization_id) as session:
            member = await find_member(session, person_id, to_change=False)
            await as_invited(session, [(member.person, member.membership)])
            return member.person

    async def _change_names(
        self,
        session: AsyncSession,
        token: AccessToken,
        person: Person,
        draft: PersonDraft,
        access: AccessDraft,
    ) -> None:
        """A new address gets the link for a password that was on its way to the old one, which is told."""
        before, was_address = person.email, person.username in spellings(person.email)
        if draft.email is not UNSET:
            address = address_of(draft.email)
            if folded(address) not in (folded(person.email), person.username):
                await _require_free(session, token.organization_id, person, address, "email")
            if was_address:
                person.username = folded(address)
            person.email = address
        if access.username:
            username = username_of(access.username)
            if folded(username) not in (person.username, folded(person.email)):
                await _require_free(session, token.organization_id, person, username, "username")
            person.username = folded(username)
        await flush_address(session)
        await address_changed(session, self._requests, token.organization_id, person, before)

    async def _change_access(
        self,
        session: AsyncSession,
        token: AccessToken,
        member: Member,
        access: AccessDraft,
        name: str,
        *,
        is_self: bool,
    ) -> None:
        """`name` is what events call the member."""
        membership, organization_id = member.membership, token.organization_id
        present = Administration(membership.administration)
        administration = with_permissions(token, present, access.permissions)
        standing = standing_with(administration, Standing(membership.standing))
        is_less = bool(present & ~administration)
        if is_self and (is_less or access.enabled is False or access.removes_credentials):
            raise Forbidden(ErrorCode.OWN_PERMISSIONS)
        if access.enabled is False or standing is not Standing.ADMINISTRATOR:
            await require_another_administrator(session, member)
        if administration != present:
            membership.administration = administration
            if standing != membership.standing:
                membership.standing = standing
                changed = UserRoleChanged(username=name, standing=standing)
                append(session, organization_id, changed, member.person.id)
            await session.flush()
            permissions = UserPermissionsChanged(
                username=name, permissions=names_of(administration), by=token.subject_id
            )
            append(session, organization_id, permissions, member.person.id)
            if is_less:
                revoke(session, organization_id, member.person.id)
        if access.enabled is True and membership.invited_at is not None:
            raise Conflict(ErrorCode.INVITATION_PENDING)
        if access.enabled is True:
            enable_member(session, organization_id, member)
        elif access.enabled is False:
            if membership.invited_at is not None:
                uid = uid_of(organization_id, member.person.id)
                await withdraw_invitations(session, organization_id, uid, reason="the person was disabled")
            await disable_member(session, organization_id, member)


def require_permission(token: AccessToken, permissions: Administration) -> None:
    """Raises Forbidden for a caller who has none of them, and names the first."""
    if token.is_guest or not token.administration & permissions:
        first = next(iter(permissions))
        raise Forbidden(ErrorCode.PERMISSION_MISSING, permission=first.name or "")


def require_as_much(token: AccessToken, member: Member) -> None:
    """Raises Forbidden for a caller who may do less than the member: who has the password of somebody, or an
    address that theirs is sent to, may do what they may."""
    require_all(token, Administration(member.membership.administration))


def require_all(token: AccessToken, permissions: Administration) -> None:
    """Raises Forbidden for a caller who has not all of them, and names the first that is missing."""
    for one in permissions:
        if not token.may(one):
            raise Forbidden(ErrorCode.PERMISSION_MISSING, permission=one.name or "")


async def lock_people(session: AsyncSession, organization_id: int) -> None:
    """Lock the people of the organization: others who change them wait until the session's transaction
    ends."""
    await lock_organization(session, organization_id)
    await lock_terms(session, organization_id)


async def require_still(
    session: AsyncSession, token: AccessToken, permissions: Administration
) -> AccessToken:
    """The caller's claims without the permissions that they have lost since the token was made. Raises
    Forbidden for a person or an API key that is gone or disabled, or has none of `permissions` any more."""
    of_person = select(Membership.administration).where(
        Membership.person_id == token.subject_id, Membership.disabled_at.is_(None)
    )
    of_key = select(ApiKey.administration).where(ApiKey.id == token.subject_id)
    present = await session.scalar(of_key if token.kind is SubjectKind.API_KEY else of_person)
    if present is None:
        raise Forbidden(ErrorCode.PERSON_LEFT)
    still = structs.replace(token, administration=token.administration & present)
    require_permission(still, permissions)
    return still


async def find_member(session: AsyncSession, person_id: str, *, to_change: bool = True) -> Member:
    """A person of the session's organization. Raises NotFound."""
    query = (
        select(Person, Membership)
        .join(Membership, Membership.person_id == Person.id)
        .where(Person.id == person_id)
    )
    if to_change:
        query = query.with_for_update(of=Membership).execution_options(populate_existing=True)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFound(ErrorCode.PERSON_NOT_FOUND, "person_id", id=person_id[:100])
    return Member(*row)


async def require_no_member(session: AsyncSession, organization: Organization, username: str) -> None:
    """Raises Conflict where somebody of the session's organization has the user name."""
    query = (
        select(Membership.id)
        .join(Person, Person.id == Membership.person_id)
        .where(Person.username.in_(spellings(username)))
        .limit(1)
    )
    if await session.scalar(query) is not None:
        name = organization.display_name
        raise Conflict(ErrorCode.MEMBER_EXISTS, "username", name=folded(username), organization=name)


async def _require_free(
    session: AsyncSession, organization_id: int, person: Person, name: str, path: str
) -> None:
    known = await require_new_address(session, name, path, organization_id)
    if known is not None and known is not person:
        raise Conflict(ErrorCode.ADDRESS_TAKEN, path)


def _is_named_otherwise(person: Person, draft: PersonDraft, access: AccessDraft) -> bool:
    """Whether the person is written to elsewhere, or signs in by another user name."""
    is_elsewhere = draft.email is not UNSET and address_of(draft.email) != person.email
    return is_elsewhere or bool(access.username and folded(access.username) != person.username)


async def _change_invitation(
    session: AsyncSession, member: Member, draft: PersonDraft, access: AccessDraft
) -> None:
    """Raises Conflict for another address than its link was sent to: the link stays good where it is."""
    query = select(MemberInvitation).where(MemberInvitation.person_id == member.person.id)
    invitation = (await session.scalars(query.with_for_update())).one()
    names = {folded(one) for one in (draft.email, access.username) if one}
    is_way_in = access.password is not UNSET or access.removes_credentials
    if names - {folded(invitation.email)} or is_way_in:
        raise Conflict(ErrorCode.INVITATION_PENDING)
    write_invited(invitation, member.membership, draft)


async def _forget_in_rooms(session: AsyncSession, organization_id: int, person_id: str) -> None:
    gone = await session.execute(
        delete(RoomPermission)
        .where(RoomPermission.organization_id == organization_id, RoomPermission.person_id == person_id)
        .returning(RoomPermission.id)
        .execution_options(synchronize_session=False)
    )
    if gone.first() is not None:
        await rooms_changed(session, organization_id)


async def _belongs_anywhere(session: AsyncSession, person_id: str) -> bool:
    # Of the table, not the class: all organizations count, whosever the session is.
    memberships = Membership.__table__
    return bool(await session.scalar(select(exists().where(memberships.c.person_id == person_id))))
