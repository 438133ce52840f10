"""Organizations as those who sell and run meetings see them: their terms and their meeting organizers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Table, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database, notify
from switchroom.errors import Conflict, Exhausted, Forbidden, Invalid, NotFound
from switchroom.events.recording import record
from switchroom.identity.models import Membership, Organization, Person
from switchroom.identity.permissions import Standing
from switchroom.identity.revocation import revoke
from switchroom.identity.timezones import require_timezone
from switchroom.mail.addresses import Undeliverable, ascii_address
from switchroom.mail.password_requests import PasswordRequests
from switchroom.meetings.founding import found_organization
from switchroom.meetings.groups import require_group
from switchroom.meetings.handing_over import hand_over
from switchroom.meetings.models import Meeting, MeetingKind, MeetingTerms
from switchroom.meetings.notices import MeetingOver
from switchroom.meetings.parties import ORGANIZERS, TRIAL, require_good_standing
from switchroom.rooms.drafts import LONGEST_NAME, require_text

_MOST_LISTED = 1000
_MOST_TEXTS = 100
_LIMIT = 1_000_000
_MOST_DAYS = 3650
_MEMBERSHIPS = cast("Table", Membership.__table__)
_PREFIXED = {"firstName": "Firstname", "lastName": "Lastname"}
LOCALES = ("en", "de")


class Account(Struct, frozen=True):
    """An organization with its terms. `organizers` is how many it has."""

    organization: Organization
    terms: MeetingTerms
    organizers: int

    @property
    def can_add_organizer(self) -> bool:
        return not self.terms.most_organizers or self.organizers < self.terms.most_organizers


class AccountChange(Struct, frozen=True, kw_only=True):
    """What is to be different about an account; what is UNSET stays as it is."""

    name: str | UnsetType = UNSET
    account_type: str | UnsetType = UNSET
    paid_until: datetime | UnsetType | None = UNSET
    most_meetings: int | UnsetType = UNSET
    most_organizers: int | UnsetType = UNSET
    most_rooms: int | UnsetType = UNSET
    ice_candidates_to_filter: Sequence[str] | UnsetType = UNSET
    dial_in_numbers: Sequence[str] | UnsetType = UNSET
    with_standard_numbers: bool | UnsetType = UNSET
    default_permission_group_id: str | UnsetType | None = UNSET
    default_kind: MeetingKind | UnsetType = UNSET
    default_dial_in: bool | UnsetType = UNSET
    default_recorded: bool | UnsetType = UNSET
    auto_extend: bool | UnsetType = UNSET
    delete_after_days: int | UnsetType = UNSET


class OrganizerDraft(Struct, frozen=True, kw_only=True):
    """Somebody who is to schedule meetings, or what is to be different about them.

    For a new one what is UNSET is empty, and the locale is English. The names of the fields in errors begin
    with `prefix`.
    """

    email: str | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    additional_timezones: Sequence[str] | UnsetType = UNSET
    external_id: str | UnsetType | None = UNSET
    prefix: str = ""

    def field(self, name: str) -> str:
        """The name in the caller's words: `email`, or `adminEmail` behind a prefix."""
        return f"{self.prefix}{_PREFIXED.get(name) or name[0].upper() + name[1:]}" if self.prefix else name


