"""Users: the people of an account as telephony knows them. The id of a user is that of the membership, so
everybody who belongs to the organization is one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, cast

import msgspec
from cachetools import TTLCache
from msgspec import Meta, Struct, structs
from sqlalchemy import JSON, ColumnElement, ForeignKey, Index, Select, String, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from switchroom import sanitize
from switchroom.accounts.dependents import AccountDependents
from switchroom.accounts.organizers import (
    append_person,
    flush_address,
    new_person,
    require_new_address,
    require_nowhere_else,
)
from switchroom.accounts.terms import lock_terms
from switchroom.accounts.validation import OrganizerDraft
from switchroom.db.base import Base, BigId, OfOrganization
from switchroom.db.database import Database
from switchroom.errors import Conflict, ErrorCode, Forbidden, Problems
from switchroom.events.types import (
    ResourceCreated,
    ResourceDeleted,
    ResourceSnapshot,
    ResourceUpdated,
    UserCreated,
    UserDeleted,
    UserUpdated,
)
from switchroom.identity.members import Member, disable_member, enable_member, write_standing
from switchroom.identity.models import Membership, Organization, Person
from switchroom.identity.password_links import write_password
from switchroom.identity.permissions import Standing
from switchroom.identity.revocation import revoke
from switchroom.identity.sign_outs import end_sessions
from switchroom.identity.usernames import folded
from switchroom.mail.address_changes import address_changed
from switchroom.mail.addresses import require_address
from switchroom.mail.password_requests import PasswordRequests
from switchroom.telephony.resources.actor import Actor
from switchroom.telephony.resources.emergencies import country_of_account, require_forward
from switchroom.telephony.resources.fields import (
    END,
    CallerId,
    CallForward,
    Country,
    Id,
    Language,
    PhoneNumber,
    Pin,
    Restriction,
    Text,
    TimeZone,
)
from switchroom.telephony.resources.realms import TelephonyAccount
from switchroom.telephony.resources.references import Reference
from switchroom.telephony.resources.resource import ListQuery, Resource, Work, is_said
from switchroom.telephony.resources.user_rights import (
    require_to_describe,
    require_to_give_access,
    require_to_make,
)

_REMEMBERED = 10.0
"""Seconds."""
_MOST_REMEMBERED = 10_000
_LOOKED_AT = 1000
"""People whose names are read at once."""

_EVENTS: dict[type[ResourceSnapshot], type[UserCreated | UserUpdated | UserDeleted]] = {
    ResourceCreated: UserCreated,
    ResourceUpdated: UserUpdated,
    ResourceDeleted: UserDeleted,
}


class User(Struct, frozen=True, kw_only=True):
    """A person of the account. The username is an e-mail address. A person who is made without a password
    gets a link by mail to set one. With `do_not_disturb` no phone of theirs rings; without `call_waiting`
    none that has a call. `require_password_update`, `mobile_number`, `browserphone_id`, `apps`,
    `subscriptions`, `advanced`, and what is about hotdesking, are kept and change nothing yet."""

    username: Annotated[str, Meta(min_length=3, max_length=254)]
    priv_level: Literal["user", "admin"] = "user"
    password: Annotated[str, Meta(max_length=1000)] | None = None
    require_password_update: bool = False
    first_name: Text = ""
    last_name: Text = ""
    email: Annotated[str, Meta(max_length=254)] = ""
    vm_to_email_enabled: bool = True
    enabled: bool = True
    caller_id: CallerId = CallerId()
    language: Language = ""
    mobile_number: PhoneNumber = ""
    time_zone: TimeZone = ""
    country: Country = ""
    restriction: Restriction | None = None
    call_forward: CallForward = CallForward()
    do_not_disturb: bool = False
    call_waiting: bool = True
    music_on_hold_id: Id | None = None
    browserphone_id: Id | None = None
    advanced: dict[str, Any] = {}
    hotdesk_enabled: bool = False
    hotdesk_id: Annotated[str, Meta(pattern=f"^[0-9]{{1,10}}{END}")] | None = None
    hotdesk_keep_logged_in_elsewhere: bool = False
    hotdesk_pin: Pin | None = None
    hotdesk_require_pin: bool = False
    no_service: bool = False
    apps: list[Text] = []
    subscriptions: list[Text] = []
    quickcall_device: Id | None = None


class TelephonyUser(OfOrganization, Base):
    """Telephony settings of a person of the account. A person without a row has the defaults."""

    __tablename__ = "telephony_users"
    __table_args__ = (Index("uq_telephony_users_hotdesk_id", "organization_id", "hotdesk_id", unique=True),)

    # The index above begins with it.
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    membership_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("memberships.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    hotdesk_id: Mapped[str | None] = mapped_column(String(10))
    hotdesk_pin_hash: Mapped[str] = mapped_column(String(255), default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


_OF_PERSON = frozenset(("username", "first_name", "last_name", "email", "time_zone", "language"))
"""Fields that are said of the person, in every organization that they belong to."""

_OF_ACCESS = ("username", "email", "priv_level", "enabled")
"""Fields by which somebody gets in, or does not; a password is one too."""

_KEPT_ELSEWHERE = _OF_PERSON | {"priv_level", "enabled", "hotdesk_id"}


class UserRow:
    """A person, their membership, and what telephony keeps of them: None for a person who is not there
    yet."""

    def __init__(
        self,
        person: Person | None = None,
        membership: Membership | None = None,
        telephony: TelephonyUser | None = None,
    ) -> None:
        self.person = person
        self.membership = membership
        self.telephony = telephony

    @property
    def id(self) -> int | None:
        return self.membership.id if self.membership is not None else None

    @property
    def member(self) -> Member:
        return Member(cast("Person", self.person), cast("Membership", self.membership))


class Users(Resource[User, Any]):
    name, singular = "users", "user"
    draft, table = User, TelephonyUser
    owner = "id"
    own_fields = frozenset(
        (
            "first_name",
            "last_name",
            "vm_to_email_enabled",
            "language",
            "mobile_number",
            "time_zone",
            "call_forward",
            "do_not_disturb",
            "call_waiting",
            "music_on_hold_id",
            "browserphone_id",
            "hotdesk_keep_logged_in_elsewhere",
            "hotdesk_pin",
            "hotdesk_require_pin",
            "quickcall_device",
        )
    )
    hashed = frozenset(("hotdesk_pin",))
    passwords = frozenset(("password",))

    def __init__(self, passwords: PasswordRequests, dependents: AccountDependents) -> None:
        self._passwords = passwords
        self._dependents = dependents

    def references(self, draft: User) -> Iterable[Reference]:
        for path, kind, used in (
            ("music_on_hold_id", "medias", draft.music_on_hold_id),
            ("browserphone_id", "devices", draft.browserphone_id),
            ("quickcall_device", "devices", draft.quickcall_device),
        ):
            if used is not None:
                yield Reference(path, kind, used)

    def visible_to(self, actor: Actor) -> ColumnElement[bool]:
        return Membership.id == actor.user_id if actor.is_user else true()

    async def find(self, work: Work, resource_id: int, *, to_change: bool = False) -> UserRow | None:
        query = _users(work.organization_id).where(Membership.id == resource_id)
        query = query.where(self.visible_to(work.actor))
        if to_change:
            # By itself: a query that waits for a row does not read those that it joins to it anew.
            await work.session.execute(
                select(Membership.id).where(Membership.id == resource_id).with_for_update()
            )
            query = query.execution_options(populate_existing=True)
        row = (await work.session.execute(query)).one_or_none()
        return None if row is None else UserRow(*row)

    async def page(self, work: Work, query: ListQuery) -> Sequence[UserRow]:
        rows = _users(work.organization_id).where(Membership.id > query.after)
        rows = rows.where(self.visible_to(work.actor))
        if query.search:
            rows = rows.where(Membership.id.in_(await self._found(work, query)))
        found = await work.session.execute(rows.order_by(Membership.id).limit(query.limit))
        return [UserRow(*row) for row in found]

    async def _found(self, work: Work, query: ListQuery) -> Sequence[int]:
        """The ids of persons who have the text in their names. They are looked at here: what is the same
        letter in capitals is not for every database to say."""
        term, after, found = query.search.casefold(), query.after, list[int]()
        while len(found) < query.limit:
            names = (
                select(Membership.id, Person.username, Person.first_name, Person.last_name)
                .join(Person, Person.id == Membership.person_id)
                .where(
                    Membership.organization_id == work.organization_id,
                    Membership.id > after,
                    Membership.invited_at.is_(None),
                )
                .where(self.visible_to(work.actor))
            )
            part = (await work.session.execute(names.order_by(Membership.id).limit(_LOOKED_AT))).all()
            found += [
                id_ for id_, username, *name in part if term in f"{username}\n{' '.join(name)}".casefold()
            ]
            if len(part) < _LOOKED_AT:
                break
            after = part[-1][0]
        return found[: query.limit]

    async def present(self, session: AsyncSession, organization_id: int, ids: Sequence[int]) -> set[int]:
        there = select(Membership.id).where(
            Membership.organization_id == organization_id, Membership.id.in_(ids)
        )
        found = await session.scalars(there.order_by(Membership.id).with_for_update(read=True))
        return set(found.all())

    async def seen(self, work: Work, ids: Sequence[int]) -> set[int]:
        return {one for one in ids if not work.actor.is_user or one == work.actor.user_id}

    async def names(self, session: AsyncSession, organization_id: int, ids: Sequence[int]) -> dict[int, str]:
        found = await session.execute(_users(organization_id).where(Membership.id.in_(ids)))
        return {row[1].id: row[0].display_name for row in found}

    def new_row(self, work: Work) -> UserRow:
        return UserRow()

    def id_of(self, row: UserRow) -> int:
        return cast("int", row.id)

    def label(self, row: UserRow) -> str:
        return row.member.person.username

    def values_of(self, row: UserRow) -> dict[str, Any]:
        member, telephony = row.member, row.telephony
        person, membership = member.person, member.membership
        values = {
            **self.defaults,
            **(telephony.details if telephony is not None else {}),
            "username": person.username,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "email": person.email,
            "time_zone": person.timezone,
            "language": person.locale,
            "priv_level": _level_of(membership),
            "enabled": membership.disabled_at is None,
            "hotdesk_id": telephony.hotdesk_id if telephony is not None else None,
        }
        return {name: values[name] for name in self.fields if name not in self.secrets}

    def tidied(self, draft: User) -> User:
        return structs.replace(
            draft, first_name=sanitize.name(draft.first_name), last_name=sanitize.name(draft.last_name)
        )

    def check(self, draft: User, problems: Problems) -> None:
        super().check(draft, problems)
        if is_said(draft.username):
            with problems:
                require_address(draft.username.strip().lower(), "username")
        if draft.email:
            with problems:
                require_address(draft.email.strip().lower(), "email")

    async def prepare(self, work: Work, row: UserRow, draft: User, problems: Problems) -> User:
        if draft.hotdesk_id is not None:
            others = select(TelephonyUser.membership_id).where(
                TelephonyUser.organization_id == work.organization_id,
                TelephonyUser.hotdesk_id == draft.hotdesk_id,
                TelephonyUser.membership_id != (row.id or 0),
            )
            if await work.session.scalar(others) is not None:
                raise Conflict(ErrorCode.VALUE_TAKEN, "hotdesk_id", value=draft.hotdesk_id)
        if draft.call_forward.number:
            with problems:
                country = draft.country or await country_of_account(work.session, work.organization_id)
                require_forward(draft.call_forward, country)
        return draft

    async def save(self, work: Work, row: UserRow, draft: User, said: frozenset[str]) -> None:
        if row.membership is None:
            await self._make(work, row, draft)
        else:
            await self._change(work, row, draft, said)
        person, telephony = row.member.person, row.telephony
        person.first_name, person.last_name = draft.first_name, draft.last_name
        person.timezone = draft.time_zone
        person.locale = draft.language or person.locale or "en"
        if telephony is None:
            telephony = TelephonyUser(
                membership_id=row.id, organization_id=work.organization_id, hotdesk_pin_hash=""
            )
            row.telephony = telephony
            work.session.add(telephony)
        values = msgspec.to_builtins(draft)
        telephony.hotdesk_id = draft.hotdesk_id
        telephony.details = {
            name: values[name] for name in self.fields if name not in _KEPT_ELSEWHERE | self.secrets
        }
        if "hotdesk_pin" in said:
            telephony.hotdesk_pin_hash = work.hashes.get("hotdesk_pin", "")
        await flush_address(work.session, "username")

    async def _make(self, work: Work, row: UserRow, draft: User) -> None:
        session, organization_id = work.session, work.organization_id
        await require_to_make(work, administers=draft.priv_level == "admin")
        organization = await session.get_one(Organization, organization_id)
        wanted = OrganizerDraft(email=draft.username)
        row.person = person = await new_person(session, wanted, self._passwords, "username", organization_id)
        await _write_address(session, person, draft.email)
        standing = Standing.ADMINISTRATOR if draft.priv_level == "admin" else Standing.PARTICIPANT
        row.membership = Membership(
            organization_id=organization_id,
            person_id=person.id,
            standing=standing,
            administration=standing.administration,
        )
        session.add(row.membership)
        await session.flush()
        if not draft.enabled:
            await disable_member(session, organization_id, row.member)
        person.locale = draft.language or await _language_of_account(session, organization_id) or "en"
        if "password" in work.hashes:
            person.password_hash = work.hashes["password"]
        else:
            person.first_name, person.last_name = draft.first_name, draft.last_name
            person.timezone = draft.time_zone
            await self._passwords.enqueue(session, organization, person)

    async def _change(self, work: Work, row: UserRow, draft: User, said: frozenset[str]) -> None:
        session, organization_id, member = work.session, work.organization_id, row.member
        before = self.values_of(row)
        person, address = member.person, member.person.email
        changed = {name for name in (*_OF_PERSON, *_OF_ACCESS) if getattr(draft, name) != before[name]}
        if "password" in work.hashes or not changed.isdisjoint(_OF_ACCESS):
            is_raised = "priv_level" in changed and draft.priv_level == "admin"
            await require_to_give_access(work, member, administers=is_raised)
        elif changed:
            await require_to_describe(work, member)
        if "password" in work.hashes or changed & _OF_PERSON:
            await require_nowhere_else(session, organization_id, person)
        await self._change_access(work, member, draft)
        if folded(draft.username) != person.username:
            known = await require_new_address(
                session, draft.username.strip().lower(), "username", organization_id
            )
            if known is not None and known is not person:
                raise Conflict(ErrorCode.ADDRESS_TAKEN, "username")
            if folded(person.email) == person.username:
                person.email = draft.username.strip().lower()
            person.username = folded(draft.username)
        if "email" in said:
            await _write_address(session, person, draft.email)
        if "password" in work.hashes:
            await write_password(session, person, work.hashes["password"])
        await address_changed(session, self._passwords, organization_id, person, address)

    async def _change_access(self, work: Work, member: Member, draft: User) -> None:
        """Level, and whether they get in at all."""
        session, organization_id = work.session, work.organization_id
        administers = _level_of(member.membership) == "admin"
        stays = draft.priv_level == "admin" and draft.enabled
        if administers and member.membership.disabled_at is None and not stays:
            await _heir(work, member)
        if (draft.priv_level == "admin") != administers:
            standing = Standing.ADMINISTRATOR if draft.priv_level == "admin" else Standing.PARTICIPANT
            await write_standing(session, organization_id, member, standing)
        if draft.enabled:
            enable_member(session, organization_id, member)
        else:
            await disable_member(session, organization_id, member)

    async def remove(self, work: Work, row: UserRow) -> None:
        """Their meetings are those of another who administers the account from then on."""
        session, organization_id, member = work.session, work.organization_id, row.member
        await require_to_give_access(work, member)
        heir = await _heir(work, member)
        await self._dependents.organizer_leaves(session, organization_id, member.person, heir)
        await session.delete(member.membership)
        await end_sessions(session, organization_id, member.person.id)
        revoke(session, organization_id, member.person.id)

    def log(self, work: Work, row: UserRow, kind: type[ResourceSnapshot]) -> None:
        append_person(work.session, work.organization_id, _EVENTS[kind], row.member.person)


class UserIds:
    """The ids of people as users, which stay the same for as long as they are members."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: TTLCache[tuple[int, str], int] = TTLCache(_MOST_REMEMBERED, ttl=_REMEMBERED)

    async def of(self, organization_id: int, person_id: str) -> int | None:
        """None for somebody who is no member."""
        found = self._known.get((organization_id, person_id))
        if found is None:
            query = select(Membership.id).where(Membership.person_id == person_id)
            async with self._database.read(organization_id) as session:
                found = await session.scalar(query)
            if found is not None:
                self._known[organization_id, person_id] = found
        return found


