"""The event log as use is counted out of it: each reader gets every event once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.database import upsert
from switchroom.events.models import Event
from switchroom.events.order import watermark
from switchroom.events.stays import OF_MEETING, OF_ROOM
from switchroom.rooms.models import RoomUsePosition
from switchroom.rooms.use_times import LONGEST

OPENED = {OF_ROOM.opened.event_type: False, OF_MEETING.opened.event_type: True}
EMPTIED = {OF_ROOM.emptied.event_type: False, OF_MEETING.emptied.event_type: True}
JOINED = {OF_ROOM.joined.event_type: False, OF_MEETING.joined.event_type: True}
LEFT = {OF_ROOM.left.event_type: False, OF_MEETING.left.event_type: True}
"""Types of events, and whether each is of a meeting."""


class Reader(IntEnum):
    """Readers of the log, by the id of the position of each."""

    HOURS = 1
    RANKINGS = 2


async def uncounted(
    session: AsyncSession, reader: Reader, types: Sequence[str], most: int
) -> tuple[Sequence[Event], bool]:
    """At most so many events of these types that a reader has not counted yet, of all organizations, and
    whether there are more. They are counted once the transaction is committed, which others wait for."""
    place = await _place_of(session, reader)
    complete = await watermark(session)
    if complete <= place.position:
        return [], False
    query = (
        select(Event)
        .where(Event.id > place.position, Event.id <= complete, Event.type.in_(types))
        .order_by(Event.id)
        .limit(most)
    )
    events = (await session.scalars(query)).all()
    has_more = len(events) == most
    place.position = events[-1].id if has_more else complete
    return events, has_more


async def _place_of(session: AsyncSession, reader: Reader) -> RoomUsePosition:
    query = select(RoomUsePosition).where(RoomUsePosition.id == reader).with_for_update()
    place = await session.scalar(query)
    if place is None:
        # Another process may do so at the same time.
        first = upsert(session, RoomUsePosition).values(id=int(reader), position=0)
        await session.execute(first.on_conflict_do_nothing())
        place = (await session.scalars(query)).one()
    return place


def begin_of(event: Event) -> datetime:
    """Time at which the stay began that an event ends."""
    told: Any = event.data.get("joined_at")
    try:
        begin = datetime.fromisoformat(told) if isinstance(told, str) else event.occurred_at
    except ValueError:
        return event.occurred_at
    begin = begin if begin.tzinfo else begin.replace(tzinfo=UTC)
    # A clock that was set back meanwhile makes no time less than none.
    return min(max(begin, event.occurred_at - LONGEST), event.occurred_at).astimezone(UTC)
