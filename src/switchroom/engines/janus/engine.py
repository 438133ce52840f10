"""A Janus server as a supervised child process."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from switchroom.engines.janus.client import JanusClient, JanusError
from switchroom.engines.janus.configuration import JanusConfiguration, JanusNotInstalled
from switchroom.engines.supervisor import ProcessError, SupervisedProcess

TRY_INTERVAL = 0.03
"""Seconds between two tries to connect while the server starts."""

PROBE_INTERVAL, PROBE_LIMIT = 10.0, 5.0
"""Seconds between two looks at the running server, and for its answer."""


class JanusEngine:
    """Janus with a configuration folder of its own under `directory`."""

    def __init__(self, directory: Path, configuration: JanusConfiguration, executable: str = "janus") -> None:
        self.configuration = configuration
        self._directory = directory
        self._executable = executable
        self._process = SupervisedProcess(
            "janus",
            [executable, "-F", str(directory)],
            ready=self._answers,
            ready_limit=15.0,
            probe_interval=PROBE_INTERVAL,
            probe_limit=PROBE_LIMIT,
        )

    @property
    def pid(self) -> int | None:
        """The process id of the running server."""
        return self._process.pid

    async def start(self) -> None:
        """Write the configuration, start the server and wait until it answers.

        Raises ProcessError, also when Janus is not installed.
        """
        try:
            await asyncio.to_thread(self.configuration.write, self._directory.resolve(), self._executable)
        except JanusNotInstalled as error:
            raise ProcessError(str(error)) from error
        await self._process.start()

    async def stop(self) -> None:
        """End the server."""
        await self._process.stop()

    async def _answers(self) -> None:
        while True:
            with contextlib.suppress(JanusError):
                client = await JanusClient.connect(self.configuration.url, self.configuration.api_secret)
                await client.close()
                return
            await asyncio.sleep(TRY_INTERVAL)
