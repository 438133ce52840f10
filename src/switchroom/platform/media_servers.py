"""The media servers that the settings name, or the one that this process runs for itself."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from pathlib import Path

from msgspec import structs

from switchroom.engines.janus.client import JanusClient, JanusError
from switchroom.engines.janus.configuration import JanusConfiguration
from switchroom.engines.janus.engine import JanusEngine
from switchroom.engines.janus.server import JanusPool, JanusServer
from switchroom.platform.engines import EngineEntry, Engines
from switchroom.settings import Settings

_LONGEST_SETTLING = 2.0
_VIRTUAL = ("docker", "veth", "br-", "virbr")


class MediaServers:
    """Janus, here or elsewhere. Without any, rooms work with chat and lists, and `problem` says why."""

    def __init__(self, settings: Settings, engines: Engines) -> None:
        self._engines = engines
        self._own = engines.find(JanusEngine)
        if self._own is not None:
            own = self._own.configuration
            servers = [JanusServer(own.url, own.api_secret)]
        else:
            servers = [JanusServer(url, settings.janus.api_secret) for url in settings.janus.urls]
        self.pool = JanusPool(servers)
        self.recordings_directory = _recordings_directory(settings)
        self.can_record = self._own is not None or bool(settings.janus.recordings_directory)
        """Whether the media servers and this process see the same directory."""

    async def problem(self) -> str | None:
        """Problem with the media servers, None when one is connected."""
        if self.pool.available:
            return None
        if not self.pool.servers:
            return "no media server is configured (janus.urls), and this command starts none"
        return self._engines.problem(JanusEngine.name) or "the media server does not answer"

    async def settle(self) -> None:
        """Wait until one is connected, two seconds at most, where there is one: people may come in as soon as
        they read that the platform is ready."""
        if not self.pool.servers or self._engines.problem(JanusEngine.name) is not None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_SETTLING):
                await self.pool.wait_for_server()


def _make(settings: Settings) -> JanusEngine:
    janus = settings.janus
    configuration = JanusConfiguration(
        ice_enforce=janus.ice_enforce or _interfaces(),
        ice_lite=janus.ice_lite,
        nat_1_1=janus.nat_1_1,
        rtp_port_min=janus.rtp_port_min,
        rtp_port_max=janus.rtp_port_max,
    )
    return JanusEngine(settings.data_directory / "janus", configuration, janus.executable)


def _elsewhere(settings: Settings) -> str:
    return ", ".join(settings.janus.urls)


def _shared(settings: Settings, engine: JanusEngine) -> Settings:
    janus = structs.replace(
        settings.janus,
        urls=[engine.configuration.url],
        api_secret=engine.configuration.api_secret,
        recordings_directory=str(_recordings_directory(settings).absolute()),
    )
    return structs.replace(settings, janus=janus)


async def _problem_elsewhere(settings: Settings) -> str:
    for url in settings.janus.urls:
        try:
            client = await JanusClient.connect(url, settings.janus.api_secret)
        except JanusError as error:
            return f"{url} does not answer: {error}"
        await client.close()
    return ""


ENTRY = EngineEntry(_make, _elsewhere, _problem_elsewhere, _shared, health="media")


def _recordings_directory(settings: Settings) -> Path:
    return Path(settings.janus.recordings_directory or settings.data_directory / "recordings")


def _interfaces() -> list[str]:
    """All but those of virtual machines and containers, whose addresses nobody outside can reach."""
    return [name for _, name in socket.if_nameindex() if not name.startswith(_VIRTUAL)]
