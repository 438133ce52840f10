"""Directory of an organization's people: pages of them, and those of a name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import cast

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, Table, and_, case, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from switchroom.accounts.people import require_permission
from switchroom.accounts.versions import version_of
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, NotFound
from switchroom.identity.models import MemberInvitation, Membership, Person
from switchroom.identity.permissions import Administration, Standing
from switchroom.identity.tokens import AccessToken

PAGE = 50
"""People of one page."""

MOST_COUNTED = 1000
"""Number above which people are not counted."""

_TO_LIST = Administration.USER_LIST | Administration.USER_ADMIN
_LONGEST_TERM = 200


class PersonState(StrEnum):
    """State of somebody's place in the organization: they get in, are shut out, or have not accepted their
    invitation yet."""

    ACTIVE = "active"
    DISABLED = "disabled"
    INVITED = "invited"


class PeopleFilter(Struct, frozen=True, kw_only=True):
    """Filter of people; what is left empty does not restrict. `term` is part of a name or an address."""

    term: str = ""
    state: PersonState | None = None
    administrators_only: bool = False


class ListedPerson(Struct, frozen=True, kw_only=True):
    """Person as the directory shows them. Of invitees who have not accepted yet it has what their invitation
    says; `mailed_at` and `expires_at` are the invitation's. Whether they belong to other organizations too
    (`is_shared`) is not said of them."""

    id: str
    place: int
    username: str
    email: str
    title: str
    first_name: str
    last_name: str
    language: str
    state: PersonState
    administration: Administration
    created_at: datetime
    mailed_at: datetime | None
    expires_at: datetime | None
    is_shared: bool
    version: str


class PeoplePage(Struct, frozen=True, kw_only=True):
    """Page of the directory, newest first. `after` is where the next one begins, None for the last. `count`
    is of all that the filter lets through, up to 1000 and one."""

    people: Sequence[ListedPerson]
    after: int | None
    count: int


class PeopleDirectory:
    """Directory of people, newest first: an index has that order, and the latest invitees are looked for
    most."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, token: AccessToken, wanted: PeopleFilter, *, after: int | None = None) -> PeoplePage:
        """Raises Forbidden without the permission to list people."""
        require_permission(token, _TO_LIST)
        query = _listed(wanted)
        counted = query.with_only_columns(Membership.id).limit(MOST_COUNTED + 1).subquery()
        if after is not None:
            query = query.where(Membership.id < after)
        query = query.order_by(Membership.id.desc()).limit(PAGE + 1)
        async with self._database.read(token.organization_id) as session:
            rows = (await session.execute(query)).all()
            count = await session.scalar(select(func.count()).select_from(counted)) or 0
        people = [_shown(*row) for row in rows[:PAGE]]
        return PeoplePage(people=people, after=people[-1].place if len(rows) > PAGE else None, count=count)

    async def get(self, token: AccessToken, person_id: str) -> ListedPerson:
        """Raises NotFound, and Forbidden without the permission to list people."""
        require_permission(token, _TO_LIST)
        query = _listed(PeopleFilter()).where(Person.id == person_id)
        async with self._database.read(token.organization_id) as session:
            row = (await session.execute(query)).one_or_none()
        if row is None:
            raise NotFound(ErrorCode.PERSON_NOT_FOUND, "person_id", id=person_id[:100])
        return _shown(*row)


# Of the table, not the class: all organizations count, whosever the session is.
_ELSEWHERE = cast("Table", Membership.__table__).alias()
_IS_INVITED = Membership.invited_at.is_not(None)


def _listed(wanted: PeopleFilter) -> Select[Person, Membership, MemberInvitation, bool]:
    """Query for the people whom a filter lets through; without an invitation for people who were not
    invited."""
    is_shared = exists(
        select(_ELSEWHERE.c.id)
        .where(
            _ELSEWHERE.c.person_id == Person.id,
            _ELSEWHERE.c.organization_id != Membership.organization_id,
            _ELSEWHERE.c.invited_at.is_(None),
        )
        .correlate(Person, Membership)
    )
    query = (
        select(Person, Membership, MemberInvitation, is_shared)
        .join(Membership, Membership.person_id == Person.id)
        .outerjoin(
            MemberInvitation,
            and_(
                MemberInvitation.person_id == Person.id,
                MemberInvitation.organization_id == Membership.organization_id,
            ),
        )
    )
    if wanted.state is PersonState.INVITED:
        query = query.where(_IS_INVITED)
    elif wanted.state is PersonState.DISABLED:
        query = query.where(~_IS_INVITED, Membership.disabled_at.is_not(None))
    elif wanted.state is PersonState.ACTIVE:
        query = query.where(Membership.disabled_at.is_(None))
    if wanted.administrators_only:
        query = query.where(
            or_(Membership.standing == Standing.ADMINISTRATOR, Membership.administration != 0)
        )
    for word in wanted.term[:_LONGEST_TERM].split():
        query = query.where(_has(word))
    return query


def _has(word: str) -> ColumnElement[bool]:
    """Whether a word is in somebody's name or address, as the organization knows them."""
    pattern = _pattern(word)
    names = (
        (Person.first_name, MemberInvitation.first_name),
        (Person.last_name, MemberInvitation.last_name),
        (Person.email, MemberInvitation.email),
        (Person.username, MemberInvitation.email),
    )

    def known_as(
        of_person: InstrumentedAttribute[str], of_invitation: InstrumentedAttribute[str]
    ) -> ColumnElement[str]:
        return case((_IS_INVITED, of_invitation), else_=of_person)

    return or_(*(known_as(*pair).ilike(pattern, escape="\\") for pair in names))


def _pattern(word: str) -> str:
    """SQL pattern of texts that may have the word in them. Of letters only those of ASCII have two cases
    in every database; any other character stands for all."""
    letters = (f"\\{one}" if one in "%_\\" else one if one.isascii() else "_" for one in word)
    return f"%{''.join(letters)}%"


def _shown(
    person: Person, membership: Membership, invitation: MemberInvitation | None, is_shared: bool
) -> ListedPerson:
    pending = invitation if membership.invited_at is not None else None
    if membership.invited_at is not None:
        state = PersonState.INVITED
    else:
        state = PersonState.ACTIVE if membership.disabled_at is None else PersonState.DISABLED
    said = person if pending is None else pending
    return ListedPerson(
        id=person.id,
        place=membership.id,
        username=person.username if pending is None else pending.email,
        email=said.email,
        title=said.title,
        first_name=said.first_name,
        last_name=said.last_name,
        language=person.locale if pending is None else pending.language,
        state=state,
        administration=Administration(membership.administration),
        created_at=membership.created_at,
        mailed_at=pending and pending.mailed_at,
        expires_at=pending and pending.expires_at,
        is_shared=pending is None and is_shared,
        version=version_of(person, membership, invitation),
    )
