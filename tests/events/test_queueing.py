"""Of all workers one takes events from the log for web hooks, and another goes on when that one is gone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from msgspec.structs import replace

from switchroom.bus import Bus
from switchroom.db.database import Database
from switchroom.events.log import EventLog, LoggedEvent
from switchroom.events.webhooks.hooks import WebHookDraft
from switchroom.events.webhooks.queueing import Queueing
from tests.events.source import Source, tailing

LIMIT = 60
LEASE = timedelta(hours=1)
"""Longer than a busy machine keeps a worker from renewing it; who stops gives it up."""


class Workers:
    """Processes, as the database sees them, that queue; each renders, and says so."""

    def __init__(self, database_url: str) -> None:
        self.rendered: list[tuple[int, int]] = []
        """Which worker has rendered which event."""
        self._url = database_url
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def _work(self, number: int) -> None:
        async def view(event: LoggedEvent) -> object:
            self.rendered.append((number, event.id))
            await asyncio.sleep(0)
            return {"number": event.data["number"]}

        bus = Bus()
        database = Database(self._url, bus)
        log = EventLog(database, keep=timedelta(days=30))
        async with tailing(log, bus) as tail:
            try:
                await Queueing(database, bus, tail, {"view": view}, lease=LEASE).run()
            finally:
                await database.close()

    def start(self, number: int) -> None:
        self._tasks[number] = asyncio.create_task(self._work(number))

    async def stop(self, number: int) -> None:
        task = self._tasks.pop(number)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def stop_all(self) -> None:
        for number in list(self._tasks):
            await self.stop(number)


@asynccontextmanager
async def working(source: Source, database_url: str, number: int) -> AsyncGenerator[Workers]:
    workers = Workers(database_url)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(workers.stop_all)
        for one in range(number):
            workers.start(one)
        yield workers


async def test_only_one_worker_renders_and_another_goes_on(events: Source, database_url: str) -> None:
    draft = WebHookDraft(name="all", url="https://example.org/", types=["test.*"], view="view")
    hook = await events.hooks.create(None, draft)
    async with asyncio.timeout(LIMIT), working(events, database_url, 3) as workers:
        for number in range(20):
            await events.happens(number=number)
        await events.until(hook, *["waiting"] * 20)
        first = {worker for worker, _ in workers.rendered}
        assert len(first) == 1
        await workers.stop(first.pop())
        for number in range(20, 40):
            await events.happens(number=number)
        queued = await events.until(hook, *["waiting"] * 40)
    assert len({worker for worker, _ in workers.rendered}) == 2
    # Nothing is rendered for nothing.
    assert Counter(event_id for _, event_id in workers.rendered) == Counter(one.event_id for one in queued)


async def test_what_is_for_no_hook_is_passed_by(events: Source, database_url: str) -> None:
    """Also while there is none: the one that is made then gets what comes after."""
    async with asyncio.timeout(LIMIT), working(events, database_url, 2) as workers:
        for number in range(5):
            await events.happens(number=number)
        draft = WebHookDraft(name="all", url="https://example.org/", types=["test.*"], view="view")
        hook = await events.hooks.create(None, draft)
        await events.happens("test.wanted", number=5)
        await events.happens("other.unwanted", number=6)
        await events.happens("test.wanted", number=7)
        await events.until(hook, "waiting", "waiting")
        own = await events.hooks.create(
            events.organization_id, replace(draft, name="own", types=["test.own"], secret="s" * 20)
        )
        await events.happens("test.own", number=8)
        (queued,) = await events.until(own, "waiting")
    assert len(workers.rendered) == 3
    assert queued.event_type == "test.own"
