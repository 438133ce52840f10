"""The server for messages between processes, and this process' connection to it."""

from __future__ import annotations

import asyncio

import structlog
from msgspec import structs

from switchroom.bus import Bus, SharedBus
from switchroom.commands import Commands, SharedCommands
from switchroom.engines.nats.configuration import NatsConfiguration
from switchroom.engines.nats.connection import NatsConnection
from switchroom.engines.nats.engine import NatsEngine
from switchroom.platform import sip_server
from switchroom.platform.engines import EngineEntry, Engines
from switchroom.settings import Settings

CONNECT_LIMIT = 1.0
_ANSWER_LIMIT = 5.0

log = structlog.get_logger()


class MessageServer:
    """NATS, here or elsewhere. Without it bus and commands reach this process only, which is enough for
    one."""

    def __init__(self, settings: Settings, engines: Engines) -> None:
        self._engines = engines
        own = engines.find(NatsEngine)
        url = settings.nats.url if own is None else own.configuration.url
        self.connection = NatsConnection(url) if url else None
        self.bus, self.commands = Bus(), Commands()
        if self.connection is not None:
            self.bus = SharedBus(self.connection, settings.nats.prefix)
            self.commands = SharedCommands(self.connection, settings.nats.prefix)

    async def connect(self) -> None:
        """Begin to connect, and wait a moment. Without, everything works as far as one process goes."""
        if self.connection is not None and self._engines.problem(NatsEngine.name) is None:
            self.connection.start()
            try:
                async with asyncio.timeout(CONNECT_LIMIT):
                    await self.connection.wait_connected()
            except TimeoutError:
                log.warning("NATS does not answer; other processes are not heard")

    async def disconnect(self) -> None:
        if self.connection is not None:
            await self.connection.stop()

    async def problem(self) -> str | None:
        """Problem with the connection, None when it is there or there is none to be."""
        if self.connection is None or self.connection.connected or self._engines.problem(NatsEngine.name):
            return None
        return "NATS does not answer; other processes are not heard"


def _make(settings: Settings) -> NatsEngine:
    return NatsEngine(settings.data_directory / "nats", NatsConfiguration(), settings.nats.executable)


def _elsewhere(settings: Settings) -> str:
    return settings.nats.url and "nats.url"


def _shared(settings: Settings, engine: NatsEngine) -> Settings:
    return structs.replace(settings, nats=structs.replace(settings.nats, url=engine.configuration.url))


async def _problem_elsewhere(settings: Settings) -> str:
    connection = NatsConnection(settings.nats.url)
    connection.start()
    try:
        async with asyncio.timeout(_ANSWER_LIMIT):
            await connection.wait_connected()
    except TimeoutError:
        return "which does not answer"
    finally:
        await connection.stop()
    return ""


ENTRY = EngineEntry(
    _make,
    _elsewhere,
    _problem_elsewhere,
    _shared,
    health="messages",
    # One that controls calls is beside it.
    wanted_alone=sip_server.wanted,
)