class Accounts:
    """Whoever calls must have checked the caller's key; nothing here knows of keys."""

    def __init__(self, database: Database, passwords: PasswordRequests) -> None:
        self._database = database
        self._passwords = passwords

    async def create(self, change: AccountChange, admin: OrganizerDraft, *, send_password: bool) -> Account:
        """A new account with its first organizer, who administers it. Its name is the organizer's address
        unless it is given one.

        A trial lasts fourteen days, whatever is said of its payment. Raises Conflict for a known address.
        """
        async with self._database.write(None) as session:
            person = await _new_person(session, admin)
            name = person.email if change.name is UNSET else _require_name(change.name)
            organization, terms = await found_organization(session, name)
            organization.owner_id = person.id
            session.add(
                Membership(
                    organization_id=organization.id,
                    person_id=person.id,
                    standing=Standing.ADMINISTRATOR,
                    administration=Standing.ADMINISTRATOR.administration,
                )
            )
            await _change(session, organization, terms, change)
            if terms.account_type == "trial":
                terms.paid_until = now() + TRIAL
            data = _snapshot(organization, terms)
            record(session, organization.id, "account.created", organization.hex_id, data)
            _record_person(session, organization.id, "user.created", person)
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
        async with self._database.write(None) as session:
            account = await _account(session, hex_id)
            await _change(session, account.organization, account.terms, change)
            snapshot = _snapshot(account.organization, account.terms)
            record(session, account.organization.id, "account.updated", hex_id, snapshot)
            return account

    async def close(self, hex_id: str) -> None:
        """Nobody can get into a closed account; what is in it is kept."""
        async with self._database.write(None) as session:
            account = await _account(session, hex_id)
            organization = account.organization
            organization.closed_at = now()
            people = await session.scalars(
                select(Membership.person_id).where(Membership.organization_id == organization.id)
            )
            for person_id in people:
                revoke(session, organization.id, person_id)
            to_come = select(Meeting.room_id).where(
                Meeting.organization_id == organization.id, Meeting.next_end_at.is_not(None)
            )
            for room_id in await session.scalars(to_come):
                notify(session, MeetingOver(organization.id, room_id))
            record(session, organization.id, "account.closed", hex_id, _snapshot(organization, account.terms))

    async def admins(self, organization_id: int) -> Sequence[Person]:
        return await self._people(organization_id, (Standing.ADMINISTRATOR,), _MOST_LISTED, 0)

    async def organizers(self, organization_id: int, *, limit: int, offset: int) -> Sequence[Person]:
        """Those who can schedule meetings, administrators too, in the order in which they came."""
        _require_page(limit, offset)
        return await self._people(organization_id, ORGANIZERS, limit, offset)

    async def organizer(
        self, organization_id: int | None, *, hex_id: str = "", email: str = ""
    ) -> tuple[Person, Membership]:
        """An organizer by id or address, in this organization or, for None, in any that is open.

        Raises NotFound.
        """
        query = (
            select(Person, Membership)
            .join(Membership, Membership.person_id == Person.id)
            .join(Organization, Organization.id == Membership.organization_id)
            .where(Membership.standing.in_(ORGANIZERS))
            .order_by(Organization.closed_at.is_not(None), Membership.id)
            .limit(1)
        )
        if hex_id:
            query = query.where(Person.hex_id == hex_id)
        else:
            folded = email.strip().lower()
            query = query.where(or_(Person.username == folded, func.lower(Person.email) == folded))
        async with self._database.read(organization_id) as session:
            row = (await session.execute(query)).one_or_none()
        if row is None:
            raise NotFound("there is no such meeting organizer", field="userId", code="user_not_found")
        return row[0], row[1]

    async def member(self, organization_id: int, hex_id: str) -> Person:
        """An organizer of the account. Raises NotFound."""
        async with self._database.read(organization_id) as session:
            return (await _member(session, organization_id, hex_id, to_change=False))[0]

    async def add_organizer(self, organization_id: int, draft: OrganizerDraft) -> Person:
        async with self._database.write(organization_id) as session:
            organization = await session.get_one(Organization, organization_id)
            terms = await session.get_one(MeetingTerms, organization_id)
            require_good_standing(organization, terms, to_change=True)
            account = await _account(session, organization.hex_id)
            if not account.can_add_organizer:
                raise Exhausted(
                    f"the account may have {terms.most_organizers} meeting organizers",
                    code="organizers_exhausted",
                )
            person = await _new_person(session, draft)
            session.add(Membership(person_id=person.id, standing=Standing.MODERATOR, administration=0))
            _record_person(session, organization_id, "user.created", person)
            await self._passwords.enqueue(session, organization, person)
            return person

    async def change_organizer(self, organization_id: int, hex_id: str, draft: OrganizerDraft) -> Person:
        async with self._database.write(organization_id) as session:
            person, _ = await _member(session, organization_id, hex_id, to_change=True)
            _check(draft)
            if draft.email is not UNSET:
                address = _address(draft)
                if address != person.email.lower():
                    known = await _require_new_address(session, address, draft.field("email"))
                    if known is not None and known is not person:
                        raise Conflict(
                            "somebody of a closed account has the address", field=draft.field("email")
                        )
                    if person.username == person.email.lower():
                        person.username = address
                    person.email = address
            _write_person(person, draft)
            await _flush(session, draft)
            _record_person(session, organization_id, "user.updated", person)
            return person

    async def remove_organizer(self, organization_id: int, hex_id: str) -> None:
        """Take somebody out of the account; an admin of it takes on their meetings. Raises Forbidden for the
        last who administers it."""
        async with self._database.write(organization_id) as session:
            person, membership = await _member(session, organization_id, hex_id, to_change=True)
            admin = await session.scalar(
                select(Person)
                .join(Membership, Membership.person_id == Person.id)
                .where(Membership.standing == Standing.ADMINISTRATOR, Person.id != person.id)
                .order_by(Membership.id)
                .limit(1)
            )
            if admin is None:
                raise Forbidden("an account keeps at least one admin", code="last_admin")
            await hand_over(session, organization_id, person, admin)
            await session.delete(membership)
            revoke(session, organization_id, person.id)
            _record_person(session, organization_id, "user.deleted", person)

    async def _people(
        self, organization_id: int, standings: Sequence[Standing], limit: int, offset: int
    ) -> Sequence[Person]:
        query = (
            select(Person)
            .join(Membership, Membership.person_id == Person.id)
            .where(Membership.standing.in_(standings))
            .order_by(Membership.id)
            .limit(limit)
            .offset(offset)
        )
        async with self._database.read(organization_id) as session:
            return (await session.scalars(query)).all()


