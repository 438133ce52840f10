"""Background work of a process: kept going while a block runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
from msgspec import Struct

from switchroom.errors import Unavailable

_RETRY_AFTER = 1.0

log = structlog.get_logger()


class Background(Struct, frozen=True):
    """Work that goes on until it is cancelled, and its name for the log. `finish`, where there is one, runs
    after the work has ended, to write what is left."""

    name: str
    work: Callable[[], Awaitable[None]]
    finish: Callable[[], Awaitable[None]] | None = None


@asynccontextmanager
async def kept_going(background: Background, begin: asyncio.Event) -> AsyncGenerator[None]:
    """Keep the work going from the event `begin` until the block ends: a failure is logged, and it begins
    again a little later."""

    async def keep_going() -> None:
        await begin.wait()
        while True:
            try:
                await background.work()
            except Unavailable as error:
                log.error("background work failed", work=background.name, reason=str(error))
            except Exception:
                log.exception("background work failed", work=background.name)
            await asyncio.sleep(_RETRY_AFTER)

    task = asyncio.create_task(keep_going(), name=background.name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if background.finish is not None:
            await background.finish()
