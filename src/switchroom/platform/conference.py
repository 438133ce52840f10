"""Live rooms of this process, and its place among the others that have some."""

from __future__ import annotations

from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from switchroom.conference.cluster.cluster import Cluster
from switchroom.conference.room.override_records import OverrideRecords
from switchroom.conference.service import ConferenceService
from switchroom.engines.janus.videoroom import RoomOptions
from switchroom.errors import Unavailable
from switchroom.meetings.lifecycle import MeetingLifecycle
from switchroom.platform.background import Background
from switchroom.platform.events import EventServices
from switchroom.platform.identity import IdentityServices
from switchroom.platform.media_servers import MediaServers
from switchroom.platform.meetings import MeetingServices
from switchroom.platform.storage import Storage
from switchroom.settings import Settings

log = structlog.get_logger()


class ConferenceServices:
    """The conference service, the cluster where there are several processes, and what happens to meetings
    by themselves, which depends on who is inside."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        identity: IdentityServices,
        events: EventServices,
        meetings: MeetingServices,
        media: MediaServers,
    ) -> None:
        self._events = events
        self.overrides = OverrideRecords(storage.database)
        self.service = ConferenceService(
            meetings.admission,
            media.pool,
            storage.bus,
            events.buffer,
            ice=settings.ice,
            room_options=RoomOptions(bitrate=settings.janus.video_bitrate),
            transcript=meetings.transcript,
            recording_sessions=meetings.recording_sessions,
            overrides=self.overrides,
            secret=identity.secret,
        )
        self.cluster: Cluster | None = None
        if settings.nats.url and storage.messages.connection is not None:
            self.cluster = Cluster(
                self.service,
                storage.database,
                storage.messages.connection,
                settings.nats.prefix,
                partial(identity.signer.verify, even_expired=True),
            )
            self.overrides.ownership = self.cluster.ownership
        self.meeting_lifecycle = MeetingLifecycle(storage.database, self.service, storage.bus)

    async def prepare(self) -> None:
        await self.overrides.tidy()

    def background(self) -> list[Background]:
        return [
            Background("meetings", self._end_meetings),
            Background("what moderators decided", self.overrides.run, self.overrides.finish),
        ]

    async def start(self) -> None:
        await self.service.start()
        if self.cluster is not None:
            self.cluster.start()

    def look(self) -> None:
        """Another process of this platform has ended: find out which rooms are free."""
        if self.cluster is not None:
            self.cluster.look()

    async def stop(self) -> None:
        """Tell the people in rooms that the server goes, and let others take the rooms."""
        await self.service.stop()
        if self.cluster is not None:
            await self._write_what_happened()
            await self.cluster.stop()

    async def _write_what_happened(self) -> None:
        """Before others take the rooms, and look who has been left inside and what holds for them."""
        for what, records in (("events", self._events.buffer), ("what moderators decided", self.overrides)):
            try:
                await records.finish()
            except (SQLAlchemyError, OSError, Unavailable) as error:
                log.error(f"{what} not written", reason=type(error).__name__)

    async def _end_meetings(self) -> None:
        """Run the lifecycle of meetings, but not before it is known who is inside other processes' rooms."""
        if self.cluster is not None:
            await self.cluster.settled()
        await self.meeting_lifecycle.run()
