"""Organizations as operators who sell and run meetings see them: their terms and their organizers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from cachetools import TTLCache
from msgspec import UNSET, Struct
from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom import sanitize
from switchroom.accounts.closing import close_organization
from switchroom.accounts.dependents import AccountDependents
from switchroom.accounts.models import MeetingTerms
from switchroom.accounts.organizers import (
    BY_ADDRESS,
    BY_HEX_ID,
    IS_ORGANIZER,
    Actor,
    Organizer,
    add_member,
    append_person,
    flush_address,
    new_person,
    require_new_address,
    require_nowhere_else,
)
from switchroom.accounts.provisioning import found_organization
from switchroom.accounts.terms import TRIAL, lock_organization, lock_terms, require_usable
from switchroom.accounts.validation import (
    TERMS,
    AccountChange,
    OrganizerDraft,
    address_of,
    changes_person,
    validate_account,
    validate_new_account,
    validate_organizer,
    write_organizer,
)
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import Conflict, ErrorCode, Exhausted, Forbidden, NotFound, Problems
from switchroom.events.append import append
from switchroom.events.types import (
    AccountCreated,
    AccountSnapshot,
    AccountUpdated,
    UserCreated,
    UserDeleted,
    UserUpdated,
)
from switchroom.identity.models import Membership, Organization, Person
from switchroom.identity.permission_groups import require_group
from switchroom.identity.permissions import Standing
from switchroom.identity.revocation import revoke
from switchroom.identity.sign_outs import end_sessions
from switchroom.identity.usernames import folded, spellings
from switchroom.mail.address_changes import address_changed
from switchroom.mail.password_requests import PasswordRequests
from switchroom.rooms.drafts import LONGEST_NAME

MOST_LISTED = 1000
_FURTHEST = 1_000_000
_REMEMBERED = 1.0
"""Seconds for which an actor who was found is not looked for again."""
_MOST_REMEMBERED = 10_000


class Account(Struct, frozen=True):
    """An organization with its terms. `organizers` is how many it has, counted where that is limited."""

    organization: Organization
    terms: MeetingTerms
    organizers: int

    @property
    def can_add_organizer(self) -> bool:
        return not self.terms.most_organizers or self.organizers < self.terms.most_organizers


class Accounts:
    """Accounts. The code that calls must have checked the caller's key; nothing here knows of keys.

    An actor who was found is not looked for again for a second, so what another process changes about them
    holds after as long.
    """

    def __init__(
        self, database: Database, passwords: PasswordRequests, dependents: AccountDependents
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._dependents = dependents
        self._actors: TTLCache[tuple[int | None, str, str], Actor] = TTLCache(
            _MOST_REMEMBERED, ttl=_REMEMBERED
        )

    async def create(self, change: AccountChange, admin: OrganizerDraft, *, send_password: bool) -> Account:
        """A new account with its first organizer, who administers it. Its name is the organizer's address
        unless it is given one.

        A trial lasts fourteen days, whatever is said of its payment. Raises Conflict for a known address.
        """
        async with self._write(None) as session:
            validate_new_account(change, admin)
            person = await new_person(session, admin, self._passwords, "admin.email")
            name = person.email[:LONGEST_NAME] if change.name is UNSET else sanitize.name(change.name)
            organization, terms = await found_organization(session, name)
            organization.owner_id = person.id
            add_member(session, organization, person, admin, Standing.ADMINISTRATOR)
            await _change(session, organization, terms, change)
            if terms.account_type == "trial":
                terms.paid_until = now() + TRIAL
            _append(session, AccountCreated, organization, terms)
            append_person(session, organization.id, UserCreated, person)
            if send_password:
                await self._passwords.enqueue(session, organization, person)
            return Account(organization, terms, 1)

    async def list(self, *, limit: int, offset: int) -> Sequence[Account]:
        """The accounts that are not closed, oldest first."""
        _require_page(limit, offset)
        async with self._database.read(None) as session:
            rows = await session.execute(
                _ACCOUNTS.where(Organization.closed_at.is_(None))
                .order_by(Organization.id)
                .limit(limit)
                .offset(offset)
            )
            return [Account(*row) for row in rows]

    async def get(self, hex_id: str) -> Account:
        """Raises NotFound, also for an account that is closed."""
        async with self._database.read(None) as session:
            return await _account(session, hex_id)

    async def change(self, hex_id: str, change: AccountChange) -> Account:
        """Raises Forbidden for one that is not paid for, unless it says until when it is now."""
        async with self._write(None) as session:
            account = await _account(session, hex_id)
            if change.paid_until is UNSET:
                require_usable(account.organization, account.terms, to_change=True)
            await _change(session, account.organization, account.terms, change)
            _append(session, AccountUpdated, account.organization, account.terms)
            return account

    async def close(self, hex_id: str) -> None:
        """Close an account: nobody can get into it, and people in its rooms leave; what is in it is kept."""
        async with self._write(None) as session:
            account = await _account(session, hex_id)
            await close_organization(session, account.organization, account.terms, self._dependents)

    async def admins(self, organization_id: int) -> Sequence[Organizer]:
        return await self._people(organization_id, _IS_ADMIN, MOST_LISTED, 0)

    async def organizers(self, organization_id: int, *, limit: int, offset: int) -> Sequence[Organizer]:
        """Organizers, who can schedule meetings, administrators too, in the order in which they came."""
        _require_page(limit, offset)
        return await self._people(organization_id, IS_ORGANIZER, limit, offset)

    async def actor(self, organization_id: int | None, *, hex_id: str = "", email: str = "") -> Actor:
        """An organizer by id or address, in this organization or, for None, in any that is open.

        Raises NotFound.
        """
        asked = (organization_id, hex_id, "" if hex_id else email)
        actor = self._actors.get(asked)
        if actor is None:
            actor = self._actors[asked] = await self._find_actor(organization_id, hex_id, email)
        return actor

    async def _find_actor(self, organization_id: int | None, hex_id: str, email: str) -> Actor:
        query, named = (BY_HEX_ID, hex_id) if hex_id else (BY_ADDRESS, list(spellings(email)))
        async with self._database.read(organization_id) as session:
            row = (await session.execute(query, {"named": named})).one_or_none()
        if row is None:
            raise NotFound(ErrorCode.USER_NOT_FOUND, "user_id")
        of_organization, person_id, standing, timezone = row
        return Actor(of_organization, person_id, standing == Standing.ADMINISTRATOR, timezone)

    async def member(self, organization_id: int, hex_id: str) -> Organizer:
        """An organizer of the account. Raises NotFound."""
        async with self._database.read(organization_id) as session:
            return await _member(session, organization_id, hex_id, to_change=False)

    async def add_organizer(self, organization_id: int, draft: OrganizerDraft) -> Organizer:
        async with self._write(organization_id) as session:
            organization = await session.get_one(Organization, organization_id)
            terms = await lock_terms(session, organization_id)
            require_usable(organization, terms, to_change=True)
            account = await _account(session, organization.hex_id)
            if not account.can_add_organizer:
                raise Exhausted(ErrorCode.ORGANIZERS_EXHAUSTED, most=account.terms.most_organizers)
            validate_organizer(draft)
            person = await new_person(session, draft, self._passwords, organization_id=organization_id)
            membership = add_member(session, organization, person, draft, Standing.MODERATOR)
            append_person(session, organization_id, UserCreated, person)
            await self._passwords.enqueue(session, organization, person)
            return Organizer(person, membership)

    async def change_organizer(
        self, organization_id: int, hex_id: str, draft: OrganizerDraft, *, everywhere: bool = False
    ) -> Organizer:
        """A new address gets the link for a password that was on its way to the old one, which is told.

        What is said of a person holds in every organization that they belong to. One of several may not
        say it, only who speaks for them `everywhere`: Forbidden (`person_shared`)."""
        async with self._write(organization_id) as session:
            organizer = await _member(session, organization_id, hex_id, to_change=True)
            person = organizer.person
            validate_organizer(draft)
            if not everywhere and changes_person(person, draft):
                await require_nowhere_else(session, organization_id, person)
            before = person.email
            if draft.email is not UNSET:
                address = address_of(draft)
                if folded(address) != folded(person.email):
                    known = await require_new_address(session, address, organization_id=organization_id)
                    if known is not None and known is not person:
                        raise Conflict(ErrorCode.ADDRESS_TAKEN, "email")
                    if person.username in spellings(person.email):
                        person.username = folded(address)
                    person.email = address
            write_organizer(person, organizer.membership, draft)
            await flush_address(session)
            await address_changed(session, self._passwords, organization_id, person, before)
            append_person(session, organization_id, UserUpdated, person)
            return organizer

    async def remove_organizer(self, organization_id: int, hex_id: str) -> None:
        """Take somebody out of the account; an admin of it takes on their meetings. Raises Forbidden for the
        last who administers it, Conflict for somebody whom something in the account uses."""
        async with self._write(organization_id) as session:
            await lock_organization(session, organization_id)
            await lock_terms(session, organization_id)
            organizer = await _member(session, organization_id, hex_id, to_change=True)
            person = organizer.person
            admin = await session.scalar(
                select(Person)
                .join(Membership, Membership.person_id == Person.id)
                .where(_IS_ADMIN, Membership.disabled_at.is_(None), Person.id != person.id)
                .order_by(Membership.id)
                .limit(1)
            )
            if admin is None:
                raise Forbidden(ErrorCode.LAST_ADMIN)
            await self._dependents.organizer_leaves(session, organization_id, person, admin)
            await session.delete(organizer.membership)
            await end_sessions(session, organization_id, person.id)
            revoke(session, organization_id, person.id)
            append_person(session, organization_id, UserDeleted, person)

    @asynccontextmanager
    async def _write(self, organization_id: int | None) -> AsyncGenerator[AsyncSession]:
        async with self._database.write(organization_id) as session:
            yield session
        self._actors.clear()

    async def _people(
        self, organization_id: int, condition: ColumnElement[bool], limit: int, offset: int
    ) -> Sequence[Organizer]:
        query = (
            select(Person, Membership)
            .join(Membership, Membership.person_id == Person.id)
            .where(condition, Membership.invited_at.is_(None))
            .order_by(Membership.id)
            .limit(limit)
            .offset(offset)
        )
        async with self._database.read(organization_id) as session:
            return [Organizer(*row) for row in await session.execute(query)]


_IS_ADMIN = and_(Membership.standing == Standing.ADMINISTRATOR, IS_ORGANIZER)
_ORGANIZERS_OF = (
    select(func.count(Membership.id))
    .where(Membership.organization_id == Organization.id, IS_ORGANIZER)
    .correlate(Organization)
    .scalar_subquery()
)
_ACCOUNTS = select(
    Organization,
    MeetingTerms,
    case((MeetingTerms.most_organizers == 0, 0), else_=_ORGANIZERS_OF),
).join(MeetingTerms, MeetingTerms.organization_id == Organization.id)


async def _account(session: AsyncSession, hex_id: str) -> Account:
    row = (await session.execute(_ACCOUNTS.where(Organization.hex_id == hex_id))).one_or_none()
    if row is None:
        raise NotFound(ErrorCode.ACCOUNT_NOT_FOUND, "account_id", id=hex_id[:100])
    account = Account(*row)
    if account.organization.closed_at is not None:
        raise NotFound(ErrorCode.ACCOUNT_CLOSED, "account_id")
    return account


async def _member(session: AsyncSession, organization_id: int, hex_id: str, *, to_change: bool) -> Organizer:
    organization = await session.get_one(Organization, organization_id)
    terms = await session.get_one(MeetingTerms, organization_id)
    require_usable(organization, terms, to_change=to_change)
    row = (
        await session.execute(
            select(Person, Membership)
            .join(Membership, Membership.person_id == Person.id)
            .where(Person.hex_id == hex_id, IS_ORGANIZER)
        )
    ).one_or_none()
    if row is None:
        raise NotFound(ErrorCode.ORGANIZER_NOT_FOUND, "organizer_id", id=hex_id[:100])
    return Organizer(*row)


async def _change(
    session: AsyncSession, organization: Organization, terms: MeetingTerms, change: AccountChange
) -> None:
    """Raises Invalid with all that is wrong, and leaves all as it is."""
    problems = Problems()
    with problems:
        validate_account(change)
    if change.default_permission_group_id is not UNSET:
        with problems:
            group_id = change.default_permission_group_id
            await require_group(session, organization.id, group_id, "default_permission_group_id")
    problems.require_none()
    if change.name is not UNSET:
        organization.display_name = sanitize.name(change.name)
    for name in TERMS:
        value = getattr(change, name)
        if value is not UNSET:
            setattr(terms, name, value)


def _require_page(limit: int, offset: int) -> None:
    problems = Problems()
    if not 1 <= limit <= MOST_LISTED:
        problems.add(ErrorCode.OUT_OF_RANGE, "limit", least=1, most=MOST_LISTED)
    if not 0 <= offset <= _FURTHEST:
        problems.add(ErrorCode.OUT_OF_RANGE, "offset", least=0, most=_FURTHEST)
    problems.require_none()


def _append(
    session: AsyncSession, kind: type[AccountSnapshot], organization: Organization, terms: MeetingTerms
) -> None:
    event = kind(display_name=organization.display_name, account_type=terms.account_type)
    append(session, organization.id, event, organization.hex_id)
