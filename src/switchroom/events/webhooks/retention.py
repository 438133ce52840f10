"""Retention of deliveries and of the messages that they are of."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import cast

from sqlalchemy import ColumnElement, Table, delete, func, select

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.events.webhooks.models import Delivery, DeliveryState, Message, WebHook

KEPT = timedelta(days=30)
_REMOVED_AT_ONCE = 1000

_DELIVERIES = cast("Table", Delivery.__table__)
_MESSAGES = cast("Table", Message.__table__)


async def remove_old(database: Database) -> None:
    """Remove what was delivered or given up and is older than deliveries are kept, then the messages that no
    delivery needs any more."""
    before = now() - KEPT
    async with database.read(None) as session:
        newest = await session.scalar(select(func.max(Message.event_id)).where(Message.created_at < before))
        if newest is None:
            return
        hooks = (await session.scalars(select(WebHook.id))).all()
    old = (_DELIVERIES.c.event_id <= newest, _DELIVERIES.c.state != DeliveryState.WAITING)
    for hook_id in hooks:
        await _remove(database, _DELIVERIES, _DELIVERIES.c.hook_id == hook_id, *old)
    async with database.read(None) as session:
        # A message has all its deliveries from the beginning: none is added to one of before.
        oldest = [
            await session.scalar(select(func.min(Delivery.event_id)).where(Delivery.hook_id == hook_id))
            for hook_id in hooks
        ]
    needed_from = min((one for one in oldest if one is not None), default=newest + 1)
    await _remove(database, _MESSAGES, _MESSAGES.c.created_at < before, _MESSAGES.c.event_id < needed_from)


async def _remove(database: Database, table: Table, *conditions: ColumnElement[bool]) -> None:
    """A part at a time, so that nobody waits long for the database."""
    while True:
        async with database.write(None) as session:
            part = (
                await session.scalars(select(table.c.id).where(*conditions).limit(_REMOVED_AT_ONCE))
            ).all()
            await session.execute(delete(table).where(table.c.id.in_(part)))
        if len(part) < _REMOVED_AT_ONCE:
            return
        await asyncio.sleep(0)
