"""What commands have in common: their options, the settings, the platform without serving."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from switchroom import logs, settings
from switchroom.platform import engine_table
from switchroom.platform.build import Platform
from switchroom.platform.schema import bring_up_to_date
from switchroom.settings import Settings

Config = Annotated[Path | None, typer.Option("--config", help="The TOML file with the settings.")]
Data = Annotated[str | None, typer.Option("--data", help="Directory of everything the platform writes.")]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on.")]
Port = Annotated[int | None, typer.Option("--port", help="TCP port to listen on.")]
Org = Annotated[str, typer.Option("--org", help="The organization's id or name.")]


def load_settings(config: Path | None, host: str | None, port: int | None, data: str | None) -> Settings:
    loaded = settings.load(
        config, options={"host": host, "port": port, "data": data}, engines=engine_table.sections()
    )
    logs.configure(loaded.log_format, loaded.log_level)
    return loaded


class CommandError(Exception):
    """The command cannot be carried out as it was given; the message says why."""


@asynccontextmanager
async def offline(loaded: Settings) -> AsyncGenerator[Platform]:
    """The platform's parts on an up-to-date database, without serving."""
    platform = Platform(loaded)
    try:
        await bring_up_to_date(platform.storage.database)
        yield platform
    finally:
        platform.identity.passwords.close()
        await platform.storage.database.close()
