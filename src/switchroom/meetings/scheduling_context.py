"""Parties for whom a meeting is scheduled: the organization, its terms, the organizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.models import MeetingTerms
from switchroom.accounts.organizers import Actor
from switchroom.accounts.terms import require_usable
from switchroom.errors import ErrorCode, NotFound
from switchroom.identity.models import Membership, Organization, Person
from switchroom.rooms.quotas import Size, standard_size, with_standard_size


class SchedulingContext(Struct, frozen=True):
    organization: Organization
    terms: MeetingTerms
    organizer: Person


async def context_of(session: AsyncSession, actor: Actor, *, to_change: bool) -> SchedulingContext:
    """The actor's side of a meeting. Raises Forbidden as `require_usable` does."""
    found, _ = await _find(session, _PARTIES, actor, to_change=to_change)
    return found


async def context_of_new(session: AsyncSession, actor: Actor) -> tuple[SchedulingContext, Size]:
    """The actor's side of a meeting that is to be made, and how large a room it gets. Raises Forbidden as
    `require_usable` does."""
    found, size = await _find(session, _PARTIES_TO_NEW, actor, to_change=True)
    return found, standard_size(*size)


async def _find(
    session: AsyncSession, statement: Select[*tuple[Any, ...]], actor: Actor, *, to_change: bool
) -> tuple[SchedulingContext, Sequence[Any]]:
    """The actor's side, and what the statement asks for beyond that."""
    rows = await session.execute(
        statement, {"organization_id": actor.organization_id, "person_id": actor.person_id}
    )
    row = rows.one_or_none()
    if row is None:
        raise NotFound(ErrorCode.USER_NOT_FOUND, "user_id")
    organization, terms, organizer, *further = row
    require_usable(organization, terms, to_change=to_change)
    return SchedulingContext(organization, terms, organizer), further


_PARTIES = (
    select(Organization, MeetingTerms, Person)
    .join(MeetingTerms, MeetingTerms.organization_id == Organization.id)
    .join(Membership, Membership.organization_id == Organization.id)
    .join(Person, Person.id == Membership.person_id)
    .where(Organization.id == bindparam("organization_id"), Person.id == bindparam("person_id"))
)
_PARTIES_TO_NEW = with_standard_size(_PARTIES)