_ACCOUNTS = select(
    Organization,
    MeetingTerms,
    select(func.count(Membership.id))
    .where(Membership.organization_id == Organization.id, Membership.standing.in_(ORGANIZERS))
    .correlate(Organization)
    .scalar_subquery(),
).join(MeetingTerms, MeetingTerms.organization_id == Organization.id)


async def _account(session: AsyncSession, hex_id: str) -> Account:
    row = (await session.execute(_ACCOUNTS.where(Organization.hex_id == hex_id))).one_or_none()
    if row is None:
        raise NotFound(f"there is no account {hex_id[:100]}", field="accountId", code="account_not_found")
    account = Account(*row)
    if account.organization.closed_at is not None:
        raise NotFound("the account is closed", field="accountId", code="account_closed")
    return account


async def _member(
    session: AsyncSession, organization_id: int, hex_id: str, *, to_change: bool
) -> tuple[Person, Membership]:
    organization = await session.get_one(Organization, organization_id)
    terms = await session.get_one(MeetingTerms, organization_id)
    require_good_standing(organization, terms, to_change=to_change)
    row = (
        await session.execute(
            select(Person, Membership)
            .join(Membership, Membership.person_id == Person.id)
            .where(Person.hex_id == hex_id, Membership.standing.in_(ORGANIZERS))
        )
    ).one_or_none()
    if row is None:
        raise NotFound(
            f"there is no meeting organizer {hex_id[:100]}", field="userId", code="organizer_not_found"
        )
    return row[0], row[1]


async def _new_person(session: AsyncSession, draft: OrganizerDraft) -> Person:
    """Somebody with this address, new or known from accounts that are closed, and without a membership."""
    address = _address(draft)
    known = await _require_new_address(session, address, draft.field("email"))
    _check(draft)
    person = known or Person(username=address, password_hash="", email=address, locale="en")
    _write_person(person, draft)
    session.add(person)
    await _flush(session, draft)
    return person


async def _flush(session: AsyncSession, draft: OrganizerDraft) -> None:
    """Raises Conflict when somebody else has taken the address in the meantime."""
    try:
        await session.flush()
    except IntegrityError as error:
        field = draft.field("email")
        raise Conflict("there is a user with this address already", field=field) from error


async def _require_new_address(session: AsyncSession, address: str, field: str) -> Person | None:
    """Raises Conflict when somebody in an open account has it. Returns who had it in closed ones."""
    people = (
        await session.scalars(
            select(Person).where(or_(Person.username == address, func.lower(Person.email) == address))
        )
    ).all()
    if not people:
        return None
    # Of the table, not the class: the address counts in all organizations, whosever the session is.
    taken = await session.execute(
        select(_MEMBERSHIPS.c.id)
        .join(Organization, Organization.id == _MEMBERSHIPS.c.organization_id)
        .where(_MEMBERSHIPS.c.person_id.in_([one.id for one in people]), Organization.closed_at.is_(None))
        .limit(1)
    )
    if taken.first() is not None:
        raise Conflict(f"there is a user with the address {address} already", field=field)
    return people[0]


def _address(draft: OrganizerDraft) -> str:
    field = draft.field("email")
    address = require_text(draft.email or "", field, longest=254, shortest=1).lower()
    try:
        ascii_address(address)
    except Undeliverable as error:
        raise Invalid(str(error), field=field) from error
    return address


