"""Invitations of people to an organization: sent, looked up by their links, accepted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.inviting import InvitationDraft, Inviter, Inviting
from switchroom.accounts.organizers import belongs_somewhere, flush_address
from switchroom.accounts.people import find_member, lock_people, require_permission, require_still
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import Conflict, DomainError, ErrorCode, Forbidden, LinkExpired, LinkNotFound, NotFound
from switchroom.events.append import append
from switchroom.events.types import UserInvitationAccepted
from switchroom.identity.authentication import require_whole
from switchroom.identity.models import MemberInvitation, Membership, Organization, Person
from switchroom.identity.password_links import write_password
from switchroom.identity.permissions import Administration
from switchroom.identity.secrets import Passwords, digest, key_hash
from switchroom.identity.throttle import Throttle
from switchroom.identity.tokens import AccessToken, SubjectKind, TokenSigner
from switchroom.identity.usernames import folded
from switchroom.mail.password_requests import PasswordRequests

TO_INVITE = Administration.USER_INVITE | Administration.USER_ADMIN

_RENEWED_FOR = timedelta(days=60)

TRIES = 3
"""Tries of a transaction that makes people whom another can make at the same time."""


class InvitationView(Struct, frozen=True):
    """Invitation as the holder of its link sees it. `has_account` is whether they sign in with a password
    of theirs already, which accepting takes then. `accepted_at` is None for one that is open."""

    username: str
    display_name: str
    organization_name: str
    inviter_name: str
    has_account: bool
    expires_at: datetime
    accepted_at: datetime | None


class MemberInvitations:
    """Invitations of people to an organization. One is accepted by its link, which proves that the mail came
    to whom it is for, and by the password of an invitee who has an account already: a name that another
    organization gave somebody does not let them in here. Callers who try links that do not exist are slowed
    down, by address."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        signer: TokenSigner,
        throttle: Throttle,
        inviting: Inviting,
        requests: PasswordRequests,
        *,
        access_token_lifetime: int,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._signer = signer
        self._throttle = throttle
        self._inviting = inviting
        self._requests = requests
        self._lifetime = access_token_lifetime

    async def invite(self, token: AccessToken, draft: InvitationDraft) -> str:
        """Invite somebody, or send the invitation again, which voids the link before. Returns the person's
        id. Raises Invalid, Conflict for somebody who belongs to the organization or was invited to it at
        another address, and Forbidden for somebody who was invited to more than the caller may do."""
        require_permission(token, TO_INVITE)
        for _ in range(TRIES - 1):
            # Another organization can make the same person meanwhile: they are read anew.
            with suppress(IntegrityError):
                return await self._invite(token, draft)
        return await self._invite(token, draft)

    async def resend(self, token: AccessToken, person_id: str) -> None:
        """Send somebody's invitation again, as it is; the link before is void. Raises NotFound, and Conflict
        for somebody who has accepted it, or was never invited."""
        require_permission(token, TO_INVITE)
        async with self._database.read(token.organization_id) as session:
            member = await find_member(session, person_id, to_change=False)
            if member.membership.invited_at is None:
                raise Conflict(ErrorCode.INVITATION_ACCEPTED)
            query = select(MemberInvitation).where(MemberInvitation.person_id == person_id)
            said = (await session.scalars(query)).one()
        await self.invite(token, _draft_of(said))

    async def resend_by_link(self, key: str, address: str, company_id: str = "") -> tuple[str, str]:
        """Send an invitation again for the holder of its link, to where that went, also for two months after
        it has expired. The link is void then: each brings one mail. Returns the id of the person and the ULID
        of the organization, which may be named. Raises what `look_up` raises, and Conflict for one that was
        accepted."""
        invitation, person, organization = await self._find(key, address, kept_for=_RENEWED_FOR)
        if company_id not in ("", organization.ulid):
            raise LinkNotFound
        _require_open(invitation)
        moment = time.time()
        inviter = AccessToken(
            organization_id=organization.id,
            company_id=organization.ulid,
            subject_id=invitation.invited_by,
            kind=SubjectKind.PERSON,
            issued_at=moment,
            expires_at=int(moment),
            administration=0,
            display_name=invitation.inviter_name,
        )
        async with self._database.write(organization.id) as session:
            await lock_people(session, organization.id)
            same = select(MemberInvitation.id).where(MemberInvitation.key_hash == invitation.key_hash)
            if await session.scalar(same.with_for_update()) is None:
                raise LinkNotFound
            holder = Inviter(token=inviter, name=invitation.inviter_name, has_link=True)
            outcomes: Sequence[str | DomainError]
            outcomes = await self._inviting.invite(session, holder, [_draft_of(invitation)])
            for outcome in outcomes:
                if isinstance(outcome, DomainError):
                    raise outcome
        return person.id, organization.ulid

    async def _invite(self, token: AccessToken, draft: InvitationDraft) -> str:
        name = token.display_name if token.kind is SubjectKind.PERSON else ""
        async with self._database.write(token.organization_id) as session:
            await lock_people(session, token.organization_id)
            token = await require_still(session, token, TO_INVITE)
            outcome: Sequence[str | DomainError]
            outcome = await self._inviting.invite(session, Inviter(token=token, name=name), [draft])
            (invited,) = outcome
            if isinstance(invited, DomainError):
                raise invited
            return invited

    async def look_up(self, key: str, address: str) -> InvitationView:
        """Invitation of a link. Raises LinkNotFound for one that was replaced or never was, LinkExpired
        for one that was not accepted in time, and Exhausted after repeated guesses."""
        return _view(*await self._find(key, address))

    async def accept(self, key: str, password: str, address: str, device: str = "") -> str:
        """Accept an invitation, with a password to be or, of somebody who has an account, the one they have.
        Returns the user name.

        Raises what `look_up` raises, Conflict for one that was accepted and for an address that somebody else
        has taken, Invalid for a password that cannot be taken, and Forbidden for one that is wrong.
        """
        invitation, person, _ = await self._find(key, address)
        _require_open(invitation)
        password_hash = ""
        if person.password_hash:
            await self._verify(person, password, address, device)
        else:
            password_hash = await self._passwords.hash_chosen(password)
        async with self._database.write(None) as session:
            query = select(MemberInvitation).where(MemberInvitation.key_hash == key_hash(key))
            return await _accept(session, self._requests, query, person.password_hash, password_hash)

    async def sign_in(self, key: str, own_token: str, address: str) -> AccessToken:
        """The claims of somebody invited, good for accepting the invitation and for nothing else. An invitee
        who has an account shows that it is theirs by a token of it.

        Raises what `look_up` raises, Conflict for an invitation that was accepted, and Forbidden.
        """
        invitation, person, organization = await self._find(key, address)
        _require_open(invitation)
        if person.password_hash:
            if not own_token:
                raise Forbidden(ErrorCode.INVITED_WITH_ACCOUNT)
            claims = self._signer.verify(own_token)
            if claims.kind is not SubjectKind.PERSON or claims.subject_id != person.id:
                raise Forbidden(ErrorCode.INVITED_WITH_ACCOUNT)
            require_whole(claims)
        moment = time.time()
        return AccessToken(
            organization_id=organization.id,
            company_id=organization.ulid,
            subject_id=person.id,
            kind=SubjectKind.INVITEE,
            issued_at=moment,
            expires_at=int(moment) + self._lifetime,
            administration=0,
            display_name=_name(invitation) or person.username,
            link_id=invitation.id,
            room_id=_what_it_was(invitation, person),
        )

    async def accept_as(self, token: AccessToken) -> None:
        """Accept the invitation that the token is of. Raises NotFound for a token of none, LinkNotFound for
        an invitation that was sent again since, or whose person has another password by now, and what
        `accept` raises for others."""
        if token.kind is SubjectKind.GUEST:
            raise Forbidden(ErrorCode.NOT_FOR_GUESTS)
        if token.kind is not SubjectKind.INVITEE:
            raise NotFound(ErrorCode.INVITATION_NOT_FOUND)
        query = _INVITATION.where(MemberInvitation.id == token.link_id)
        async with self._database.read(None) as session:
            row = (await session.execute(query)).one_or_none()
        if row is None:
            raise LinkNotFound
        invitation, person, _ = row
        _require_open(invitation)
        if _what_it_was(invitation, person) != token.room_id:
            raise LinkNotFound
        async with self._database.write(None) as session:
            same = select(MemberInvitation).where(MemberInvitation.key_hash == invitation.key_hash)
            await _accept(session, self._requests, same, person.password_hash, "")

    async def _find(
        self, key: str, address: str, *, kept_for: timedelta = timedelta()
    ) -> tuple[MemberInvitation, Person, Organization]:
        """`kept_for` is how long after its end a link is good here."""
        async with self._throttle.few_at_a_time(None, address):
            await self._throttle.check(None, address)
            async with self._database.read(None) as session:
                query = _INVITATION.where(MemberInvitation.key_hash == key_hash(key))
                row = (await session.execute(query)).one_or_none()
            if row is None:
                await self._throttle.failed(None, address)
                raise LinkNotFound
        invitation, person, organization = row
        if invitation.accepted_at is None and invitation.expires_at + kept_for <= now():
            raise LinkExpired(invitation.expires_at)
        return invitation, person, organization

    async def _verify(self, person: Person, password: str, address: str, device: str) -> None:
        account = f"password:{folded(person.username)}"
        async with self._throttle.few_at_a_time(account, address, device):
            await self._throttle.check(account, address, device)
            if not await self._passwords.verify(person.password_hash, password):
                await self._throttle.failed(account, address, device)
                raise Forbidden(ErrorCode.PASSWORD_WRONG, "password")
            await self._throttle.succeeded(account, address, device)


