"""Credentials that the people of an organization sign in with, for callers who may know them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Forbidden, Invalid, NotFound
from switchroom.identity.models import ApiKey, MemberInvitation, Membership, Organization, Person
from switchroom.identity.people import MOST_PEOPLE, as_invited
from switchroom.identity.permissions import Administration
from switchroom.identity.tokens import AccessToken, SubjectKind
from switchroom.identity.usernames import spellings

_TO_SEE = Administration.USER_LIST | Administration.USER_ADMIN


class CredentialKind(StrEnum):
    PASSWORD = "password"  # noqa: S105
    API_KEY = "api_key"


class CredentialState(StrEnum):
    """Whether they let somebody in; the invited have not accepted yet."""

    ACTIVE = "active"
    DISABLED = "disabled"
    INVITED = "invited"


class Credential(Struct, frozen=True, kw_only=True):
    """Credential for signing in to one organization: a user name with a password, or a key. `principal` is
    the name; of an invitee it is the address that the invitation went to."""

    kind: CredentialKind
    principal: str
    company_id: str
    subject_id: str
    administration: int
    state: CredentialState = CredentialState.ACTIVE
    properties: dict[str, str] = {}


class CredentialFilter(Struct, frozen=True, kw_only=True):
    """Filter of credentials; an empty sequence asks for any. `own` are those of the caller alone,
    in all organizations that they can sign in to."""

    principals: Sequence[str] = ()
    person_ids: Sequence[str] = ()
    states: Sequence[CredentialState] = ()
    kinds: Sequence[str] = ()
    company_ids: Sequence[str] = ()
    own: bool = False


class Credentials:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, token: AccessToken, subject_id: str) -> Credential:
        """Credentials of a person in the organization; the caller's own without an id.

        Raises NotFound, and Forbidden for another's without the permission to list people.
        """
        if token.is_guest:
            raise Forbidden(ErrorCode.NOT_FOR_GUESTS)
        is_self = not subject_id or subject_id == token.subject_id
        if not is_self:
            _require_to_see(token)
        async with self._database.read(token.organization_id) as session:
            if is_self and token.kind is SubjectKind.API_KEY:
                return await _of_key(session, token)
            asked = CredentialFilter(person_ids=[subject_id or token.subject_id])
            found = await _people(session, _IN_ORGANIZATION.where(*_conditions(asked)))
        if not found:
            raise NotFound(ErrorCode.PERSON_NOT_FOUND, "person_id", id=subject_id[:100])
        return found[0]

    async def list(
        self, token: AccessToken, asked: CredentialFilter, *, limit: int = 0, offset: int = 0
    ) -> tuple[Sequence[Credential], int]:
        """Credentials in the order in which people came, at most `limit` of them (0 for the most there can
        be, 1000) after the first `offset`, and how many there are in all.

        Without the permission to list people one may ask for one's own only. Unknown ids are left out.
        """
        if token.is_guest:
            raise Forbidden(ErrorCode.NOT_FOR_GUESTS)
        for path, named in (
            ("person_ids", asked.person_ids),
            ("principals", asked.principals),
            ("organization_ids", asked.company_ids),
        ):
            if len(named) > MOST_PEOPLE:
                raise Invalid(ErrorCode.TOO_MANY_ENTRIES, path, most=MOST_PEOPLE)
        query = _IN_ORGANIZATION.where(*_conditions(asked))
        is_person = token.kind is SubjectKind.PERSON
        organization_id: int | None = token.organization_id
        if asked.own:
            if not is_person:
                raise Forbidden(ErrorCode.PEOPLE_ONLY)
            query = query.where(
                Person.id == token.subject_id,
                Membership.disabled_at.is_(None),
                Organization.closed_at.is_(None),
            )
            if not token.is_narrowed:
                organization_id = None
        elif not (is_person and list(asked.person_ids) == [token.subject_id]):
            _require_to_see(token)
        page = query.order_by(Membership.id).limit(min(limit or MOST_PEOPLE, MOST_PEOPLE)).offset(offset)
        async with self._database.read(organization_id) as session:
            counted = query.with_only_columns(func.count(Membership.id))
            return await _people(session, page), await session.scalar(counted) or 0


_IN_ORGANIZATION = (
    select(Person, Membership, Organization.ulid)
    .join(Membership, Membership.person_id == Person.id)
    .join(Organization, Organization.id == Membership.organization_id)
)


def _require_to_see(token: AccessToken) -> None:
    if not token.administration & _TO_SEE:
        raise Forbidden(ErrorCode.PERMISSION_MISSING, permission="USER_LIST")


def _conditions(asked: CredentialFilter) -> Iterable[ColumnElement[bool]]:
    if asked.person_ids:
        yield Person.id.in_(asked.person_ids)
    if asked.company_ids:
        yield Organization.ulid.in_(asked.company_ids)
    if asked.kinds and CredentialKind.PASSWORD not in asked.kinds:
        yield false()
    if asked.states:
        yield or_(*(_IN_STATE[state] for state in asked.states))
    if asked.principals:
        names = {spelling for one in asked.principals for spelling in spellings(one)}
        # What others call somebody who has only been invited is not to be found out.
        invited = select(MemberInvitation.person_id).where(
            func.lower(MemberInvitation.email).in_(names),
            MemberInvitation.organization_id == Membership.organization_id,
        )
        yield or_(
            and_(Membership.invited_at.is_(None), Person.username.in_(names)),
            and_(Membership.invited_at.is_not(None), Person.id.in_(invited)),
        )


_IN_STATE = {
    CredentialState.ACTIVE: Membership.disabled_at.is_(None),
    CredentialState.DISABLED: and_(Membership.disabled_at.is_not(None), Membership.invited_at.is_(None)),
    CredentialState.INVITED: Membership.invited_at.is_not(None),
}


async def _people(session: AsyncSession, query: Select[Person, Membership, str]) -> Sequence[Credential]:
    rows = (await session.execute(query)).all()
    await as_invited(session, [(person, membership) for person, membership, _ in rows])
    return [
        Credential(
            kind=CredentialKind.PASSWORD,
            principal=person.username if membership.invited_at is None else person.email,
            company_id=company_id,
            subject_id=person.id,
            administration=membership.administration,
            state=_state_of(membership),
            properties=dict(membership.properties),
        )
        for person, membership, company_id in rows
    ]


def _state_of(membership: Membership) -> CredentialState:
    if membership.invited_at is not None:
        return CredentialState.INVITED
    return CredentialState.ACTIVE if membership.disabled_at is None else CredentialState.DISABLED


async def _of_key(session: AsyncSession, token: AccessToken) -> Credential:
    key = await session.get(ApiKey, token.subject_id)
    if key is None:
        raise NotFound(ErrorCode.API_KEY_NOT_FOUND, "person_id", name=token.display_name)
    return Credential(
        kind=CredentialKind.API_KEY,
        principal=key.client_id,
        company_id=token.company_id,
        subject_id=key.id,
        administration=key.administration,
    )
