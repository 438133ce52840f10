"""Request bodies, read whole and within limits."""

from __future__ import annotations

from litestar.types import Receive

LARGEST_BODY = 1 << 20
_MOST_READ = 16 << 20


class BodyTooLarge(Exception):
    """The request is larger than a request may be."""


class ClientGone(Exception):
    """The connection ended before the request was complete; there is nobody to answer."""


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
