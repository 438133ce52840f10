"""A receiver of web hooks: answers as it is told to, and keeps what it got."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from msgspec import Struct


class Request(Struct):
    """What came in: the body as it is, header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Answers `status`, or what `reply` says; `hold` makes it wait until that is set, with the requests of
    which `holds` says so."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.status = 200
        self.reply: Callable[[Request], int] | None = None
        self.location = ""
        self.hold: asyncio.Event | None = None
        self.holds: Callable[[Request], bool] = lambda _: True
        self.url = ""
        self._arrived = asyncio.Condition()

    async def got(self, count: int, limit: float = 60.0) -> list[Request]:
        """The requests, once there are `count` of them."""
        async with asyncio.timeout(limit), self._arrived:
            await self._arrived.wait_for(lambda: len(self.requests) >= count)
        return self.requests

    async def _take(self, request: web.Request) -> web.Response:
        came = Request(
            request.method,
            request.path,
            {name.lower(): value for name, value in request.headers.items()},
            await request.read(),
        )
        self.requests.append(came)
        async with self._arrived:
            self._arrived.notify_all()
        if self.hold is not None and self.holds(came):
            await self.hold.wait()
        headers = {"Location": self.location} if self.location else {}
        status = self.status if self.reply is None else self.reply(came)
        return web.Response(status=status, headers=headers, text="thanks")

    @asynccontextmanager
    async def listening(self, host: str = "127.0.0.1") -> AsyncGenerator[Receiver]:
        """Listens on a port of its own while the block runs."""
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._take)
        runner: Any = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, host, 0)
        await site.start()
        self.url = f"http://{host}:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            if self.hold is not None:
                self.hold.set()
            await runner.cleanup()


@asynccontextmanager
async def listening() -> AsyncGenerator[Receiver]:
    """A new receiver on loopback."""
    async with Receiver().listening() as receiver:
        yield receiver
