"""Schema of the database: the migrations that bring it to this version."""

from __future__ import annotations

from importlib import resources

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from switchroom.db.database import Database
from switchroom.db.statistics import assume_many_rows


def configuration() -> Config:
    """Alembic's configuration for the migrations of this package."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("switchroom.db") / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


async def upgrade(database: Database) -> bool:
    """Apply the migrations that are missing. True if there were any."""

    def apply(connection: Connection) -> bool:
        config = configuration()
        current = MigrationContext.configure(connection).get_current_heads()
        if set(current) == set(ScriptDirectory.from_config(config).get_heads()):
            return False
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        assume_many_rows(connection)
        return True

    async with database.changing_schema() as connection:
        return await connection.run_sync(apply)
