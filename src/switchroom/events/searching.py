"""Searching the event log by type and by time, with work that does not grow with the log.

The log is read in the order of its ids. Those of one type have an index in that order; of several types each
is read by itself. Times have none: ids grow with them, but not exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.events.models import Event

_SLACK = timedelta(minutes=10)
"""Time by which one event may be written later than another that happened after it."""

_STRAGGLERS = 99
"""Events near a time that may have been written later than `_SLACK` allows: by a process that the database
was away from, and from no other."""


def matches(types: Sequence[str], kind: str) -> bool:
    """Whether a type of event is one of `types`, which may end in `*`; any is, if there are none."""
    return not types or any(
        kind.startswith(wanted[:-1]) if wanted.endswith("*") else kind == wanted for wanted in types
    )


async def id_bounds(
    session: AsyncSession, since: datetime | None, until: datetime | None
) -> tuple[int, int | None]:
    """The smallest and the largest id that events since a time and until another may have, in a session that
    sees all organizations: some of those between them are before or after all the same."""
    first, last = 0, None
    if since is not None:
        before = select(Event.id).where(Event.occurred_at < _shifted(since, -_SLACK))
        nearest = before.order_by(Event.occurred_at.desc()).limit(_STRAGGLERS + 1).subquery()
        first = await session.scalar(select(func.min(nearest.c.id))) or 0
    if until is not None:
        after = select(Event.id).where(Event.occurred_at >= _shifted(until, _SLACK))
        nearest = after.order_by(Event.occurred_at).limit(_STRAGGLERS + 1).subquery()
        last = await session.scalar(select(func.max(nearest.c.id)))
    return first, last


def _shifted(moment: datetime, by: timedelta) -> datetime:
    """The moment itself at the ends of the calendar."""
    try:
        return moment + by
    except OverflowError:
        return moment


async def of_types(
    session: AsyncSession, organization_id: int, query: Select[Event], types: Sequence[str], limit: int
) -> Select[Event]:
    """The query of an organization's events, in the order of their ids, for the first `limit` of these types,
    which may end in `*`."""
    if any(one.endswith("*") for one in types):
        there = await _types_there(session, organization_id)
        wanted = [one for one in there if matches(types, one)]
        if len(wanted) == len(there):
            return query
    else:
        wanted = list(dict.fromkeys(types))
    if len(wanted) == 1:
        return query.where(Event.type == wanted[0])
    ids: list[int] = []
    if wanted:
        of_any = query.with_only_columns(Event.id).limit(limit)
        each = [of_any.where(Event.type == one).subquery() for one in wanted]
        found = union_all(*(select(one.c.id) for one in each)).subquery()
        ids += await session.scalars(select(found.c.id).order_by(found.c.id).limit(limit))
    return query.where(Event.id.in_(ids))


async def _types_there(session: AsyncSession, organization_id: int) -> Sequence[str]:
    """The types that an organization has events of, each found by one step in the index."""
    own = Event.organization_id == organization_id
    found = select(func.min(Event.type).label("type")).where(own).cte("found", recursive=True)
    following = select(func.min(Event.type)).where(own, Event.type > found.c.type).scalar_subquery()
    found = found.union_all(select(following).where(found.c.type.is_not(None)))
    return (await session.scalars(select(found.c.type).where(found.c.type.is_not(None)))).all()
