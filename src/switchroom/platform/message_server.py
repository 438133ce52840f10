"""What carries messages between processes: the NATS that the settings name, the one that this process runs
for itself, or nothing."""

from __future__ import annotations

import asyncio

import structlog

from switchroom.bus import Bus, SharedBus
from switchroom.engines.nats.configuration import NatsConfiguration
from switchroom.engines.nats.connection import NatsConnection
from switchroom.engines.nats.engine import NatsEngine
from switchroom.engines.supervisor import ProcessError
from switchroom.settings import Settings

CONNECT_LIMIT = 1.0
INSTALL = "sudo apt-get install nats-server"

log = structlog.get_logger()


class MessageServer:
    """NATS, here or elsewhere. Without it the bus reaches this process only, which is enough for one."""

    def __init__(self, settings: Settings, *, own: bool) -> None:
        """With `own` this process runs a server, unless the settings name one."""
        nats = settings.nats
        self.url = nats.url
        self._own: NatsEngine | None = None
        if own and not nats.url:
            configuration = NatsConfiguration()
            self.url = configuration.url
            self._own = NatsEngine(settings.data_directory / "nats", configuration, nats.executable)
        self.connection = NatsConnection(self.url) if self.url else None
        self.bus = Bus() if self.connection is None else SharedBus(self.connection, nats.prefix)
        self._running = self._own is None

    async def start_own(self) -> bool:
        """Start the server of this process, where it has one. One that cannot be started is said in one
        line; everything else goes on. Whether there is a server now."""
        if self._own is not None:
            try:
                await self._own.start()
            except ProcessError as error:
                log.warning(
                    "no messages between processes", reason=str(error), remedy=f"install it with: {INSTALL}"
                )
            else:
                self._running = True
        return self._running

    async def connect(self) -> None:
        """Begin to connect, and wait a moment. Without, everything works as far as one process goes."""
        if self.connection is not None and self._running:
            self.connection.start()
            try:
                async with asyncio.timeout(CONNECT_LIMIT):
                    await self.connection.wait_connected()
            except TimeoutError:
                log.warning("NATS does not answer; other processes are not heard")

    async def disconnect(self) -> None:
        if self.connection is not None:
            await self.connection.stop()

    async def stop_own(self) -> None:
        if self._own is not None:
            await self._own.stop()

    async def problem(self) -> str | None:
        """What is wrong with the connection, None when it is there or there is none to be."""
        if self.connection is None or not self._running or self.connection.connected:
            return None
        return "NATS does not answer; other processes are not heard"
