"""Organizations: creating one, finding one, its permission groups."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from ulid import ULID

from switchroom import sanitize
from switchroom.db.database import Database
from switchroom.errors import Conflict, ErrorCode, Forbidden, Invalid, NotFound
from switchroom.events.append import append
from switchroom.events.types import OrganizationCreated, UserCreated
from switchroom.identity.models import (
    LONGEST_DISPLAY_NAME,
    Membership,
    Organization,
    PermissionGroup,
    Person,
)
from switchroom.identity.permissions import Role, Standing
from switchroom.identity.secrets import Passwords
from switchroom.identity.tokens import AccessToken
from switchroom.identity.usernames import folded, spellings

_GROUPS = (
    ("Admin", Role.ADMIN),
    ("Moderator", Role.MODERATOR),
    ("Participant", Role.PARTICIPANT),
    ("Spectator", Role.SPECTATOR),
    ("Guest", Role.GUEST),
    ("No access", Role.NO_ACCESS),
)
MOST_NAMED = 1000


class Organizations:
    """Founds organizations, gives them people, and shows them to callers."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords

    async def find(self, reference: str) -> Organization:
        """The organization with this ULID or, where only one that is open (or else only one) has it, this
        name. Raises NotFound, Conflict."""
        async with self._database.read(None) as session:
            rows = (
                await session.scalars(
                    select(Organization)
                    .where((Organization.ulid == reference) | (Organization.display_name == reference))
                    .order_by(Organization.ulid != reference, Organization.closed_at.is_not(None))
                    .limit(2)
                )
            ).all()
        if not rows:
            raise NotFound(ErrorCode.ORGANIZATION_NOT_FOUND, "organization_id", id=reference)
        first, *others = rows
        if first.ulid != reference and any(_is_open(one) is _is_open(first) for one in others):
            raise Conflict(ErrorCode.ORGANIZATION_AMBIGUOUS, "organization_id", name=reference)
        return first

    async def list(self) -> Sequence[Organization]:
        """All organizations, oldest first."""
        async with self._database.read(None) as session:
            return (await session.scalars(select(Organization).order_by(Organization.id))).all()

    async def is_open(self, organization_id: int) -> bool:
        async with self._database.read(None) as session:
            query = select(Organization.id).where(
                Organization.id == organization_id, Organization.closed_at.is_(None)
            )
            return await session.scalar(query) is not None

    async def accessible(
        self, token: AccessToken, ulids: Sequence[str], *, first: str = "", limit: int = 0
    ) -> Sequence[Organization]:
        """Organizations, of the named ones, that the caller belongs to; all of them when none is named: at
        most `limit` (0 for the most there can be, 1000), in order of name, beginning with the one that
        `first` names if it is among them.

        One the caller does not belong to is left out, as if it did not exist.
        """
        if len(ulids) > MOST_NAMED:
            raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "organization_ids", most=MOST_NAMED)
        in_order = (Organization.display_name, Organization.id)
        query = select(Organization).order_by(*in_order).limit(min(limit or MOST_NAMED, MOST_NAMED))
        if token.kind == token.kind.PERSON:
            query = query.join(Membership, Membership.organization_id == Organization.id).where(
                Membership.person_id == token.subject_id
            )
        else:
            query = query.where(Organization.id == token.organization_id)
        if ulids:
            query = query.where(Organization.ulid.in_(ulids))
        async with self._database.read(None) as session:
            start = None
            if first:
                named = query.with_only_columns(*in_order).where(Organization.ulid == first)
                start = (await session.execute(named)).one_or_none()
            if start is not None:
                query = query.where(tuple_(*in_order) >= tuple(start))
            return (await session.scalars(query)).all()

    async def company(self, token: AccessToken, ulid: str) -> Organization:
        """Organization that the caller can sign in to. Raises Forbidden for guests, NotFound for any
        other."""
        found, _ = await self._open_to(token, (Organization.ulid == ulid,), limit=1)
        if not found:
            raise NotFound(ErrorCode.ORGANIZATION_NOT_FOUND, "organization_id", id=ulid[:100])
        return found[0]

    async def search(
        self,
        token: AccessToken,
        term: str,
        *,
        following: str = "",
        limit: int = 0,
        most_recent_first: bool = False,
    ) -> tuple[Sequence[Organization], int]:
        """Organizations that the caller can sign in to, with the term in their names or as their ULID: at
        most `limit` (0 for the most there can be, 1000) that follow the one named, by name or the youngest
        first; and the number of all of them. Raises Invalid where the one to follow is none of them."""
        if len(term) > LONGEST_DISPLAY_NAME:
            raise Invalid(ErrorCode.TOO_LONG, "term", most=LONGEST_DISPLAY_NAME)
        conditions: list[ColumnElement[bool]] = []
        if term.strip():
            named = Organization.display_name.icontains(term.strip(), autoescape=True)
            conditions.append(named | (Organization.ulid == term.strip()))
        found, last = await self._open_to(
            token,
            conditions,
            limit=min(limit or MOST_NAMED, MOST_NAMED),
            following=following,
            most_recent_first=most_recent_first,
        )
        return found, last

    async def _open_to(
        self,
        token: AccessToken,
        conditions: Sequence[ColumnElement[bool]],
        *,
        limit: int,
        following: str = "",
        most_recent_first: bool = False,
    ) -> tuple[Sequence[Organization], int]:
        """A page of those that fulfil the conditions, and how many do."""
        if token.is_guest:
            raise Forbidden(ErrorCode.NOT_FOR_GUESTS)
        query = select(Organization).where(Organization.closed_at.is_(None), *conditions)
        if token.kind == token.kind.PERSON and not token.is_narrowed:
            query = query.join(Membership, Membership.organization_id == Organization.id).where(
                Membership.person_id == token.subject_id, Membership.disabled_at.is_(None)
            )
        else:
            query = query.where(Organization.id == token.organization_id)
        by_name = (Organization.display_name, Organization.id)
        in_order = (Organization.id.desc(),) if most_recent_first else by_name
        async with self._database.read(None) as session:
            page = query.order_by(*in_order).limit(limit)
            if following:
                named = query.with_only_columns(*by_name).where(Organization.ulid == following)
                last = (await session.execute(named)).one_or_none()
                if last is None:
                    raise Invalid(ErrorCode.VALUE_INVALID, "continue", reason="it is of no page of these")
                page = page.where(
                    Organization.id < last[1] if most_recent_first else tuple_(*by_name) > tuple(last)
                )
            counted = await session.scalar(query.with_only_columns(func.count(Organization.id)))
            return (await session.scalars(page)).all(), counted or 0

    async def permission_groups(self, token: AccessToken) -> Sequence[PermissionGroup]:
        if token.is_guest:
            raise Forbidden(ErrorCode.NOT_FOR_GUESTS)
        async with self._database.read(token.organization_id) as session:
            return (
                await session.scalars(
                    select(PermissionGroup).order_by(PermissionGroup.position, PermissionGroup.id)
                )
            ).all()

    async def add_person(
        self,
        organization: Organization,
        *,
        username: str,
        password: str | None,
        standing: Standing,
        first_name: str = "",
        last_name: str = "",
        email: str = "",
        locale: str = "en",
    ) -> Person:
        """Make the person a member; one who is new to the platform is created.

        `password` is required for somebody new and must be absent for somebody who has one.
        Raises Conflict for a member, Invalid for a password under 8 characters.
        """
        username = sanitize.name(username)
        name = folded(username)
        if not name or len(name) > 254:
            raise Invalid(ErrorCode.LENGTH_OUT_OF_RANGE, "username", least=1, most=254)
        password_hash = None if password is None else await self._passwords.hash_chosen(password)
        async with self._database.write(None) as session:
            person = await session.scalar(select(Person).where(Person.username.in_(spellings(username))))
            if person is None:
                if password_hash is None:
                    raise Invalid(ErrorCode.PASSWORD_REQUIRED, "password")
                person = Person(
                    username=name,
                    password_hash=password_hash,
                    email=email or (username.lower() if "@" in name else ""),
                    first_name=sanitize.name(first_name),
                    last_name=sanitize.name(last_name),
                    locale=locale,
                )
                session.add(person)
                await session.flush()
            elif password_hash is not None:
                raise Conflict(ErrorCode.PERSON_EXISTS, "username", name=name)
            await self._require_no_membership(session, organization, person)
            session.add(
                Membership(
                    organization_id=organization.id,
                    person_id=person.id,
                    standing=standing,
                    administration=standing.administration,
                )
            )
            found = await session.get_one(Organization, organization.id)
            if found.owner_id is None and standing is Standing.ADMINISTRATOR:
                found.owner_id = person.id
            created = UserCreated(username=person.username, standing=standing)
            append(session, organization.id, created, person.id)
        return person

    async def is_known(self, username: str) -> bool:
        """Whether somebody on the platform has this user name."""
        async with self._database.read(None) as session:
            found = await session.scalar(select(Person.id).where(Person.username.in_(spellings(username))))
        return found is not None

    async def _require_no_membership(
        self, session: AsyncSession, organization: Organization, person: Person
    ) -> None:
        member = await session.scalar(
            select(Membership.id).where(
                Membership.person_id == person.id, Membership.organization_id == organization.id
            )
        )
        if member:
            raise Conflict(
                ErrorCode.MEMBER_EXISTS,
                "username",
                name=person.username,
                organization=organization.display_name,
            )


def _is_open(organization: Organization) -> bool:
    return organization.closed_at is None


async def found(session: AsyncSession, display_name: str) -> Organization:
    """Add an organization with the six permission groups every one has. Raises Invalid for a name that is
    empty or too long."""
    name = sanitize.name(display_name)
    if not name:
        raise Invalid(ErrorCode.NAME_REQUIRED, "display_name")
    if len(name) > LONGEST_DISPLAY_NAME:
        raise Invalid(ErrorCode.TOO_LONG, "display_name", most=LONGEST_DISPLAY_NAME)
    organization = Organization(ulid=str(ULID()), display_name=name)
    session.add(organization)
    await session.flush()
    for position, (name, role) in enumerate(_GROUPS):
        session.add(
            PermissionGroup(
                organization_id=organization.id,
                name=name,
                position=position,
                role=role,
                permissions=role.permissions,
            )
        )
    created = OrganizationCreated(display_name=organization.display_name)
    append(session, organization.id, created, organization.ulid)
    return organization
