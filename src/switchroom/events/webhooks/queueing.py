"""From the event log into the deliveries: each event once for each hook that wants it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, cast

import msgspec
from sqlalchemy import Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.bus import Bus
from switchroom.db.base import now
from switchroom.db.database import Database, notify, upsert
from switchroom.events.log import LOOK_ANYWAY, matches
from switchroom.events.models import Event
from switchroom.events.notices import EventsRecorded
from switchroom.events.webhooks.models import Delivery, DeliveryState, LogPosition, WebHook
from switchroom.events.webhooks.notices import DeliveriesQueued

GATHER = 0.1
"""Seconds for which events gather, so that a busy platform does not take them in one by one."""

READER = "web hooks"
_AT_ONCE = 500
_INSERT = insert(cast("Table", Delivery.__table__))


class Queueing:
    """Reads the log on from where it has come, in any number of processes over one database.

    The deliveries and the new position are one transaction: killed at any moment, it neither loses an event
    nor takes one twice.
    """

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._woken = asyncio.Event()
        bus.subscribe(EventsRecorded, self._wake)

    async def run(self) -> None:
        """Follow the log until cancelled."""
        while True:
            self._woken.clear()
            if await self.advance():
                continue
            await asyncio.sleep(GATHER)
            try:
                async with asyncio.timeout(LOOK_ANYWAY):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def advance(self) -> bool:
        """Take in the next events. Whether there were as many as are taken at once."""
        async with self._database.read(None) as session:
            # What happened before the oldest hook that is on is for none of them; without any, nothing is.
            oldest = await session.scalar(select(func.min(WebHook.after_event)).where(WebHook.enabled))
            if oldest is None:
                return False
            position = max(await session.scalar(_POSITION) or 0, oldest)
            if await session.scalar(select(Event.id).where(Event.id > position).limit(1)) is None:
                return False
        async with self._database.write(None) as session:
            await session.execute(
                upsert(session, LogPosition).values(reader=READER, event_id=0).on_conflict_do_nothing()
            )
            position = await session.scalar(_POSITION.with_for_update())
            assert position is not None
            query = select(Event).where(Event.id > max(position, oldest)).order_by(Event.id).limit(_AT_ONCE)
            events = (await session.scalars(query)).all()
            if not events:
                return False
            rows = await _deliveries(session, events)
            if rows:
                await session.execute(_INSERT, rows)
                notify(session, DeliveriesQueued())
            await session.merge(LogPosition(reader=READER, event_id=events[-1].id))
            return len(events) == _AT_ONCE

    async def _wake(self, _: EventsRecorded) -> None:
        self._woken.set()


_POSITION = select(LogPosition.event_id).where(LogPosition.reader == READER)


async def _deliveries(session: AsyncSession, events: Sequence[Event]) -> list[dict[str, Any]]:
    organizations = {event.organization_id for event in events}
    hooks: defaultdict[int, list[WebHook]] = defaultdict(list)
    query = select(WebHook).where(WebHook.enabled, WebHook.organization_id.in_(organizations))
    for hook in await session.scalars(query.order_by(WebHook.id)):
        hooks[hook.organization_id].append(hook)
    moment = now()
    return [
        {
            "organization_id": event.organization_id,
            "hook_id": hook.id,
            "event_id": event.id,
            "event_type": event.type,
            "object_id": event.object_id,
            "body": _body(event, hook),
            "state": DeliveryState.WAITING,
            "attempts": 0,
            "next_attempt_at": moment,
            "last_status": 0,
            "last_error": "",
            "created_at": moment,
        }
        for event in events
        for hook in hooks[event.organization_id]
        if event.id > hook.after_event and matches(hook.types, event.type)
    ]


def _body(event: Event, hook: WebHook) -> str:
    body: dict[str, object] = {
        "id": event.id,
        "type": event.type,
        "timestamp": event.occurred_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "account": event.organization_id,
        "object": event.object_id,
        "data": event.data,
    }
    if hook.custom_data:
        body["custom_data"] = hook.custom_data
    return msgspec.json.encode(body).decode()
