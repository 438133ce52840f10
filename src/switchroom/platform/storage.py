"""Storage and messages: the database, and the bus between the processes."""

from __future__ import annotations

import asyncio

from sqlalchemy import text

from switchroom.db.database import Database
from switchroom.platform.engines import Engines
from switchroom.platform.message_server import MessageServer
from switchroom.settings import Settings


class Storage:
    """The database and the bus that everything else is built on."""

    def __init__(self, settings: Settings, engines: Engines) -> None:
        self.messages = MessageServer(settings, engines)
        self.bus = self.messages.bus
        self.database = Database(settings.database_url, self.bus, pool_size=settings.database.pool_size)

    async def problem(self) -> str | None:
        """What is wrong with the database, None when it answers."""
        try:
            async with asyncio.timeout(2), self.database.read(None) as session:
                await session.execute(text("SELECT 1"))
        except Exception as error:  # noqa: BLE001
            return f"the database does not answer: {type(error).__name__}"
        return None
