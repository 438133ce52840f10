"""Queueing of deliveries: each event of the log once for each web hook that wants it."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Any, cast

import msgspec
import structlog
from msgspec import Struct
from sqlalchemy import Table, func, insert, literal, null, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.bus import Bus
from switchroom.db.base import now
from switchroom.db.clock import clock
from switchroom.db.database import Database, notify
from switchroom.events.log import LoggedEvent, newest
from switchroom.events.searching import matches
from switchroom.events.tail import EventTail
from switchroom.events.types import WebhookTested
from switchroom.events.webhooks.models import Delivery, DeliveryState, LogPosition, Message, WebHook
from switchroom.events.webhooks.notices import DeliveriesQueued
from switchroom.events.webhooks.payloads import Renderer, body, general_payload
from switchroom.jobs.lease import LEASE
from switchroom.jobs.retry import DATABASE_AWAY
from switchroom.jobs.singleton import HeldLease, Singleton

GATHER = 0.1
"""Seconds for which events gather, so that a busy platform does not take them in one by one."""

READER = "web hooks"
_POSITION_EVERY = 1.0
"""Seconds between two writings of a position that nothing is delivered of."""

_AT_ONCE = 500
"""Events after which no others are waited for."""

_DELIVERIES_AT_ONCE = 1000
"""Deliveries in one transaction: others have to wait for it, and on SQLite the whole process does."""

_DELIVERIES = cast("Table", Delivery.__table__)
_MESSAGES = cast("Table", Message.__table__)
_INSERT_MESSAGES = insert(_MESSAGES).returning(_MESSAGES.c.id, sort_by_parameter_order=True)
_POSITION = select(LogPosition.event_id).where(LogPosition.reader == READER)

log = structlog.get_logger()


class _Addressed(Struct, frozen=True):
    """Body of an event, and the ids of the hooks that get it."""

    event: LoggedEvent
    body: str
    hooks: tuple[int, ...]


class Queueing:
    """Queueing of what comes into the log, by one worker at a time in any number of processes over one
    database: the others wait, and one of them goes on when that one is gone.

    The deliveries and the new position are one transaction, which has the lease: killed at any moment, it
    neither loses an event nor takes one twice.
    """

    def __init__(
        self,
        database: Database,
        bus: Bus,
        tail: EventTail,
        renderers: Mapping[str, Renderer] | None = None,
        *,
        lease: timedelta = LEASE,
    ) -> None:
        """`renderers` are those of the forms that hooks can name (`WebHook.view`)."""
        self._database = database
        self._tail = tail
        self._renderers: Mapping[str, Renderer] = {} if renderers is None else renderers
        self._singleton = Singleton(database, bus, READER, lease=lease)
        self._written_at = 0.0

    async def run(self) -> None:
        """Follow the log whenever that falls to this worker, until cancelled."""
        await self._singleton.run(self._work)

    async def _work(self, lease: HeldLease) -> None:
        position = await self._beginning()
        async with aclosing(self._tail.batches(None, after=position)) as batches:
            async for events in batches:
                await self._take_in(lease, events)
                if len(events) < _AT_ONCE:
                    await asyncio.sleep(GATHER)

    async def _beginning(self) -> int:
        """The position to go on from. What happened before the oldest hook that is on is for none of them."""
        async with self._database.read(None) as session:
            # Before the hooks: what one that is made later may miss is not up to here.
            complete = await newest(session, None)
            oldest = await session.scalar(select(func.min(WebHook.after_event)).where(WebHook.enabled))
            position = await session.scalar(_POSITION) or 0
        return max(position, complete if oldest is None else min(oldest, complete))

    async def _take_in(self, lease: HeldLease, events: Sequence[LoggedEvent]) -> None:
        # Read after the events: a hook that is made later begins after them.
        async with self._database.read(None) as session:
            hooks = await _hooks(session, events)
        addressed: list[_Addressed] = []
        waiting = 0
        for event in events:
            bodies = await self._bodies(event, [*hooks[event.organization_id], *hooks[None]])
            addressed += bodies
            waiting += sum(len(one.hooks) for one in bodies)
            if waiting >= _DELIVERIES_AT_ONCE or event is events[-1]:
                await self._queue(lease, addressed, event.id)
                addressed, waiting = [], 0

    async def _queue(self, lease: HeldLease, addressed: Sequence[_Addressed], position: int) -> None:
        if not addressed and time.monotonic() - self._written_at < _POSITION_EVERY:
            return
        async with self._database.write(None) as session:
            await lease.hold(session)
            if addressed:
                await _write(session, addressed)
                notify(session, DeliveriesQueued())
            await session.merge(LogPosition(reader=READER, event_id=position))
        self._written_at = time.monotonic()

    async def _bodies(self, event: LoggedEvent, hooks: Sequence[WebHook]) -> list[_Addressed]:
        """Each form in which the event is wanted, rendered once."""
        forms: defaultdict[tuple[str, bytes], list[WebHook]] = defaultdict(list)
        for hook in hooks:
            if event.id > hook.after_event and _wants(hook, event):
                own = msgspec.json.encode(hook.custom_data, order="sorted") if hook.custom_data else b""
                forms[hook.view, own].append(hook)
        contents: dict[str, object | None] = {}
        for view, _ in forms:
            if view not in contents:
                contents[view] = await self._render(view, event)
        return [
            _Addressed(event, body(content, wanting[0].custom_data), tuple(hook.id for hook in wanting))
            for (view, _), wanting in forms.items()
            if (content := contents[view]) is not None
        ]

    async def _render(self, view: str, event: LoggedEvent) -> object | None:
        if not view:
            return general_payload(event)
        renderer = self._renderers.get(view)
        if renderer is None:
            log.warning("no such view of events", view=view, event_id=event.id)
            return None
        try:
            return await renderer(event)
        except DATABASE_AWAY:
            raise  # it can be tried again
        except Exception:
            # One event that a renderer stumbles over must not keep all others from all hooks.
            log.exception("event cannot be rendered", view=view, event_id=event.id)
            return None


def _wants(hook: WebHook, event: LoggedEvent) -> bool:
    """A test goes to the hook that is tested, and to no other."""
    if event.type == WebhookTested.event_type:
        return event.object_id == str(hook.id)
    return matches(hook.types, event.type)


async def _hooks(session: AsyncSession, events: Sequence[LoggedEvent]) -> Mapping[int | None, list[WebHook]]:
    """The hooks that may want them, by organization; those of the platform under None."""
    organizations = {event.organization_id for event in events}
    query = select(WebHook).where(
        WebHook.enabled,
        or_(WebHook.organization_id.in_(organizations), WebHook.organization_id.is_(None)),
    )
    hooks: defaultdict[int | None, list[WebHook]] = defaultdict(list)
    for hook in await session.scalars(query.order_by(WebHook.id)):
        hooks[hook.organization_id].append(hook)
    return hooks


async def _write(session: AsyncSession, addressed: Sequence[_Addressed]) -> None:
    """Write the messages, and a delivery of each for each of its hooks."""
    moment = now()
    messages = await session.scalars(
        _INSERT_MESSAGES,
        [
            {
                "event_id": one.event.id,
                "event_type": one.event.type,
                "object_id": one.event.object_id,
                "body": one.body,
                "created_at": moment,
            }
            for one in addressed
        ],
    )
    wanted: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for one, message_id in zip(addressed, messages, strict=True):
        wanted[one.hooks].append(message_id)
    for hooks, message_ids in wanted.items():
        columns: dict[str, Any] = {
            "organization_id": WebHook.organization_id,
            "hook_id": WebHook.id,
            "event_id": Message.event_id,
            "event_type": Message.event_type,
            "object_id": Message.object_id,
            "message_id": Message.id,
            "state": literal(DeliveryState.WAITING.value),
            "attempts": literal(0),
            "next_attempt_at": clock(),
            "last_status": literal(0),
            "last_error": literal(""),
            "created_at": literal(moment, _DELIVERIES.c.created_at.type),
            "finished_at": null(),
        }
        # From the tables: a hook may have been deleted meanwhile.
        source = (
            select(*columns.values())
            .join_from(Message, WebHook, WebHook.id.in_(hooks))
            .where(Message.id.in_(message_ids))
            .order_by(Message.id, WebHook.id)
        )
        await session.execute(insert(_DELIVERIES).from_select([*columns], source, include_defaults=False))
