"""Draining of request bodies that nobody has read to their end."""

from __future__ import annotations

import asyncio
import contextlib
import time

from litestar.types import ASGIApp, HTTPReceiveMessage, HTTPScope, Message, Receive, Scope, Send

_LIMIT = 25.0
"""Seconds after the beginning of a request for which its body is taken: less than an operation has."""


class Draining:
    """ASGI middleware: takes the rest of a body, and forgets it, before the answer is sent. A connection that
    is closed on a client who is still sending takes the answer with it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        ends, complete = time.monotonic() + _LIMIT, False
        is_coming = not _waits(scope)

        async def receive_noted() -> HTTPReceiveMessage:
            nonlocal complete, is_coming
            is_coming = True
            message = await receive()
            complete = message["type"] != "http.request" or not message.get("more_body", False)
            return message  # pyright: ignore[reportReturnType]

        async def send_after(message: Message) -> None:
            if message["type"] == "http.response.start" and is_coming and not complete:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(ends - time.monotonic()):
                        while not complete:
                            await receive_noted()
            await send(message)

        await self._app(scope, receive_noted, send_after)


def _has_body(scope: HTTPScope) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


def _waits(scope: HTTPScope) -> bool:
    """Whether the client sends the body when it is asked for it (RFC 9110, 10.1.1)."""
    return any(name == b"expect" for name, _ in scope["headers"])
