"""Meeting organizers: people who can schedule meetings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from msgspec import Struct
from sqlalchemy import Table, bindparam, func, literal_column, select, union
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.validation import OrganizerDraft, address_of, write_organizer
from switchroom.errors import Conflict, ErrorCode, Forbidden
from switchroom.events.append import append
from switchroom.events.types import UserCreated, UserDeleted, UserUpdated
from switchroom.identity.members import void_invitations_to_others
from switchroom.identity.models import Membership, Organization, Person
from switchroom.identity.permissions import Standing
from switchroom.identity.sign_outs import end_sessions_everywhere
from switchroom.identity.usernames import folded, spellings
from switchroom.mail.password_requests import PasswordRequests

_MEMBERSHIPS = cast("Table", Membership.__table__)

IS_ORGANIZER = Membership.standing != literal_column(f"'{Standing.PARTICIPANT}'")
"""Condition for a member to be an organizer: an administrator or a moderator. Written into the statement, not
bound to it, so that the index of organizers serves it."""


class Actor(Struct, frozen=True):
    """Scheduler of meetings: a person, who as an administrator does so for everybody in the organization.
    `timezone` is the person's own, empty without one."""

    organization_id: int
    person_id: str
    administers: bool = False
    timezone: str = ""


class Organizer(Struct, frozen=True):
    """Person who schedules meetings, and their place in the account."""

    person: Person
    membership: Membership


_ORGANIZER = (
    select(Membership.organization_id, Person.id, Membership.standing, Person.timezone)
    .join(Membership, Membership.person_id == Person.id)
    .join(Organization, Organization.id == Membership.organization_id)
    .where(IS_ORGANIZER, Membership.disabled_at.is_(None))
    .order_by(Organization.closed_at.is_not(None), Membership.id)
    .limit(1)
)
BY_HEX_ID = _ORGANIZER.where(Person.hex_id == bindparam("named"))
# Two questions, each of which an index answers; asked as one with OR, it is the whole table.
_OF_ADDRESS = union(
    select(Person.id).where(Person.username.in_(bindparam("named", expanding=True))),
    select(Person.id).where(func.lower(Person.email).in_(bindparam("named", expanding=True))),
)
BY_ADDRESS = _ORGANIZER.where(Person.id.in_(_OF_ADDRESS))


async def new_person(
    session: AsyncSession,
    draft: OrganizerDraft,
    passwords: PasswordRequests,
    path: str = "email",
    organization_id: int | None = None,
) -> Person:
    """Person with this address and nothing else yet. A person of other accounts before brings nothing along:
    neither what those said of them, nor a password, which need not be of the address's present holder. The
    draft must have been checked; `path` is its address' in errors. `organization_id` is where they are to
    belong to, if that is there yet. Raises Conflict for an address that somebody has."""
    address = address_of(draft)
    person = await require_new_address(session, address, path, organization_id)
    return await emptied_person(session, person, folded(address), address, passwords, path)


async def emptied_person(
    session: AsyncSession,
    known: Person | None,
    username: str,
    email: str,
    passwords: PasswordRequests,
    path: str = "email",
) -> Person:
    """Person with these names and nothing else yet: new, or `known` of organizations that are closed or
    have invited them. Invitations that went to another address than this are void.
    Raises Conflict where somebody else has taken the names in the meantime."""
    person = known or Person()
    if known is None:
        session.add(person)
    else:
        await end_sessions_everywhere(session, person.id)
        await passwords.withdraw(session, person)
    person.username, person.email = username, email
    person.password_hash = person.first_name = person.last_name = person.title = person.timezone = ""
    person.locale, person.spoken_languages, person.additional_timezones = "en", [], []
    await flush_address(session, path)
    if known is not None:
        await void_invitations_to_others(session, person)
    return person


def add_member(
    session: AsyncSession,
    organization: Organization,
    person: Person,
    draft: OrganizerDraft,
    standing: Standing,
) -> Membership:
    membership = Membership(
        organization_id=organization.id,
        person_id=person.id,
        standing=standing,
        administration=standing.administration,
    )
    write_organizer(person, membership, draft)
    session.add(membership)
    return membership


async def flush_address(session: AsyncSession, path: str = "email") -> None:
    """Raises Conflict when somebody else has taken the address in the meantime."""
    try:
        await session.flush()
    except IntegrityError as error:
        raise Conflict(ErrorCode.ADDRESS_TAKEN, path) from error


async def require_new_address(
    session: AsyncSession, address: str, path: str = "email", organization_id: int | None = None
) -> Person | None:
    """Raises Conflict when somebody in an open account has the address. Returns the person who had it in
    closed ones, or was invited to others than `organization_id` only: an invitation by others keeps nobody
    out."""
    query = select(Person).where(Person.id.in_(_OF_ADDRESS)).order_by(Person.username != folded(address))
    people = (await session.scalars(query, {"named": list(spellings(address))})).all()
    if not people:
        return None
    if await _open_memberships(session, people, organization_id):
        raise Conflict(ErrorCode.ADDRESS_TAKEN, path)
    return people[0]


async def require_nowhere_else(session: AsyncSession, organization_id: int, person: Person) -> None:
    """Raises Forbidden for somebody who belongs to another open organization as well, and has not been
    invited to it only."""
    places = await _open_memberships(session, [person])
    if set(places) - {organization_id}:
        raise Forbidden(ErrorCode.PERSON_SHARED)


async def belongs_somewhere(session: AsyncSession, person: Person) -> bool:
    """Whether they belong to an open organization, whosever the session is, to which they have not been
    invited only."""
    return bool(await _open_memberships(session, [person]))


async def _open_memberships(
    session: AsyncSession,
    people: Sequence[Person],
    organization_id: int | None = None,
) -> Sequence[int]:
    """The open organizations that they belong to. Of those to which they have been invited only, none but
    `organization_id` is among them."""
    # Of the table, not the class: all organizations count, whosever the session is.
    query = (
        select(_MEMBERSHIPS.c.organization_id)
        .join(Organization, Organization.id == _MEMBERSHIPS.c.organization_id)
        .where(_MEMBERSHIPS.c.person_id.in_([one.id for one in people]), Organization.closed_at.is_(None))
    )
    belongs = _MEMBERSHIPS.c.invited_at.is_(None)
    query = query.where(belongs | (_MEMBERSHIPS.c.organization_id == organization_id))
    return (await session.scalars(query)).all()


def append_person(
    session: AsyncSession,
    organization_id: int,
    kind: type[UserCreated | UserUpdated | UserDeleted],
    person: Person,
) -> None:
    """Log what happens to a person of an account."""
    append(session, organization_id, kind(username=person.username), person.id)
