"""Ends of stays in rooms that the log has no end of: whoever had the room was killed before it wrote one."""

from __future__ import annotations

from datetime import datetime

import structlog
from msgspec import Struct, ValidationError, convert
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import time_of
from switchroom.events.append import append
from switchroom.events.models import Event
from switchroom.events.types import (
    DomainEvent,
    MeetingEmptied,
    MeetingJoined,
    MeetingLeft,
    MeetingOpened,
    RoomEmptied,
    RoomJoined,
    RoomLeft,
    RoomOpened,
)

log = structlog.stdlib.get_logger(__name__)


class StayTypes(Struct, frozen=True):
    """Types of the events that stays begin and end with."""

    opened: type[DomainEvent]
    joined: type[DomainEvent]
    left: type[DomainEvent]
    emptied: type[DomainEvent]


OF_ROOM = StayTypes(RoomOpened, RoomJoined, RoomLeft, RoomEmptied)
OF_MEETING = StayTypes(MeetingOpened, MeetingJoined, MeetingLeft, MeetingEmptied)


async def end_stays(
    session: AsyncSession, organization_id: int, types: StayTypes, object_id: str, at: datetime
) -> None:
    """Log that whoever the log has inside left at this moment. To be called while nobody is inside and what
    happened before is written, so that what is without an end will get none by itself."""
    of_object = select(Event).where(Event.organization_id == organization_id, Event.object_id == object_id)
    newest = of_object.where(_is(types.opened, types.emptied)).order_by(Event.id.desc())
    opened = await session.scalar(newest.limit(1))
    if opened is None or opened.type != types.opened.event_type:
        return
    # Stays from before were ended when it was opened.
    told = of_object.where(Event.id > opened.id, _is(types.joined, types.left))
    inside: dict[str, Event] = {}
    for event in await session.scalars(told.order_by(Event.id)):
        participant_id = str(event.data.get("participant_id", ""))
        if event.type == types.joined.event_type:
            inside[participant_id] = event
        else:
            inside.pop(participant_id, None)
    for event in inside.values():
        joined_at = event.data.get("joined_at", time_of(event.occurred_at))
        try:
            left = convert({**event.data, "reason": "lost", "joined_at": joined_at}, types.left)
        except ValidationError as error:
            log.warning("stay cannot be ended", event_id=event.id, reason=str(error))
            continue
        append(session, organization_id, left, object_id, at=max(at, event.occurred_at))
    append(session, organization_id, convert(opened.data, types.emptied), object_id, at=at)


def _is(*types: type[DomainEvent]) -> ColumnElement[bool]:
    return Event.type.in_([one.event_type for one in types])
