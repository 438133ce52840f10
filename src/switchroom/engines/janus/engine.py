"""The Janus media server as an engine."""

from __future__ import annotations

from pathlib import Path

from switchroom.engines.engine import Engine, find_program
from switchroom.engines.janus.client import JanusClient
from switchroom.engines.janus.configuration import (
    PLUGIN,
    TRANSPORT,
    JanusConfiguration,
    JanusNotInstalled,
    find_modules,
)


class JanusEngine(Engine):
    """Janus with a configuration folder of its own."""

    name = "janus"
    title = "media server (Janus)"
    packages = ("janus",)
    without = "the APIs work, rooms have no sound and picture"
    probe_interval, probe_limit = 10.0, 5.0

    def __init__(self, directory: Path, configuration: JanusConfiguration, executable: str = "janus") -> None:
        super().__init__(directory, [executable])
        self.configuration = configuration
        self._executable = executable

    @property
    def version_arguments(self) -> dict[str, str]:
        return {self._executable: "--version"}

    def missing(self) -> list[str]:
        missing = super().missing()
        if not missing:
            try:
                find_modules(self._executable)
            except JanusNotInstalled:
                return [TRANSPORT, PLUGIN]
        return missing

    def configure(self) -> None:
        self.configuration.write(self.directory, self._executable)

    def command(self) -> list[str]:
        return [find_program(self._executable) or self._executable, "-F", str(self.directory)]

    async def ready(self) -> None:
        client = await JanusClient.connect(self.configuration.url, self.configuration.api_secret)
        await client.close()
