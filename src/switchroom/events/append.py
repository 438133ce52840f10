"""Writing to the event log in the transaction that causes an event."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from msgspec import to_builtins
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from switchroom.db.base import now
from switchroom.db.database import do_last, insert_numbered, notify
from switchroom.events.models import Event
from switchroom.events.notices import EventsAppended
from switchroom.events.order import take_turn
from switchroom.events.types import DomainEvent

_ROWS = "events"


def append(
    session: AsyncSession,
    organization_id: int,
    event: DomainEvent,
    object_id: str,
    *,
    at: datetime | None = None,
) -> None:
    """Log that something has happened to an object, at a moment or now, if the session's transaction is
    committed."""
    rows: list[dict[str, Any]] | None = session.info.get(_ROWS)
    if rows is None:
        rows = session.info[_ROWS] = []
        do_last(session, _write)
    rows.append(
        {
            "organization_id": organization_id,
            "type": event.event_type,
            "object_id": object_id,
            "occurred_at": at or now(),
            "data": to_builtins(event),
        }
    )


def _write(session: Session) -> None:
    session.flush()
    rows: list[dict[str, Any]] = session.info[_ROWS]
    ids_of: defaultdict[int, list[int]] = defaultdict(list)
    types_of: defaultdict[int, dict[str, None]] = defaultdict(dict)
    take_turn(session, {row["organization_id"] for row in rows})
    for row, event_id in zip(rows, insert_numbered(session, Event, rows), strict=True):
        ids_of[row["organization_id"]].append(event_id)
        types_of[row["organization_id"]][row["type"]] = None
    for organization_id, ids in ids_of.items():
        types = tuple(types_of[organization_id])
        notify(session, EventsAppended(organization_id, ids[0], ids[-1], types))
