"""Kamailio, the SIP server, as an engine."""

from __future__ import annotations

import glob
from pathlib import Path

from switchroom.engines.engine import Engine, find_program
from switchroom.engines.kamailio.configuration import SCRIPT, KamailioConfiguration
from switchroom.engines.kamailio.rpc import KamailioRpc

MODULES = ("db_sqlite.so", "db_postgres.so", "tls.so", "websocket.so", "presence.so", "evapi.so")
"""Modules of Kamailio, one of each package."""

PLACES = ("/usr/lib/*/kamailio/modules", "/usr/lib/kamailio/modules", "/usr/local/lib*/kamailio/modules")


class KamailioEngine(Engine):
    """Kamailio with a script of its own, in the foreground."""

    name = "kamailio"
    title = "telephones (Kamailio)"
    packages = (
        "kamailio",
        "kamailio-sqlite-modules",
        "kamailio-postgres-modules",
        "kamailio-tls-modules",
        "kamailio-websocket-modules",
        "kamailio-presence-modules",
        "kamailio-extra-modules",
    )
    without = "the APIs work, no telephone can register or call"
    needs_database = True
    probe_interval, probe_limit = 5.0, 4.0

    def __init__(
        self, directory: Path, configuration: KamailioConfiguration, executable: str = "kamailio"
    ) -> None:
        super().__init__(directory, [executable])
        self.configuration = configuration
        self._executable = executable

    @property
    def version_arguments(self) -> dict[str, str]:
        return {self._executable: "-v"}

    def missing(self) -> list[str]:
        missing = super().missing()
        return missing or [
            name
            for name in MODULES
            if not any(Path(found, name).exists() for place in PLACES for found in glob.glob(place))
        ]

    def configure(self) -> None:
        self.configuration.write(self.directory)

    def command(self) -> list[str]:
        program = find_program(self._executable) or self._executable
        variables = self.configuration.environment(self.directory)
        return [
            "/usr/bin/env",
            *(f"{name}={value}" for name, value in variables.items()),
            program,
            "-DD",
            "-E",
            *("-f", str(self.directory / SCRIPT)),
            *("-Y", str(self.directory)),
            *("-m", "256"),
            *("-M", "16"),
        ]

    async def ready(self) -> None:
        async with KamailioRpc(self.configuration.interfaces) as rpc:
            await rpc.call("core.uptime")