_INVITATION = (
    select(MemberInvitation, Person, Organization)
    .join(Person, Person.id == MemberInvitation.person_id)
    .join(Organization, Organization.id == MemberInvitation.organization_id)
    .where(Organization.closed_at.is_(None))
)


async def _accept(
    session: AsyncSession,
    requests: PasswordRequests,
    query: Select[MemberInvitation],
    seen_hash: str,
    password_hash: str,
) -> str:
    """Make a member of the invitee. `seen_hash` is what their password was when it was looked at;
    `password_hash` is that of a new one, empty for none. Of two at once, one accepts. Returns the user
    name."""
    locked = query.with_for_update().execution_options(populate_existing=True)
    invitation = await session.scalar(locked)
    if invitation is None:
        raise LinkNotFound
    _require_open(invitation)
    if invitation.expires_at <= now():
        raise LinkExpired(invitation.expires_at)
    rows = await session.execute(
        select(Person, Membership, Organization)
        .join(Membership, Membership.person_id == Person.id)
        .join(Organization, Organization.id == Membership.organization_id)
        .where(
            Person.id == invitation.person_id,
            Organization.id == invitation.organization_id,
            Organization.closed_at.is_(None),
        )
        .with_for_update(of=(Person, Membership))
        .execution_options(populate_existing=True)
    )
    row = rows.one_or_none()
    if row is None:
        raise LinkNotFound
    person, membership, organization = row
    if person.password_hash != seen_hash:
        raise LinkNotFound  # somebody has set another in the meantime: the page asks anew
    if not person.password_hash and not await belongs_somewhere(session, person):
        person.first_name, person.last_name = invitation.first_name, invitation.last_name
        person.title, person.locale = invitation.title, invitation.language
        person.spoken_languages = list(invitation.spoken_languages)
    await _take_over_address(session, requests, person, invitation.email)
    if password_hash:
        await write_password(session, person, password_hash)
    invitation.accepted_at = now()
    membership.invited_at = membership.disabled_at = None
    accepted = UserInvitationAccepted(username=person.username)
    append(session, organization.id, accepted, person.id)
    return person.username


