"""Due deliveries of a hook: those whose time has come, and which no earlier one holds back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from msgspec import Struct
from sqlalchemy import ColumnElement, Table, bindparam, exists, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from switchroom.db.clock import clock
from switchroom.events.webhooks.models import STILL_WAITING, Delivery, DeliveryState, Message

ORDER_HELD = 2
"""Failed attempts of a delivery for which later ones about the same object wait for it."""


class DueDelivery(Struct, frozen=True):
    """A delivery to make. `attempts` is how many had a result before."""

    id: int
    event_id: int
    object_id: str
    attempts: int
    body: str


def _is_not_held() -> ColumnElement[bool]:
    """Condition that no earlier delivery about the same object waits for its next attempt, or for the result
    of that."""
    earlier = aliased(Delivery)
    held = exists().where(
        earlier.hook_id == Delivery.hook_id,
        earlier.object_id == Delivery.object_id,
        earlier.event_id < Delivery.event_id,
        # Written as in the index of what has failed.
        earlier.state == literal_column(f"'{DeliveryState.WAITING}'"),
        earlier.attempts > literal_column("0"),
        earlier.attempts <= ORDER_HELD,
    )
    return ~held


def waits(hook_id: InstrumentedAttribute[int] | ColumnElement[int]) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a query of deliveries."""
    return (Delivery.hook_id == hook_id, STILL_WAITING, Delivery.next_attempt_at <= clock(), _is_not_held())


_DELIVERIES = cast("Table", Delivery.__table__)
_HOOK_ID = bindparam("hook_id", type_=_DELIVERIES.c.hook_id.type)
_READ = select(Delivery.id, Delivery.event_id, Delivery.object_id, Delivery.attempts, Message.body).join(
    Message, Message.id == Delivery.message_id
)

_NEW = (
    _READ.where(
        *waits(_HOOK_ID),
        Delivery.attempts == literal_column("0"),
        Delivery.event_id > bindparam("after", type_=_DELIVERIES.c.event_id.type),
    )
    .order_by(Delivery.event_id)
    .limit(bindparam("limit"))
)

# Not the plain column, and the objects named: so that the index of what has failed serves the query, and not
# the one by time, in which all is that was not tried yet.
_DUE_AT = func.coalesce(Delivery.next_attempt_at, clock())
_RETRIES = (
    _READ.where(
        Delivery.hook_id == _HOOK_ID,
        STILL_WAITING,
        Delivery.attempts > literal_column("0"),
        Delivery.object_id >= literal_column("''"),
        clock() >= _DUE_AT,
        _is_not_held(),
    )
    .order_by(_DUE_AT)
    .limit(bindparam("limit"))
)


async def read_new(session: AsyncSession, hook_id: int, *, after: int, limit: int) -> Sequence[DueDelivery]:
    """At most `limit` deliveries that were not tried yet, of events after the one with the id `after`, in the
    order of the log."""
    rows = await session.execute(_NEW, {"hook_id": hook_id, "after": after, "limit": limit})
    return [DueDelivery(*row) for row in rows]


async def read_retries(session: AsyncSession, hook_id: int, *, limit: int) -> Sequence[DueDelivery]:
    """At most `limit` deliveries that are to be tried again, in the order in which they fell due. Of those
    that hold back others about their object, only the first."""
    rows = await session.execute(_RETRIES, {"hook_id": hook_id, "limit": limit})
    return [DueDelivery(*row) for row in rows]
