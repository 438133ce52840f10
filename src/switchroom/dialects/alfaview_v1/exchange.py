"""One HTTP exchange: the body that comes, the answer that goes."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import HTTPScope, Receive, Send
from msgspec import Struct

from switchroom.dialects.alfaview_v1.errors import BodyTooLarge

LARGEST_BODY = 1 << 20
_MOST_READ = 16 << 20
_JSON = (b"content-type", b"application/json")


class ClientGone(Exception):
    """The connection ended before the request was complete; there is nobody to answer."""


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


async def read_body(receive: Receive) -> bytes:
    """The body. One that is too large is read all the same, within reason: a connection closed on a client
    that is still sending takes the answer with it.

    Raises BodyTooLarge, ClientGone.
    """
    parts: list[bytes] = []
    size = 0
    complete = False
    while not complete and size <= _MOST_READ:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        part = message["body"]
        size += len(part)
        if size <= LARGEST_BODY:
            parts.append(part)
        complete = not message.get("more_body", False)
    if size > LARGEST_BODY:
        raise BodyTooLarge
    return parts[0] if len(parts) == 1 else b"".join(parts)


def header(scope: HTTPScope, name: bytes) -> str:
    """The first header of this name (in lower case), or an empty string."""
    return next((value.decode("latin-1") for known, value in scope["headers"] if known == name), "")
