"""Conference services: conferences by telephone of one worker, with the mixer that its settings name."""

from __future__ import annotations

import asyncio

from switchroom.db.database import Database
from switchroom.engines.janus.server import JanusServer
from switchroom.events.buffer import EventBuffer
from switchroom.identity.secrets import Passwords
from switchroom.identity.throttle import Throttle
from switchroom.settings import Settings
from switchroom.telephony.calls.conference_pins import ConferencePins
from switchroom.telephony.calls.conferences import Conferences
from switchroom.telephony.media.announcements import Announcements
from switchroom.telephony.media.mixer import Mixer

_NOWHERE = "ws://127.0.0.1:9"


class ConferenceServices:
    """The conferences, and what they need. Without a media server on this machine nobody gets into one."""

    def __init__(
        self, settings: Settings, database: Database, passwords: Passwords, throttle: Throttle
    ) -> None:
        urls = settings.janus.urls
        self._server = JanusServer(urls[0] if urls else _NOWHERE, settings.janus.api_secret)
        self._is_there = bool(urls)
        self._events = EventBuffer(database)
        self._writing: asyncio.Task[None] | None = None
        self._mixer = Mixer(self._server, settings.janus.api_secret)
        announcements = Announcements(settings.data_directory.absolute() / "telephony" / "announcements")
        pins = ConferencePins(database, passwords, throttle)
        self.conferences = Conferences(self._mixer, announcements, pins, self._events)

    async def start(self) -> None:
        """Connect to the mixer, now or as soon as it is there."""
        self._writing = asyncio.create_task(self._events.run(), name="events of conferences")
        if self._is_there:
            self._server.start()

    async def stop(self) -> None:
        """Let everybody out of the mixer, and write what has happened."""
        await self.conferences.close()
        await self._mixer.stop()
        await self._server.stop()
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
            await self._events.finish()
