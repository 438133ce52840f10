"""The outgoing half of one WebSocket: a bounded queue that nobody who sends ever waits for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable
from typing import Protocol

from switchroom.conference.close_codes import CloseCode
from switchroom.conference.messages import ServerMessage, encode

MOST_QUEUED = 1000
"""Messages that a slow reader may leave unread."""

MOST_QUEUED_CHARACTERS = 4 * 1024 * 1024
"""Characters of these messages together: several times the `joined` of a room with a thousand people."""

SEND_LIMIT = 20.0


class Sink(Protocol):
    """Transport that the queue is written to."""

    def send_text(self, data: str, /) -> Awaitable[None]: ...


class QueuedConnection:
    """Takes messages at once and writes them in order, until it is told to end."""

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
            self.end(CloseCode.TOO_SLOW)
            return
        self._queue.append(text)
        self._characters += len(text)
        self._awake.set()

    def end(self, code: int) -> None:
        """Close after everything sent before."""
        if self._close_code is None:
            self._close_code = code
            self._awake.set()

    async def write(self) -> int:
        """Write until the connection is to be closed, and return the code to close it with."""
        while True:
            while self._queue:
                text = self._queue.popleft()
                self._characters -= len(text)
                async with asyncio.timeout(SEND_LIMIT):
                    await self._sink.send_text(text)
            if self._close_code is not None:
                return self._close_code
            self._awake.clear()
            await self._awake.wait()
