"""Attendance of rooms: who was inside and when, out of the event log, as far back as that is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.database import Database
from switchroom.events.models import Event
from switchroom.events.searching import id_bounds
from switchroom.events.stays import OF_ROOM
from switchroom.identity.tokens import AccessToken
from switchroom.rooms.access import room_for

MOST_STAYS = 500
"""Stays of one page."""

_PART, _MOST_PARTS = 200, 10
"""Events that are looked at together, and how often, for the people who are inside now."""

_JOINED, _LEFT = OF_ROOM.joined.event_type, OF_ROOM.left.event_type
_ENDS = (OF_ROOM.opened.event_type, OF_ROOM.emptied.event_type)


class Stay(Struct, frozen=True, kw_only=True):
    """Stay of a person in a room. `left_at` is None while it lasts."""

    display_name: str
    is_guest: bool
    is_spectator: bool
    joined_at: datetime
    left_at: datetime | None


class StayFilter(Struct, frozen=True, kw_only=True):
    """Filter of stays: those that ended since a time (inclusive) and until another, in the order in which
    they ended, the newest first unless the oldest is; after the one of the page before (`following`)."""

    since: datetime | None = None
    until: datetime | None = None
    oldest_first: bool = False
    after: int | None = None
    limit: int = 100


class AttendancePage(Struct, frozen=True, kw_only=True):
    """Page of attendance. Only the first page has the people `inside`, who came last first. `following` is
    None on the last page."""

    room_name: str
    inside: Sequence[Stay]
    stays: Sequence[Stay]
    following: int | None


class RoomAttendance:
    """Attendance of rooms for their administrators. A stay is in the log as a whole with the event of
    leaving, which everybody has in the end: people whose server was killed get it from the next that opens
    the room."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, token: AccessToken, room_id: str, wanted: StayFilter) -> AttendancePage:
        """Raises NotFound and Forbidden as for changing the room."""
        async with self._database.read(None) as session:
            first, last = await id_bounds(session, wanted.since, wanted.until)
        async with self._database.read(token.organization_id) as session:
            _, room, _ = await room_for(session, token, room_id, to_administer=True)
            inside = [] if wanted.after is not None else await _inside(session, room.id)
            limit = max(1, min(wanted.limit, MOST_STAYS))
            query = _between(_of_room(room.id).where(Event.type == _LEFT), wanted, first, last)
            rows = (await session.execute(query.limit(limit + 1))).all()
        stays = [_stay(data, occurred_at, occurred_at) for _, _, occurred_at, data in rows[:limit]]
        following = rows[limit - 1][0] if len(rows) > limit else None
        return AttendancePage(room_name=room.display_name, inside=inside, stays=stays, following=following)


_Events = Select[int, str, datetime, dict[str, Any]]


def _of_room(room_id: str) -> _Events:
    return select(Event.id, Event.type, Event.occurred_at, Event.data).where(Event.object_id == room_id)


def _between(query: _Events, wanted: StayFilter, first: int, last: int | None) -> _Events:
    """Ids between these, which bound the search, and times, which they only nearly follow."""
    lower, upper = [first] if first else [], [last] if last is not None else []
    if wanted.after is not None:
        if wanted.oldest_first:
            lower.append(wanted.after + 1)
        else:
            upper.append(wanted.after - 1)
    if lower:
        query = query.where(Event.id >= max(lower))
    if upper:
        query = query.where(Event.id <= min(upper))
    if wanted.since is not None:
        query = query.where(Event.occurred_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(Event.occurred_at < wanted.until)
    return query.order_by(Event.id if wanted.oldest_first else Event.id.desc())


async def _inside(session: AsyncSession, room_id: str) -> list[Stay]:
    """Stays of people who have joined since the room was opened, and not left. A person who came before very
    many others is told of when they leave."""
    query = _of_room(room_id).where(Event.type.in_((_JOINED, _LEFT, *_ENDS))).order_by(Event.id.desc())
    inside: list[Stay] = []
    known: set[str] = set()
    before: int | None = None
    for _ in range(_MOST_PARTS):
        part = query if before is None else query.where(Event.id < before)
        rows = (await session.execute(part.limit(_PART))).all()
        for _, kind, occurred_at, data in rows:
            if kind in _ENDS:
                return inside
            participant_id = str(data.get("participant_id", ""))
            if kind == _JOINED and participant_id not in known:
                inside.append(_stay(data, occurred_at, None))
            known.add(participant_id)
        if len(rows) < _PART:
            break
        before = rows[-1][0]
    return inside


def _stay(data: Mapping[str, Any], occurred_at: datetime, left_at: datetime | None) -> Stay:
    joined_at = data.get("joined_at")
    return Stay(
        display_name=str(data.get("display_name", "")),
        is_guest=bool(data.get("is_guest", True)),
        is_spectator=bool(data.get("is_spectator", False)),
        joined_at=datetime.fromisoformat(joined_at) if isinstance(joined_at, str) else occurred_at,
        left_at=left_at,
    )
