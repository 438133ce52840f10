"""Writing to the event log in the transaction that causes an event."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from switchroom.db.base import now
from switchroom.db.database import do_last, insert_rows, notify
from switchroom.events.models import Event
from switchroom.events.notices import EventsRecorded
from switchroom.events.order import take_turn

_ROWS = "events"


def record(
    session: AsyncSession,
    organization_id: int,
    kind: str,
    object_id: str,
    data: dict[str, Any] | None = None,
    *,
    at: datetime | None = None,
) -> None:
    """Log that something of a `kind` (`room.created`) has happened to an object, if the session's
    transaction is committed.

    `data` is what readers should know beyond that: JSON values, names in snake case, and nothing secret.
    """
    rows: list[dict[str, Any]] | None = session.info.get(_ROWS)
    if rows is None:
        rows = session.info[_ROWS] = []
        do_last(session, _write)
        notify(session, EventsRecorded())
    rows.append(
        {
            "organization_id": organization_id,
            "type": kind,
            "object_id": object_id,
            "occurred_at": at or now(),
            "data": data or {},
        }
    )


def _write(session: Session) -> None:
    session.flush()
    rows: list[dict[str, Any]] = session.info[_ROWS]
    take_turn(session, {row["organization_id"] for row in rows})
    insert_rows(session, Event, rows)
