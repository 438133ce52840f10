"""Connections to Janus servers that are kept up, and the choice among several."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import structlog

from switchroom.engines.janus.client import JanusClient, JanusError

log = structlog.stdlib.get_logger(__name__)

FASTEST_RETRY = 0.05
SLOWEST_RETRY = 1.0
"""Seconds between two tries to connect; the pause doubles from the first to the second."""


class JanusServer:
    """One server, on which `client` is the present connection, or `None` while there is none."""

    def __init__(self, url: str, api_secret: str = "") -> None:
        self.url = url
        self.client: JanusClient | None = None
        self.load = 0
        """Number of rooms on it; the users of the server count them."""
        self._api_secret = api_secret
        self._listeners: list[Callable[[JanusServer], None]] = []
        self._task: asyncio.Task[None] | None = None

    def on_change(self, listener: Callable[[JanusServer], None]) -> None:
        """Call `listener` each time the connection is made or lost. It must not block or raise."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Begin to connect, and to connect anew after each loss."""
        self._task = asyncio.create_task(self._stay_connected(), name=f"janus {self.url}")

    async def stop(self) -> None:
        """Give the connection up."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _stay_connected(self) -> None:
        pause = FASTEST_RETRY
        while True:
            try:
                client = await JanusClient.connect(self.url, self._api_secret)
            except JanusError as error:
                if pause < SLOWEST_RETRY <= pause * 2:
                    log.warning("janus not reachable", url=self.url, reason=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, SLOWEST_RETRY)
                continue
            pause = FASTEST_RETRY
            log.info("janus connected", url=self.url)
            try:
                self._change(client)
                await client.lost.wait()
                log.warning("janus connection lost", url=self.url)
            finally:
                self._change(None)
                await client.close()

    def _change(self, client: JanusClient | None) -> None:
        self.client = client
        for listener in self._listeners:
            listener(self)


class JanusPool:
    """The servers that rooms are spread over."""

    def __init__(self, servers: Sequence[JanusServer]) -> None:
        self.servers = list(servers)
        self._connected = asyncio.Event()
        for server in self.servers:
            server.on_change(self._changed)

    @property
    def available(self) -> bool:
        """Whether any server is connected."""
        return any(server.client is not None for server in self.servers)

    def choose(self) -> JanusServer | None:
        """The connected server with the fewest rooms."""
        return min(
            (server for server in self.servers if server.client is not None),
            key=lambda server: server.load,
            default=None,
        )

    async def wait_for_server(self) -> JanusServer:
        """The connected server with the fewest rooms, as soon as there is one."""
        while (server := self.choose()) is None:
            await self._connected.wait()
        return server

    def _changed(self, server: JanusServer) -> None:
        if self.available:
            self._connected.set()
        else:
            self._connected.clear()

    def start(self) -> None:
        for server in self.servers:
            server.start()

    async def stop(self) -> None:
        await asyncio.gather(*(server.stop() for server in self.servers))
