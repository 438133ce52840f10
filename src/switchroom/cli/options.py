"""Options of the commands, their settings, and what is administered without serving."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from switchroom import logs, settings
from switchroom.settings import Settings

if TYPE_CHECKING:
    from switchroom.platform.administration import Administration

Command = TypeVar("Command", bound=Callable[..., None])

with_organization = click.option("--org", required=True, help="The organization's id or name.")


def with_settings(command: Command) -> Command:
    """The options `--data` and `--config`."""
    command = click.option("--config", type=Path, help="The TOML file with the settings.")(command)
    return click.option("--data", help="Directory of everything the platform writes.")(command)


def with_address(command: Command) -> Command:
    """The options `--host` and `--port`."""
    command = click.option("--port", type=int, help="TCP port to listen on.")(command)
    return click.option("--host", help="Address to listen on.")(command)


def load_settings(config: Path | None, host: str | None, port: int | None, data: str | None) -> Settings:
    from switchroom.platform import engine_table  # here: help needs none of it

    loaded = settings.load(
        config, options={"host": host, "port": port, "data": data}, engines=engine_table.sections()
    )
    logs.configure(loaded.log_format, loaded.log_level)
    return loaded


class CommandError(Exception):
    """The command cannot be carried out as it was given; the message says why."""


def printable(text: str) -> str:
    """Text that people have typed, for a terminal: characters that would steer it are replaced by U+FFFD."""
    return "".join(one if one.isprintable() else "\ufffd" for one in text)


@asynccontextmanager
async def offline(loaded: Settings) -> AsyncGenerator[Administration]:
    """Administration on an up-to-date database, without serving."""
    # Here: help, and commands that ask a running server, need none of it.
    from switchroom.platform.administration import Administration
    from switchroom.platform.schema import bring_up_to_date

    administration = Administration(loaded)
    try:
        await bring_up_to_date(administration.storage.database)
        yield administration
    finally:
        await administration.close()
