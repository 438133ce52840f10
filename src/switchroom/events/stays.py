"""Stays in rooms that the log has no end of: whoever had the room was killed before it could write one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import time_of
from switchroom.events.append import record
from switchroom.events.models import Event

_TOLD_OF_A_STAY = ("room_id", "participant_id", "user_id", "display_name", "is_guest", "is_spectator")


async def end_stays(
    session: AsyncSession, organization_id: int, area: str, object_id: str, at: datetime
) -> None:
    """Log that whoever the log has inside left at this moment. To be called while nobody is inside and what
    happened before is written, so that what is without an end will get none by itself.

    `area` is what the types of the events begin with: `room` or `meeting`.
    """
    of_object = select(Event).where(Event.organization_id == organization_id, Event.object_id == object_id)
    newest = of_object.where(Event.type.in_((f"{area}.opened", f"{area}.emptied"))).order_by(Event.id.desc())
    opened = await session.scalar(newest.limit(1))
    if opened is None or opened.type != f"{area}.opened":
        return
    # Stays from before were ended when it was opened.
    told = of_object.where(Event.id > opened.id, Event.type.in_((f"{area}.joined", f"{area}.left")))
    inside: dict[str, Event] = {}
    for event in await session.scalars(told.order_by(Event.id)):
        participant_id = str(event.data.get("participant_id", ""))
        if event.type == f"{area}.joined":
            inside[participant_id] = event
        else:
            inside.pop(participant_id, None)
    for event in inside.values():
        joined_at = event.data.get("joined_at", time_of(event.occurred_at))
        data = _who(event.data) | {"reason": "lost", "joined_at": joined_at}
        record(session, organization_id, f"{area}.left", object_id, data, at=max(at, event.occurred_at))
    room = {name: opened.data[name] for name in ("room_id",) if name in opened.data}
    record(session, organization_id, f"{area}.emptied", object_id, room, at=at)


def _who(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in _TOLD_OF_A_STAY if name in data}
