"""The answer to an HTTP request, and what stands in its headers."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import HTTPScope, Send
from msgspec import Struct

_JSON = (b"content-type", b"application/json")


class Answer(Struct, frozen=True):
    """`headers` are those beside type and length, in lower case."""

    status: int
    body: bytes
    headers: Sequence[tuple[bytes, bytes]] = ()

    async def send(self, send: Send) -> None:
        length = (b"content-length", str(len(self.body)).encode())
        await send(
            {
                "type": "http.response.start",
                "status": self.status,
                "headers": [_JSON, length, *self.headers],
            }
        )
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def header(scope: HTTPScope, name: bytes) -> str:
    """The first header of this name (in lower case), or an empty string."""
    return next((value.decode("latin-1") for known, value in scope["headers"] if known == name), "")
