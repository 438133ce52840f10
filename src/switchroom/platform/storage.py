"""Storage and messages: the database, and the bus between the processes."""

from __future__ import annotations

from switchroom import texts
from switchroom.db.database import Database
from switchroom.errors import Unavailable
from switchroom.platform.engines import Engines
from switchroom.platform.message_server import MessageServer
from switchroom.settings import Settings

_LIMIT = 2.0
"""Seconds in which a database answers that has no problem."""


class Storage:
    """The database and the bus that everything else is built on."""

    def __init__(self, settings: Settings, engines: Engines) -> None:
        self.messages = MessageServer(settings, engines)
        self.bus = self.messages.bus
        self.database = Database(settings.database_url, self.bus, pool_size=settings.database.pool_size)

    async def problem(self) -> str | None:
        """Problem with the database, None when it answers."""
        try:
            await self.database.check(_LIMIT)
        except Unavailable as error:
            return texts.message(error, "en", str)
        except TimeoutError:
            return "the database does not answer in time"
        except Exception as error:  # noqa: BLE001
            return f"the database does not answer: {type(error).__name__}"
        return None
