"""Counting of use by room and by person, out of the log.

It has read as far in the log as its own position says: where there is none yet it begins with the oldest
event, so that what happened before it was there is counted too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from msgspec import Struct, structs
from sqlalchemy import Insert, case, delete, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database, execute_many, upsert_of
from switchroom.events.models import Event
from switchroom.rooms.models import Room, UseByPerson, UseByRoom
from switchroom.rooms.use_log import EMPTIED, LEFT, OPENED, Reader, begin_of, uncounted
from switchroom.rooms.use_times import Span, begin_of_span, by_span

GUESTS = ""
"""In the place of a person's id, for all guests together."""

_TYPES = (*OPENED, *EMPTIED, *LEFT)
_EVENTS_AT_ONCE = 200
_FORGOTTEN_AT_ONCE = 5000
_LONGEST_NAME = 200


class UseRankingCounting:
    """Counts stays that have ended and rooms that were left by everybody; forgets spans that ended longer
    ago than the log is kept."""

    def __init__(self, database: Database, keep: timedelta) -> None:
        self._database = database
        self._keep = keep

    async def count(self) -> None:
        """Count all that there is, whatever others count at the same time."""
        has_more = True
        while has_more:
            has_more = await self._count_some()
            await asyncio.sleep(0)  # the others' turn
        await self._forget()

    async def _count_some(self) -> bool:
        """Whether there is more."""
        async with self._database.write(None) as session:
            events, has_more = await uncounted(session, Reader.RANKINGS, _TYPES, _EVENTS_AT_ONCE)
            if events:
                sums = _Sums()
                opened = await _opened_before(session, events)
                for event in events:
                    sums.note(event, opened.get(event.id))
                await _write(session, sums, now() - self._keep)
            return has_more

    async def _forget(self) -> None:
        for table in (UseByRoom, UseByPerson):
            for span in Span:
                until = begin_of_span(span, (now() - self._keep).date())
                old = select(table.id).where(table.span == span, table.begins < until)
                # A part at a time, so that nobody waits long for the database.
                is_part = True
                while is_part:
                    async with self._database.read(None) as session:
                        ids = (await session.scalars(old.limit(_FORGOTTEN_AT_ONCE))).all()
                    if ids:
                        async with self._database.write(None) as session:
                            await session.execute(delete(table).where(table.id.in_(ids)))
                    is_part = len(ids) == _FORGOTTEN_AT_ONCE


class _Key(Struct, frozen=True):
    """What a row counts: a room, or a person."""

    organization_id: int
    span: Span
    begins: datetime
    id: str


class _OfRoom(Struct):
    is_meeting: bool
    open_seconds: int = 0
    person_seconds: int = 0
    stays: int = 0


class _OfPerson(Struct):
    display_name: str
    seconds: int = 0
    stays: int = 0


class _Sums:
    """What some events add to rows, and the names that rooms had when they were opened."""

    def __init__(self) -> None:
        self.rooms: dict[_Key, _OfRoom] = {}
        self.people: dict[_Key, _OfPerson] = {}
        self.names: dict[str, str] = {}

    def note(self, event: Event, opened_at: datetime | None) -> None:
        """Add an event; of a room that everybody has left, with the time at which it was opened."""
        if event.type in OPENED:
            self.names[_room_of(event)] = str(event.data.get("display_name", ""))
        elif event.type in LEFT:
            self._left(event)
        elif opened_at is not None:
            for key, seconds in _spans(event, _room_of(event), opened_at):
                self._room(key, is_meeting=EMPTIED[event.type]).open_seconds += seconds

    def _left(self, event: Event) -> None:
        begin = begin_of(event)
        room, person = _room_of(event), _person_of(event)
        is_meeting, name = LEFT[event.type], _name_of(event)
        for key, seconds in _spans(event, room, begin):
            self._room(key, is_meeting=is_meeting).person_seconds += seconds
        for key, seconds in _spans(event, person, begin):
            self._person(key, name).seconds += seconds
        for span in Span:
            begins = begin_of_span(span, begin.date())
            self._room(_Key(event.organization_id, span, begins, room), is_meeting=is_meeting).stays += 1
            self._person(_Key(event.organization_id, span, begins, person), name).stays += 1

    def _room(self, key: _Key, *, is_meeting: bool) -> _OfRoom:
        return self.rooms.setdefault(key, _OfRoom(is_meeting))

    def _person(self, key: _Key, name: str) -> _OfPerson:
        found = self.people.setdefault(key, _OfPerson(name))
        found.display_name = name
        return found