def _check(draft: OrganizerDraft) -> None:
    if draft.locale is not UNSET and draft.locale not in LOCALES:
        raise Invalid("the language must be de or en", field=draft.field("preferredLanguage"))
    if draft.timezone is not UNSET:
        require_timezone(draft.timezone, draft.field("timezone"))
    if draft.additional_timezones is not UNSET:
        if len(draft.additional_timezones) > _MOST_TEXTS:
            raise Invalid(
                f"at most {_MOST_TEXTS} time zones can be named", field=draft.field("additionalTimezones")
            )
        for number, name in enumerate(draft.additional_timezones):
            require_timezone(name, draft.field(f"additionalTimezones[{number}]"))


def _write_person(person: Person, draft: OrganizerDraft) -> None:
    if draft.first_name is not UNSET:
        person.first_name = require_text(draft.first_name, draft.field("firstName"), longest=LONGEST_NAME)
    if draft.last_name is not UNSET:
        person.last_name = require_text(draft.last_name, draft.field("lastName"), longest=LONGEST_NAME)
    if draft.locale is not UNSET:
        person.locale = draft.locale
    if draft.timezone is not UNSET:
        person.timezone = draft.timezone
    if draft.additional_timezones is not UNSET:
        person.additional_timezones = list(draft.additional_timezones)
    if draft.external_id is not UNSET:
        person.external_id = (
            None
            if draft.external_id is None
            else require_text(draft.external_id, draft.field("externalUserId"), longest=LONGEST_NAME)
        )


async def _change(
    session: AsyncSession, organization: Organization, terms: MeetingTerms, change: AccountChange
) -> None:
    if change.name is not UNSET:
        organization.display_name = _require_name(change.name)
    if change.account_type is not UNSET:
        terms.account_type = require_text(change.account_type, "accountType", longest=32, shortest=1)
    if change.paid_until is not UNSET:
        terms.paid_until = change.paid_until
    for field, name in (
        ("numberOfMeetings", "most_meetings"),
        ("numberOfMeetingOrganizers", "most_organizers"),
        ("numberOfMeetingRooms", "most_rooms"),
    ):
        value = getattr(change, name)
        if value is not UNSET:
            if not 0 <= value <= _LIMIT:
                raise Invalid(f"{field} must be from 0 to {_LIMIT}", field=field)
            setattr(terms, name, value)
    for field, name in (
        ("iceCandidatesToFilter", "ice_candidates_to_filter"),
        ("customDialInNumbers", "dial_in_numbers"),
    ):
        texts = getattr(change, name)
        if texts is not UNSET:
            if len(texts) > _MOST_TEXTS:
                raise Invalid(f"{field} has more than {_MOST_TEXTS} entries", field=field)
            setattr(terms, name, [require_text(text, field, longest=LONGEST_NAME) for text in texts])
    if change.delete_after_days is not UNSET:
        if not 1 <= change.delete_after_days <= _MOST_DAYS:
            raise Invalid(
                f"autoDeleteMeetingsAfterXDays must be from 1 to {_MOST_DAYS}",
                field="autoDeleteMeetingsAfterXDays",
            )
        terms.delete_after_days = change.delete_after_days
    if change.default_permission_group_id is not UNSET:
        group_id = change.default_permission_group_id
        await require_group(session, organization.id, group_id, "defaultMeetingPermissions")
        terms.default_permission_group_id = group_id
    for name in (
        "with_standard_numbers",
        "default_kind",
        "default_dial_in",
        "default_recorded",
        "auto_extend",
    ):
        value = getattr(change, name)
        if value is not UNSET:
            setattr(terms, name, value)


def _require_name(name: str) -> str:
    return require_text(name, "name", longest=LONGEST_NAME, shortest=1)


def _require_page(limit: int, offset: int) -> None:
    if not 1 <= limit <= _MOST_LISTED:
        raise Invalid(f"limit must be from 1 to {_MOST_LISTED}", field="limit")
    if not 0 <= offset <= _LIMIT:
        raise Invalid(f"offset must be from 0 to {_LIMIT}", field="offset")


def _snapshot(organization: Organization, terms: MeetingTerms) -> dict[str, object]:
    return {"display_name": organization.display_name, "account_type": terms.account_type}


def _record_person(session: AsyncSession, organization_id: int, kind: str, person: Person) -> None:
    record(session, organization_id, kind, person.id, {"username": person.username})
