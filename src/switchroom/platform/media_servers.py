"""The media servers that the settings name, or the one that this process runs for itself."""

from __future__ import annotations

import socket
from pathlib import Path

import structlog
from msgspec import structs

from switchroom.engines.janus.configuration import JanusConfiguration
from switchroom.engines.janus.engine import JanusEngine
from switchroom.engines.janus.server import JanusPool, JanusServer
from switchroom.engines.supervisor import ProcessError
from switchroom.settings import JanusSettings, Settings

_VIRTUAL = ("docker", "veth", "br-", "virbr")

log = structlog.get_logger()


class MediaServers:
    """Janus, here or elsewhere. Without any, rooms work with chat and lists, and `problem` says why."""

    def __init__(self, settings: Settings, *, own: bool) -> None:
        """With `own` this process runs a server, unless the settings name some."""
        janus = settings.janus
        self._own: JanusEngine | None = None
        self._reason = "no media server is configured (janus.urls), and this command starts none"
        servers = [JanusServer(url, janus.api_secret) for url in janus.urls]
        if own and not janus.urls:
            configuration = _configuration(janus)
            servers = [JanusServer(configuration.url, configuration.api_secret)]
            self._own = JanusEngine(settings.data_directory / "janus", configuration, janus.executable)
        self.pool = JanusPool(servers)
        self._settings = janus
        self._recordings = settings.data_directory / "recordings"
        self._started = False

    async def start_own(self) -> None:
        """Start the media server of this process, where it has one. One that cannot be started
        is said in one line; everything else goes on."""
        if self._own is None:
            return
        try:
            await self._own.start()
        except ProcessError as error:
            self._reason = f"{error}; install it with: sudo apt-get install janus"
            log.warning("rooms have no media", reason=self._reason)
        else:
            self._started = True
            self._reason = "the media server does not answer"

    async def stop_own(self) -> None:
        if self._own is not None:
            await self._own.stop()

    @property
    def as_others_see_it(self) -> JanusSettings:
        """The settings with which another process finds the same servers."""
        if self._own is None or not self._started:
            return self._settings
        own = self._own.configuration
        return structs.replace(
            self._settings,
            urls=[own.url],
            api_secret=own.api_secret,
            recordings_directory=str(self.recordings_directory.absolute()),
        )

    @property
    def recordings_directory(self) -> Path:
        """Where recordings are."""
        return Path(self._settings.recordings_directory or self._recordings)

    @property
    def can_record(self) -> bool:
        """Whether the media servers and this process see the same directory."""
        return self._own is not None or bool(self._settings.recordings_directory)

    async def problem(self) -> str | None:
        """What is wrong with the media servers, None when one is connected."""
        return None if self.pool.available else self._reason


def _configuration(janus: JanusSettings) -> JanusConfiguration:
    return JanusConfiguration(
        ice_enforce=janus.ice_enforce or _interfaces(),
        ice_lite=janus.ice_lite,
        nat_1_1=janus.nat_1_1,
        rtp_port_min=janus.rtp_port_min,
        rtp_port_max=janus.rtp_port_max,
    )


def _interfaces() -> list[str]:
    """All but those of virtual machines and containers, whose addresses nobody outside can reach."""
    return [name for _, name in socket.if_nameindex() if not name.startswith(_VIRTUAL)]
