"""What waits to be written to the database by a worker, so that nobody else waits for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from switchroom.errors import Unavailable

T = TypeVar("T")

MOST_WAITING = 100_000
"""Notes that wait while the database is away; the oldest are lost beyond that."""

_WRITTEN_AT_ONCE = 500
_RETRY_AFTER = 1.0

log = structlog.get_logger()


class Backlog(Generic[T]):
    """Notes in the order in which they come. What has not been written when the process is killed is lost."""

    def __init__(self, what: str, write: Callable[[Sequence[T]], Awaitable[None]]) -> None:
        """`write` writes them all in one transaction, or none; `what` names them in the process' log."""
        self._what = what
        self._write = write
        self._waiting: deque[T] = deque(maxlen=MOST_WAITING)
        self._awake = asyncio.Event()

    def add(self, note: T) -> None:
        self._waiting.append(note)
        self._awake.set()

    async def run(self) -> None:
        """Write what is added until cancelled."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            try:
                await self.finish()
            except (SQLAlchemyError, OSError, Unavailable) as error:
                reason = type(error).__name__
                log.error(f"{self._what} not written", waiting=len(self._waiting), reason=reason)
                await asyncio.sleep(_RETRY_AFTER)
                self._awake.set()

    async def finish(self) -> None:
        """Write everything added so far."""
        while self._waiting:
            count = min(len(self._waiting), _WRITTEN_AT_ONCE)
            part = [self._waiting.popleft() for _ in range(count)]
            try:
                await self._write(part)
            except BaseException:
                self._waiting.extendleft(reversed(part))
                raise
