"""The NATS server as an engine."""

from __future__ import annotations

import signal
from pathlib import Path

from switchroom.engines.engine import Engine, find_program
from switchroom.engines.nats.configuration import FILE, NatsConfiguration
from switchroom.engines.nats.connection import NatsConnection


class NatsEngine(Engine):
    """NATS with a configuration file of its own."""

    name = "nats"
    title = "messages between processes (NATS)"
    packages = ("nats-server",)
    without = "one process works, several (--workers) do not"
    probe_interval, probe_limit = 5.0, 3.0

    def __init__(
        self, directory: Path, configuration: NatsConfiguration, executable: str = "nats-server"
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
        return [find_program(self._executable) or self._executable, "-c", str(self.directory / FILE)]

    def reload_order(self) -> signal.Signals:
        return signal.SIGHUP

    async def ready(self) -> None:
        connection = NatsConnection(self.configuration.url)
        connection.start()
        try:
            await connection.wait_connected()
        finally:
            await connection.stop()
