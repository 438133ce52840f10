"""A NATS server as a supervised child process."""

from __future__ import annotations

import asyncio
from pathlib import Path

from switchroom.engines.nats.configuration import NatsConfiguration, find_program
from switchroom.engines.nats.connection import NatsConnection
from switchroom.engines.supervisor import ProcessError, SupervisedProcess

PROBE_INTERVAL, PROBE_LIMIT = 5.0, 3.0
"""Seconds between two looks at the running server, and for its answer."""


class NatsEngine:
    """NATS with a configuration file of its own under `directory`."""

    def __init__(
        self, directory: Path, configuration: NatsConfiguration, executable: str = "nats-server"
    ) -> None:
        self.configuration = configuration
        self._directory = directory
        self._program = find_program(executable) or executable
        self._process = SupervisedProcess(
            "nats-server",
            [self._program, "-c", str(directory.resolve() / "nats.conf")],
            ready=self._answers,
            probe_interval=PROBE_INTERVAL,
            probe_limit=PROBE_LIMIT,
        )

    @property
    def pid(self) -> int | None:
        """The process id of the running server."""
        return self._process.pid

    async def start(self) -> None:
        """Write the configuration, start the server and wait until it answers.

        Raises ProcessError, also when NATS is not installed.
        """
        if find_program(self._program) is None:
            raise ProcessError(f"{self._program} is not installed")
        await asyncio.to_thread(self.configuration.write, self._directory.resolve())
        await self._process.start()

    async def stop(self) -> None:
        """End the server."""
        await self._process.stop()

    async def _answers(self) -> None:
        connection = NatsConnection(self.configuration.url)
        connection.start()
        try:
            await connection.wait_connected()
        finally:
            await connection.stop()
