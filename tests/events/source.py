"""Builders: an organization where things happen, its web hooks, and the worker that delivers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from msgspec.structs import replace
from sqlalchemy import select

from switchroom.bus import Bus
from switchroom.db.database import Database
from switchroom.events.append import append
from switchroom.events.log import EventLog
from switchroom.events.tail import EventTail
from switchroom.events.webhooks.concurrency import Shares
from switchroom.events.webhooks.delivery import HookDelivery
from switchroom.events.webhooks.hooks import WebHookDraft, WebHooks
from switchroom.events.webhooks.models import Delivery, WebHook
from switchroom.events.webhooks.outbound import Outbound
from switchroom.events.webhooks.payloads import Renderer
from switchroom.events.webhooks.queueing import Queueing
from switchroom.identity.models import Organization
from switchroom.jobs.lease import LEASE
from tests.databases import with_tables
from tests.happened import happened

LOOPBACK = ("127.0.0.0/8",)
QUICK = tuple(timedelta(milliseconds=20) for _ in range(3))
PATIENT = 20 * QUICK
"""For deliveries that are taken up by processes that die: each time counts."""

ANSWER_LIMIT = 60.0
"""Seconds that a receiver may take: nothing is to be sent twice because a machine stands still."""

SHORT_LEASE = timedelta(seconds=0.3)
SECRET = "a secret that only two know"


class Source:
    """An organization, its events and its web hooks."""

    def __init__(self, database: Database, bus: Bus, organization_id: int) -> None:
        self.database = database
        self.bus = bus
        self.organization_id = organization_id
        self.hooks = WebHooks(database)

    async def happens(self, kind: str = "test.happened", object_id: str = "x", **data: Any) -> None:
        async with self.database.write(None) as session:
            append(session, self.organization_id, happened(kind, **data), object_id)

    async def hook(self, url: str, *types: str, **fields: Any) -> WebHook:
        """A new web hook; without types it gets all that is a test's."""
        draft = WebHookDraft(name="Hook", url=url, types=types or ["test.*"], secret=SECRET)
        return await self.hooks.create(self.organization_id, replace(draft, **fields))

    async def deliveries(self, hook: WebHook) -> Sequence[Delivery]:
        """The hook's deliveries, in the order of the log."""
        async with self.database.read(None) as session:
            query = select(Delivery).where(Delivery.hook_id == hook.id).order_by(Delivery.event_id)
            return (await session.scalars(query)).all()

    async def until(self, hook: WebHook, *states: str, limit: float = 60.0) -> Sequence[Delivery]:
        """The hook's deliveries, once they are in these states."""
        deadline = time.monotonic() + limit
        while True:
            found = await self.deliveries(hook)
            if [one.state for one in found] == list(states):
                return found
            if time.monotonic() > deadline:
                raise AssertionError([(one.state, one.attempts, one.last_error) for one in found])
            await asyncio.sleep(0.02)

    @asynccontextmanager
    async def delivering(
        self,
        allowed: Sequence[str] = LOOPBACK,
        retries: Sequence[timedelta] = QUICK,
        renderers: Mapping[str, Renderer] | None = None,
        shares: Shares | None = None,
        *,
        lease: timedelta = LEASE,
        answer_limit: float = ANSWER_LIMIT,
    ) -> AsyncGenerator[None]:
        """Deliver while the block runs."""
        work = deliver(self.database, self.bus, allowed, retries, renderers, lease, shares, answer_limit)
        async with going_on(work):
            yield

    @asynccontextmanager
    async def queueing(self) -> AsyncGenerator[None]:
        """Queue while the block runs, and deliver nothing."""
        log = EventLog(self.database, keep=timedelta(days=30))
        async with (
            tailing(log, self.bus) as tail,
            going_on(Queueing(self.database, self.bus, tail).run()),
        ):
            yield


async def deliver(
    database: Database,
    bus: Bus,
    allowed: Sequence[str] = LOOPBACK,
    retries: Sequence[timedelta] = QUICK,
    renderers: Mapping[str, Renderer] | None = None,
    lease: timedelta = LEASE,
    shares: Shares | None = None,
    answer_limit: float = ANSWER_LIMIT,
) -> None:
    """Queue and deliver until cancelled."""
    delivery = HookDelivery(
        database,
        Outbound(allowed, timeout=answer_limit),
        bus,
        retry_delays=retries,
        lease=lease,
        shares=shares,
    )
    log = EventLog(database, keep=timedelta(days=30))
    async with tailing(log, bus) as tail, asyncio.TaskGroup() as work:
        work.create_task(Queueing(database, bus, tail, renderers, lease=lease).run())
        work.create_task(delivery.run())


async def organizations(database: Database, number: int) -> Sequence[int]:
    """The ids of so many new organizations."""
    made = [
        Organization(ulid=f"01FHHEX2VQQ378MV7Z5NAG{one:04}", display_name=f"School {one}")
        for one in range(number)
    ]
    async with database.write(None) as session:
        session.add_all(made)
    return [one.id for one in made]


@asynccontextmanager
async def tailing(log: EventLog, bus: Bus) -> AsyncGenerator[EventTail]:
    """The log's tail, kept going while the block runs."""
    tail = EventTail(log, bus)
    async with going_on(tail.run()):
        yield tail


@asynccontextmanager
async def going_on(work: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Work that goes on while the block runs."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def source(database_url: str) -> AsyncGenerator[Source]:
    """A new organization in an empty database."""
    async with with_tables(database_url) as (database, bus):
        async with database.write(None) as session:
            organization = Organization(ulid="01FHHEX2VQQ378MV7Z5NAGHESK", display_name="Universität Köln")
            session.add(organization)
            await session.flush()
        yield Source(database, bus, organization.id)
