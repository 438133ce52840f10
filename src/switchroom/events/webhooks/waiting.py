"""What waits for a hook: deliveries whose time has come, and which no earlier one holds back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from msgspec import Struct
from sqlalchemy import ColumnElement, Table, bindparam, exists, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from switchroom.db.base import now
from switchroom.events.webhooks.models import STILL_WAITING, Delivery, DeliveryState, Message

ORDER_HELD = 2
"""Failed attempts of a delivery for which later ones about the same object wait for it."""


class Waiting(Struct, frozen=True):
    """A delivery to make. `attempts` is how many had an outcome before."""

    id: int
    event_id: int
    object_id: str
    attempts: int
    body: str


def waits(
    hook_id: InstrumentedAttribute[int] | ColumnElement[int],
    moment: ColumnElement[datetime],
    after: ColumnElement[int] | None = None,
) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a query of deliveries; of those of events after `after`, if that is given."""
    earlier = aliased(Delivery)
    held = exists().where(
        earlier.hook_id == Delivery.hook_id,
        earlier.object_id == Delivery.object_id,
        earlier.event_id < Delivery.event_id,
        # Written as in the index of what has failed.
        earlier.state == literal_column(f"'{DeliveryState.WAITING}'"),
        earlier.attempts > literal_column("0"),
        earlier.attempts <= ORDER_HELD,
        # One whose time has come holds nothing back if it is read along, and comes first.
        earlier.next_attempt_at > moment
        if after is None
        else or_(earlier.next_attempt_at > moment, earlier.event_id <= after),
    )
    waiting = (Delivery.hook_id == hook_id, STILL_WAITING, Delivery.next_attempt_at <= moment, ~held)
    return waiting if after is None else (*waiting, Delivery.event_id > after)


_DELIVERIES = cast("Table", Delivery.__table__)
_READ = (
    select(Delivery.id, Delivery.event_id, Delivery.object_id, Delivery.attempts, Message.body)
    .join(Message, Message.id == Delivery.message_id)
    .where(
        *waits(
            bindparam("hook_id", type_=_DELIVERIES.c.hook_id.type),
            bindparam("moment", type_=_DELIVERIES.c.next_attempt_at.type),
            bindparam("after", type_=_DELIVERIES.c.event_id.type),
        )
    )
    .order_by(Delivery.event_id)
    .limit(bindparam("limit"))
)


async def read_waiting(session: AsyncSession, hook_id: int, *, after: int, limit: int) -> Sequence[Waiting]:
    """At most `limit` deliveries of events after the one with the id `after`, in the order of the log."""
    rows = await session.execute(_READ, {"hook_id": hook_id, "moment": now(), "after": after, "limit": limit})
    return [Waiting(*row) for row in rows]
