"""Looking after the database."""

from __future__ import annotations

from pathlib import Path

import click

from switchroom.cli.options import load_settings, with_settings
from switchroom.platform.administration import Administration
from switchroom.platform.loop import run
from switchroom.platform.schema import bring_up_to_date


@click.group
def database_commands() -> None:
    """The database."""


@database_commands.command("upgrade")
@with_settings
def upgrade_database(data: str | None, config: Path | None) -> None:
    """Bring the database to the schema of this version."""

    async def upgrade() -> bool:
        administration = Administration(load_settings(config, None, None, data))
        try:
            return await bring_up_to_date(administration.storage.database)
        finally:
            await administration.close()

    print("upgraded" if run(upgrade()) else "up to date")
