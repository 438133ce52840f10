"""The outgoing half of one WebSocket: a bounded queue that nobody who sends ever waits for."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from switchroom.conference.messages import ServerMessage, encode

MOST_QUEUED = 1000
"""Messages that a slow reader may leave unread."""

MOST_QUEUED_CHARACTERS = 8 * 1024 * 1024
TOO_SLOW = 1013
"""Closes a connection that reads too slowly; its client reconnects."""

LOST_CLOSE = 1011
SEND_LIMIT = 20.0


class Sink(Protocol):
    """What the queue is written to."""

    async def send_text(self, text: str) -> None: ...

    async def close(self, code: int) -> None: ...


class QueuedConnection:
    """Takes messages at once and writes them in order, then closes when it is told to."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._queue: deque[str] = deque()
        self._characters = 0
        self._awake = asyncio.Event()
        self._close_code: int | None = None

    @property
    def ended(self) -> bool:
        """Whether the connection is closed or about to be."""
        return self._close_code is not None

    def send(self, message: ServerMessage) -> None:
        self.send_encoded(encode(message))

    def send_encoded(self, text: str) -> None:
        if self._close_code is not None:
            return
        if len(self._queue) >= MOST_QUEUED or self._characters + len(text) > MOST_QUEUED_CHARACTERS:
            self._queue.clear()
            self.end(TOO_SLOW)
            return
        self._queue.append(text)
        self._characters += len(text)
        self._awake.set()

    def end(self, code: int) -> None:
        """Close after everything sent before."""
        if self._close_code is None:
            self._close_code = code
            self._awake.set()

    async def write(self) -> None:
        """Write until the connection has been closed, by either side."""
        while True:
            while self._queue:
                text = self._queue.popleft()
                self._characters -= len(text)
                async with asyncio.timeout(SEND_LIMIT):
                    await self._sink.send_text(text)
            if self._close_code is not None:
                async with asyncio.timeout(SEND_LIMIT):
                    await self._sink.close(self._close_code)
                return
            self._awake.clear()
            await self._awake.wait()
