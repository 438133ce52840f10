"""Lets pages of other origins call: the APIs carry their credentials in the request, not in cookies."""

from __future__ import annotations

from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

_METHODS = b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
_MAX_AGE = b"600"
"""Seconds for which a browser need not ask again."""

_EVERYONE = (b"access-control-allow-origin", b"*")


class CrossOrigin:
    """ASGI middleware: answers what browsers ask before a request (the CORS protocol of the Fetch standard,
    section 3.2), and says in every answer to another origin that its pages may read it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not any(name == b"origin" for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await _allow(scope, send)
            return

        async def send_open(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], _EVERYONE]
            await send(message)

        await self._app(scope, receive, send_open)


async def _allow(scope: HTTPScope, send: Send) -> None:
    asked = next(
        (value for name, value in scope["headers"] if name == b"access-control-request-headers"), b""
    )
    headers = [
        _EVERYONE,
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-max-age", _MAX_AGE),
        (b"vary", b"access-control-request-headers"),
    ]
    if asked:
        headers.append((b"access-control-allow-headers", asked))
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