def _users(organization_id: int) -> Select[Person, Membership, TelephonyUser]:
    return (
        select(Person, Membership, TelephonyUser)
        .join(Membership, Membership.person_id == Person.id)
        .outerjoin(TelephonyUser, TelephonyUser.membership_id == Membership.id)
        .where(Membership.organization_id == organization_id, Membership.invited_at.is_(None))
    )


async def _write_address(session: AsyncSession, person: Person, address: str) -> None:
    """Write to the person at the address from now on, unless it is empty. Raises Conflict for one that is
    somebody else's: people are found by it, and sent links to set their passwords."""
    address = address.strip().lower()
    if not address or address == person.email:
        return
    if folded(address) not in (person.username, folded(person.email)):
        known = await require_new_address(session, address, "email")
        if known is not None and known is not person:
            raise Conflict(ErrorCode.ADDRESS_TAKEN, "email")
    person.email = address


async def _language_of_account(session: AsyncSession, organization_id: int) -> str:
    account = await session.get(TelephonyAccount, organization_id)
    return account.details.get("language", "") if account is not None else ""


def _level_of(membership: Membership) -> str:
    return "admin" if membership.standing == Standing.ADMINISTRATOR else "user"


async def _heir(work: Work, member: Member) -> Person:
    """Another person who administers the account. Raises Forbidden for the last one."""
    await lock_terms(work.session, work.organization_id)
    query = (
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.organization_id == work.organization_id,
            Membership.standing == Standing.ADMINISTRATOR,
            Membership.disabled_at.is_(None),
            Membership.id != member.membership.id,
        )
        .order_by(Membership.id)
        .limit(1)
    )
    heir = await work.session.scalar(query)
    if heir is None:
        raise Forbidden(ErrorCode.LAST_ADMIN)
    return heir