async def _take_over_address(
    session: AsyncSession, requests: PasswordRequests, person: Person, email: str
) -> None:
    """The person's mail goes to where the link was read, and nowhere that another organization has named:
    links for a password do, by which their reader is let in here. A user name that came with no
    password is nobody's habit. Raises Conflict for an address that is somebody else's user name."""
    await requests.withdraw(session, person)
    if folded(person.email) != folded(email):
        person.email = email
    if not person.password_hash:
        person.username = folded(email)
    await flush_address(session)


def _draft_of(invitation: MemberInvitation) -> InvitationDraft:
    """Draft of an invitation as it is, to send it again."""
    return InvitationDraft(
        email=invitation.email,
        first_name=invitation.first_name,
        last_name=invitation.last_name,
        title=invitation.title,
        language=invitation.language,
        spoken_languages=invitation.spoken_languages,
    )


def _require_open(invitation: MemberInvitation) -> None:
    if invitation.accepted_at is not None:
        raise Conflict(ErrorCode.INVITATION_ACCEPTED)


def _what_it_was(invitation: MemberInvitation, person: Person) -> str:
    """The link of the invitation and the password of the person, in 32 characters that tell nothing."""
    return digest(f"{invitation.key_hash} {person.password_hash}")[:32]


def _view(invitation: MemberInvitation, person: Person, organization: Organization) -> InvitationView:
    return InvitationView(
        username=person.username,
        display_name=_name(invitation) or invitation.email,
        organization_name=organization.display_name,
        inviter_name=invitation.inviter_name,
        has_account=bool(person.password_hash),
        expires_at=invitation.expires_at,
        accepted_at=invitation.accepted_at,
    )


def _name(invitation: MemberInvitation) -> str:
    parts = (invitation.title, invitation.first_name, invitation.last_name)
    return " ".join(part for part in parts if part)
