"""Storage and messages: the database, and the bus between the processes."""

from __future__ import annotations

import asyncio

from switchroom import texts
from switchroom.db.database import Database
from switchroom.errors import Unavailable
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
        """Problem with the database, None when it answers."""
        try:
            async with asyncio.timeout(2):
                await self.database.check()
        except Unavailable as error:
            return texts.message(error, "en", str)
        except TimeoutError:
            return "the database does not answer in time"
        except Exception as error:  # noqa: BLE001
            return f"the database does not answer: {type(error).__name__}"
        return None
