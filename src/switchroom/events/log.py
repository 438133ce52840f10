"""Event log: read from the beginning, or from where one stopped, and its retention."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from msgspec import Struct, structs
from sqlalchemy import ColumnElement, delete, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.events.models import Event
from switchroom.events.order import watermark
from switchroom.events.searching import id_bounds, matches, of_types
from switchroom.events.types import catalogue

TYPE = re.compile(r"\*|[a-z_]+(\.[a-z_]+)*(\.\*)?")
"""Pattern of the names by which readers ask for types of events: `room.created`, `room.*`, or `*` for all."""

MOST_AT_ONCE = 1000
_SECONDS_BETWEEN_CLEANINGS = 3600.0
_CLEANED_AT_ONCE = 5000
_MOST_LOOKED_AT_AGAIN = 50_000
"""Old events that were needed and are looked at again at a time: of a million, each is once in a day."""

_Place = tuple[datetime, int]
"""Time at which an event happened, and its id."""

_BEGINNING: _Place = (datetime.min.replace(tzinfo=UTC), 0)

log = structlog.get_logger()


class LoggedEvent(Struct, frozen=True, kw_only=True):
    """Event as it is in the log. `id` grows with every entry; `data` is as it was written."""

    id: int
    organization_id: int
    type: str
    object_id: str
    occurred_at: datetime
    data: dict[str, Any]


class _Removed(Struct, frozen=True):
    """Up to which place events were looked at, how many were removed, and whether there are more."""

    until: _Place
    count: int
    is_part: bool


class EventFilter(Struct, frozen=True, kw_only=True):
    """Filter of events; what is left empty does not restrict.

    `types` are whole types or beginnings that end in `*` (`room.*`). `since` is inclusive, `until` is not.
    """

    types: Sequence[str] = ()
    object_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


def fits(wanted: EventFilter, event: LoggedEvent) -> bool:
    """Whether an event is one of those meant."""
    return (
        matches(wanted.types, event.type)
        and wanted.object_id in ("", event.object_id)
        and (wanted.since is None or event.occurred_at >= wanted.since)
        and (wanted.until is None or event.occurred_at < wanted.until)
    )


class EventLog:
    """Event log of all organizations; each method names the one it is about, or None for all."""

    def __init__(
        self, database: Database, *, keep: timedelta, needed: ColumnElement[bool] | None = None
    ) -> None:
        """Events are kept for as long as `keep` says, and those that are `needed` as long as they are."""
        self._database = database
        self._keep = keep
        self._needed = literal(value=False) if needed is None else needed
        self._old_until = self._needed_until = _BEGINNING  # how far each was looked at

    async def read(
        self,
        organization_id: int | None,
        wanted: EventFilter | None = None,
        *,
        after: int = 0,
        limit: int = MOST_AT_ONCE,
    ) -> list[LoggedEvent]:
        """At most `limit` (1 to 1000) events after the one with the id `after`, oldest first. None with a
        smaller id comes later."""
        limit = max(1, min(limit, MOST_AT_ONCE))
        query = select(Event).order_by(Event.id)
        if wanted is not None:
            async with self._database.read(None) as session:
                first, last = await id_bounds(session, wanted.since, wanted.until)
            # One bound: SQLite looks for the first of two, and passes over all up to the other.
            after = max(after, first - 1)
            query = query.where(*_conditions(wanted))
            query = query if last is None else query.where(Event.id <= last)
        query = query.where(Event.id > after)
        async with self._database.read(organization_id) as session:
            if organization_id is None:
                query = query.where(Event.id <= await watermark(session))
            elif wanted is not None and wanted.types and not wanted.object_id:
                query = await of_types(session, organization_id, query, wanted.types, limit)
            return [logged(row) for row in await session.scalars(query.limit(limit))]

    async def read_back(
        self, organization_id: int, wanted: EventFilter, *, before: int | None = None, limit: int = 50
    ) -> list[LoggedEvent]:
        """At most `limit` (1 to 1000) events of an organization before the one with the id `before`, newest
        first. Types are looked for one by one, so that an index has each of them in this order."""
        limit = max(1, min(limit, MOST_AT_ONCE))
        async with self._database.read(None) as session:
            first, last = await id_bounds(session, wanted.since, wanted.until)
        plain = structs.replace(wanted, types=())
        named = () if "*" in wanted.types else wanted.types
        query = select(Event).where(*_conditions(plain)).order_by(Event.id.desc()).limit(limit)
        bounds = [one for one in (last, None if before is None else before - 1) if one is not None]
        if bounds:
            query = query.where(Event.id <= min(bounds))
        if first:
            query = query.where(Event.id >= first)
        types = [one for one in _known_types() if matches(named, one)] if named else ()
        async with self._database.read(organization_id) as session:
            if not named:
                return [logged(row) for row in await session.scalars(query)]
            rows = [row for one in types for row in await session.scalars(query.where(Event.type == one))]
        return [logged(row) for row in sorted(rows, key=lambda row: row.id, reverse=True)[:limit]]

    async def newest(self, organization_id: int | None) -> int:
        """The position of who wants only what is to come: no event to come has this id or a smaller one."""
        async with self._database.read(organization_id) as session:
            return await newest(session, organization_id)

    async def read_on(self, position: int, types: Sequence[str] = ()) -> tuple[list[LoggedEvent], int]:
        """At most 1000 events of all organizations after a position, oldest first, and the position after
        them; of all types, or as in an EventFilter."""
        async with self._database.read(None) as session:
            complete = await watermark(session)
            if complete <= position:
                return [], position
            query = select(Event).where(Event.id > position, Event.id <= complete).order_by(Event.id)
            if types:
                query = query.where(*_conditions(EventFilter(types=types)))
            events = [logged(row) for row in await session.scalars(query.limit(MOST_AT_ONCE))]
        return events, events[-1].id if len(events) == MOST_AT_ONCE else complete

    async def tidy(self) -> None:
        """Remove what is older than the log is kept, again and again until cancelled."""
        while True:
            removed = await self.remove_old()
            if removed:
                log.info("old events removed", events=removed)
            await asyncio.sleep(_SECONDS_BETWEEN_CLEANINGS)

    async def remove_old(self) -> int:
        """Remove what is older than the log is kept, and not needed. Returns how many events that were.

        It goes on from where it stopped, and looks again at a part of what was needed before: however much is
        kept for longer, this takes as long, and what is needed no more goes with one of the next times.
        """
        needed = await self._remove(self._needed_until, self._old_until, most=_MOST_LOOKED_AT_AGAIN)
        old = await self._remove(self._old_until, (now() - self._keep, 0))
        self._needed_until = needed.until if needed.is_part else _BEGINNING
        self._old_until = old.until
        return needed.count + old.count

    async def _remove(self, after: _Place, until: _Place, *, most: float = math.inf) -> _Removed:
        """Remove what is not needed after one place, up to another, of at most so many events and a part
        more."""
        place = tuple_(Event.occurred_at, Event.id)
        looked_at = count = 0
        while looked_at < most:
            # A part at a time, so that nobody waits long for the database.
            query = (
                select(Event.occurred_at, Event.id, self._needed)
                .where(place > after, place <= until)
                .order_by(Event.occurred_at, Event.id)
                .limit(_CLEANED_AT_ONCE)
            )
            async with self._database.read(None) as session:
                rows = (await session.execute(query)).all()
            part = [event_id for _, event_id, needed in rows if not needed]
            if part:
                async with self._database.write(None) as session:
                    await session.execute(delete(Event).where(Event.id.in_(part)))
            looked_at, count = looked_at + len(rows), count + len(part)
            if rows:
                after = (rows[-1].occurred_at, rows[-1].id)
            if len(rows) < _CLEANED_AT_ONCE:
                return _Removed(after, count, is_part=False)
        return _Removed(after, count, is_part=True)


def _known_types() -> Sequence[str]:
    return [one.event_type for one in catalogue()]


async def newest(session: AsyncSession, organization_id: int | None) -> int:
    """`EventLog.newest`, in a session that was opened for the organization."""
    if organization_id is None:
        return await watermark(session)
    return await session.scalar(select(func.max(Event.id))) or 0


def _conditions(wanted: EventFilter) -> list[Any]:
    conditions: list[Any] = []
    if wanted.types:
        conditions.append(
            or_(
                *(
                    Event.type.startswith(kind[:-1], autoescape=True)
                    if kind.endswith("*")
                    else Event.type == kind
                    for kind in wanted.types
                )
            )
        )
    if wanted.object_id:
        conditions.append(Event.object_id == wanted.object_id)
    if wanted.since is not None:
        conditions.append(Event.occurred_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(Event.occurred_at < wanted.until)
    return conditions


def logged(row: Event) -> LoggedEvent:
    """The event that a row is of."""
    return LoggedEvent(
        id=row.id,
        organization_id=row.organization_id,
        type=row.type,
        object_id=row.object_id,
        occurred_at=row.occurred_at,
        data=row.data,
    )
