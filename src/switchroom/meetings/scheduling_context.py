"""For whom a meeting is scheduled: the organization, its terms, the organizer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.errors import Forbidden, NotFound
from switchroom.identity.models import Membership, Organization, Person
from switchroom.identity.permissions import Standing
from switchroom.meetings.models import MeetingTerms
from switchroom.rooms.quotas import Size, standard_size, with_standard_size

TRIAL = timedelta(days=14)
"""How long a trial lasts."""

ORGANIZERS = (Standing.ADMINISTRATOR, Standing.MODERATOR)
"""Whose meetings can be scheduled."""


class Actor(Struct, frozen=True):
    """Who schedules: a person, who as an administrator does so for everybody in the organization.
    `timezone` is the person's own, empty without one."""

    organization_id: int
    person_id: str
    administers: bool = False
    timezone: str = ""


class SchedulingContext(Struct, frozen=True):
    organization: Organization
    terms: MeetingTerms
    organizer: Person


async def context_of(session: AsyncSession, actor: Actor, *, to_change: bool) -> SchedulingContext:
    """The actor's side of a meeting. Raises Forbidden as `require_good_standing` does."""
    found, _ = await _find(session, _PARTIES, actor, to_change=to_change)
    return found


async def context_of_new(session: AsyncSession, actor: Actor) -> tuple[SchedulingContext, Size]:
    """The actor's side of a meeting that is to be made, and how large a room it gets. Raises Forbidden as
    `require_good_standing` does."""
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
        raise NotFound("there is no such user", field="userId", code="user_not_found")
    organization, terms, organizer, *further = row
    require_good_standing(organization, terms, to_change=to_change)
    return SchedulingContext(organization, terms, organizer), further


def require_good_standing(organization: Organization, terms: MeetingTerms, *, to_change: bool) -> None:
    """Raises Forbidden for an organization that is closed or, `to_change` something, not paid for."""
    if organization.closed_at is not None:
        raise Forbidden("the account is closed", code="account_closed")
    if to_change and is_unpaid(terms):
        raise Forbidden(
            f"the account was paid until {terms.paid_until:%Y-%m-%d} and can only be looked at",
            code="account_unpaid",
        )


async def lock_terms(session: AsyncSession, organization_id: int) -> MeetingTerms:
    """The organization's terms as they are now; whoever else wants to count against them waits until the
    session's transaction has ended."""
    query = select(MeetingTerms).where(MeetingTerms.organization_id == organization_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).one()


def is_unpaid(terms: MeetingTerms) -> bool:
    return terms.paid_until is not None and terms.paid_until <= now()


_PARTIES = (
    select(Organization, MeetingTerms, Person)
    .join(MeetingTerms, MeetingTerms.organization_id == Organization.id)
    .join(Membership, Membership.organization_id == Organization.id)
    .join(Person, Person.id == Membership.person_id)
    .where(Organization.id == bindparam("organization_id"), Person.id == bindparam("person_id"))
)
_PARTIES_TO_NEW = with_standard_size(_PARTIES)
