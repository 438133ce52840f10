"""Background tasks that have an owner, and what they wait for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from typing import Any, TypeVar

import structlog

from switchroom.errors import Unavailable

log = structlog.stdlib.get_logger(__name__)

T = TypeVar("T")

_TURN = 0.003
"""Seconds of work after which it is the others' turn."""

KEEP_AFTER = 1.0
"""Seconds after which work that is to go on begins again when it has failed."""


async def set_within(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait until the event is set, for at most so many seconds, None for as long as it takes. Whether it was
    set."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


async def taking_turns(items: Iterable[T]) -> AsyncGenerator[T]:
    """Items that are worked on one by one, with turns of the loop for the work of others in between."""
    began = time.monotonic()
    for item in items:
        yield item
        if time.monotonic() - began > _TURN:
            await asyncio.sleep(0)
            began = time.monotonic()


class Tasks:
    """Tasks of one owner: a failure of one is logged and leaves the others alone; `close` ends all."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    def keep(self, work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        """As `spawn`, again and again: a failure is logged, and the work begins anew a little later."""

        async def keep_going() -> None:
            while True:
                try:
                    await work()
                except Unavailable as error:
                    log.error("background task failed", task=name, reason=str(error))
                except Exception:
                    log.exception("background task failed", task=name)
                await asyncio.sleep(KEEP_AFTER)

        self.spawn(keep_going(), name)

    async def finish(self) -> None:
        """Wait for all of them."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)

    async def close(self) -> None:
        """Cancel all of them and wait until they have ended."""
        for task in self._running:
            task.cancel()
        await self.finish()

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            if isinstance(error, Unavailable):
                log.error("background task failed", task=task.get_name(), reason=str(error))
            else:
                log.error("background task failed", task=task.get_name(), exc_info=error)
