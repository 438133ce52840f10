"""Answers to HTTP requests, as the server sends them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Protocol, runtime_checkable

from litestar.types import Receive, Send
from msgspec import Struct

JSON = b"application/json"

Headers = Sequence[tuple[bytes, bytes]]
"""Names in lower case."""


@runtime_checkable
class Sendable(Protocol):
    """Answer that a handler may return in place of a message, otherwise than its dialect does: bytes of
    another kind, or a file in pieces."""

    async def send(self, send: Send) -> None: ...


class Answer(Struct, frozen=True):
    """A whole answer. `headers` are those beside type and length; `content_type` is empty for none."""

    status: int
    body: bytes
    headers: Headers = ()
    content_type: bytes = JSON

    async def send(self, send: Send) -> None:
        headers = [*self.headers]
        if self.status != 204:
            headers.append((b"content-length", b"%d" % len(self.body)))
            if self.content_type:
                headers.append((b"content-type", self.content_type))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


class Lines:
    """An answer whose end nobody knows at its beginning: lines, each sent when it comes, as long as the
    client is there."""

    def __init__(self, lines: AsyncGenerator[bytes], receive: Receive, headers: Headers = ()) -> None:
        self._lines = lines
        self._receive = receive
        self._headers = headers

    async def send(self, send: Send) -> None:
        headers = [*self._headers, (b"content-type", JSON), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        sending = asyncio.create_task(self._send_lines(send), name="lines of an answer")
        leaving = asyncio.create_task(self._left(), name="client of an answer")
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in (sending, leaving):
                one.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _send_lines(self, send: Send) -> None:
        async with aclosing(self._lines) as lines:
            async for line in lines:
                await send({"type": "http.response.body", "body": line + b"\n", "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _left(self) -> None:
        """Wait until the client is gone."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