def _spans(event: Event, counted: str, begin: datetime) -> Iterator[tuple[_Key, int]]:
    """The time from then until the event, by the spans of each kind."""
    for span in Span:
        for begins, seconds in by_span(span, begin, event.occurred_at):
            yield _Key(event.organization_id, span, begins, counted), seconds


def _room_of(event: Event) -> str:
    """The id of the room, also where the event happened to its meeting."""
    return str(event.data.get("room_id") or event.object_id)


def _is_guest(event: Event) -> bool:
    return bool(event.data.get("is_guest", True))


def _person_of(event: Event) -> str:
    return GUESTS if _is_guest(event) else str(event.data.get("user_id", GUESTS))


def _name_of(event: Event) -> str:
    return "" if _is_guest(event) else str(event.data.get("display_name", ""))[:_LONGEST_NAME]


async def _opened_before(session: AsyncSession, events: Sequence[Event]) -> Mapping[int, datetime]:
    """The times at which rooms were opened, by the ids of the events that everybody had left them. What is
    not among the events is looked for in the log."""
    found: dict[int, datetime] = {}
    opened: dict[str, datetime] = {}
    for event in events:
        if event.type in OPENED:
            opened[event.object_id] = event.occurred_at
        elif event.type in EMPTIED:
            at = opened.pop(event.object_id, None) or await _last_opened(session, event)
            if at is not None:
                found[event.id] = min(at, event.occurred_at)
    return found


async def _last_opened(session: AsyncSession, emptied: Event) -> datetime | None:
    query = (
        select(Event.type, Event.occurred_at)
        .where(
            Event.organization_id == emptied.organization_id,
            Event.object_id == emptied.object_id,
            Event.id < emptied.id,
            Event.type.in_((*OPENED, *EMPTIED)),
        )
        .order_by(Event.id.desc())
        .limit(1)
    )
    before = (await session.execute(query)).one_or_none()
    return before[1] if before is not None and before[0] in OPENED else None


async def _write(session: AsyncSession, sums: _Sums, oldest: datetime) -> None:
    """Add to the rows of all spans that are kept."""
    names = {**sums.names, **await names_of_rooms(session, {key.id for key in sums.rooms})}
    dialect = session.get_bind().dialect.name
    rooms = [
        {
            **_columns(key, "room_id"),
            "display_name": names.get(key.id, "")[:_LONGEST_NAME],
            **structs.asdict(one),
        }
        for key, one in sums.rooms.items()
        if _is_kept(key, oldest)
    ]
    people = [
        {**_columns(key, "person_id"), **structs.asdict(one)}
        for key, one in sums.people.items()
        if _is_kept(key, oldest)
    ]
    if rooms:
        await execute_many(session, _add_to_room(dialect), rooms)
    if people:
        await execute_many(session, _add_to_person(dialect), people)


async def names_of_rooms(session: AsyncSession, room_ids: Collection[str]) -> Mapping[str, str]:
    """The names of those rooms that there are, by their ids."""
    found = await session.execute(select(Room.id, Room.display_name).where(Room.id.in_(room_ids)))
    return dict(found.all())


def _is_kept(key: _Key, oldest: datetime) -> bool:
    return key.begins >= begin_of_span(key.span, oldest.date())


def _columns(key: _Key, counted: str) -> dict[str, Any]:
    return {
        "organization_id": key.organization_id,
        "span": key.span.value,
        "begins": key.begins,
        counted: key.id,
    }


_OF_SPAN = ("organization_id", "span", "begins")


@cache
def _add_to_room(dialect: str) -> Insert:
    row = upsert_of(dialect, UseByRoom)
    new = row.excluded
    # Nothing is bound but what each row brings.
    is_unnamed = new.display_name == literal_column("''")
    return row.on_conflict_do_update(
        index_elements=[*_OF_SPAN, "room_id"],
        set_={
            "display_name": case((is_unnamed, UseByRoom.display_name), else_=new.display_name),
            "open_seconds": UseByRoom.open_seconds + new.open_seconds,
            "person_seconds": UseByRoom.person_seconds + new.person_seconds,
            "stays": UseByRoom.stays + new.stays,
        },
    )


@cache
def _add_to_person(dialect: str) -> Insert:
    row = upsert_of(dialect, UseByPerson)
    new = row.excluded
    return row.on_conflict_do_update(
        index_elements=[*_OF_SPAN, "person_id"],
        set_={
            "display_name": new.display_name,
            "seconds": UseByPerson.seconds + new.seconds,
            "stays": UseByPerson.stays + new.stays,
        },
    )
