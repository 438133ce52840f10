"""An engine that nobody else knows: a small server whose configuration names a port and a diary.

Run as a script it is the command `switchroom` with this engine in the table.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from switchroom.engines.engine import Engine
from tests.ports import free_port

PROGRAM = Path(__file__).with_name("made_up_server.py")


class MadeUpEngine(Engine):
    """It writes into its diary when it is ready, has read its configuration again, and ends."""

    name = "made-up"
    title = "made-up server"
    packages = ("made-up-server", "made-up-tools")
    without = "nothing is made up"
    waits_for: ClassVar[Sequence[str]] = ("nats",)
    ready_limit = stop_limit = drain_limit = 60.0

    def __init__(self, directory: Path, diary: Path, *, executable: str = sys.executable) -> None:
        super().__init__(directory, [executable])
        self.port = free_port()
        self.greeting = "hello"
        self.neighbours: list[int] = []
        """Ports that should answer for as long as this one runs."""
        self._diary = diary
        self._executable = executable

    def configure(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        configuration = {
            "name": self.name,
            "port": self.port,
            "greeting": self.greeting,
            "diary": str(self._diary),
            "neighbours": self.neighbours,
        }
        (self.directory / "made-up.json").write_text(json.dumps(configuration))

    def command(self) -> list[str]:
        return [self._executable, str(PROGRAM), str(self.directory / "made-up.json")]

    def reload_order(self) -> signal.Signals:
        return signal.SIGHUP

    def drain_order(self) -> signal.Signals:
        return signal.SIGUSR2

    async def ready(self) -> None:
        assert await self.says() == f"{self.name}: {self.greeting}"

    async def says(self) -> str:
        """What the server says to who connects."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        said = await reader.read()
        writer.close()
        return said.decode()


def main() -> None:
    """`switchroom` with one line more in the table."""
    from switchroom import cli
    from switchroom.platform import engine_table
    from switchroom.platform.engines import EngineEntry

    entry = EngineEntry(
        lambda settings: MadeUpEngine(
            settings.data_directory / "made-up",
            Path(os.environ["MADE_UP_DIARY"]),
            executable=os.environ.get("MADE_UP_EXECUTABLE", sys.executable),
        )
    )
    engine_table.TABLE = (entry, *engine_table.TABLE)
    cli.main()


if __name__ == "__main__":
    main()
