"""Answers to HTTP requests, as the server sends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from litestar.types import Send
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
