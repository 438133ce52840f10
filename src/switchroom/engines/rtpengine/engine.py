"""rtpengine as an engine."""

from __future__ import annotations

from pathlib import Path

from switchroom.engines.engine import Engine, find_program
from switchroom.engines.rtpengine.client import NgClient
from switchroom.engines.rtpengine.configuration import RtpengineConfiguration


class RtpengineEngine(Engine):
    """rtpengine in user space, told everything on its command line."""

    name = "rtpengine"
    title = "media of telephone calls (rtpengine)"
    packages = ("rtpengine-daemon",)
    without = "telephones register, calls are refused"
    probe_interval, probe_limit = 5.0, 3.0

    def __init__(
        self, directory: Path, configuration: RtpengineConfiguration, executable: str = "rtpengine"
    ) -> None:
        super().__init__(directory, [executable])
        self.configuration = configuration
        self._executable = executable

    @property
    def version_arguments(self) -> dict[str, str]:
        return {self._executable: "--version"}

    def configure(self) -> None:
        self.configuration.write(self.directory)

    def command(self) -> list[str]:
        program = find_program(self._executable) or self._executable
        return [program, *self.configuration.arguments(self.directory)]

    async def ready(self) -> None:
        async with NgClient.connected("127.0.0.1", self.configuration.control_port) as client:
            await client.ping()
