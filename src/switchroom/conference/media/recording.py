"""The recording of one conference: whether there is to be one, and that it goes on through all that happens.

One recording lasts as long as the conference: a media server that was lost and is back writes further parts
of the same. Only rooms of meetings are recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from switchroom.conference.media.hosted_room import HostedRoom
from switchroom.conference.room.conference import Conference
from switchroom.engines.janus.client import JanusError
from switchroom.engines.janus.videoroom import VideoRoom
from switchroom.errors import Unavailable
from switchroom.tasks import set_within

RENEW_EVERY = 15.0
"""Seconds between two signs of life of a recording."""

RETRY_AFTER = 2.0

_FAILURES = (JanusError, SQLAlchemyError, Unavailable, OSError)

log = structlog.stdlib.get_logger(__name__)


class RecordingSession(Protocol):
    """A recording that is going on (see `meetings.recordings.recording_sessions`)."""

    id: str
    directory: str

    def note_people(self, names: Mapping[str, str]) -> Awaitable[None]: ...

    def renew(self) -> Awaitable[bool]: ...

    def end(self) -> Awaitable[None]: ...


class RecordingSessions(Protocol):
    """Recordings: where one begins."""

    def begin(self, organization_id: int, meeting_id: str) -> Awaitable[RecordingSession | None]: ...


class RoomRecording:
    """Serves one conference: it looks at what is wanted and what is, one step after the other."""

    def __init__(
        self, conference: Conference, hosted: HostedRoom, recording_sessions: RecordingSessions | None
    ) -> None:
        self._conference = conference
        self._hosted = hosted
        self._recording_sessions = recording_sessions
        self._recording_session: RecordingSession | None = None
        self._refused = False
        self._room: VideoRoom | None = None
        """The room at the media server that is known to write into the recording session's directory."""
        self._names: dict[str, str] = {}
        self._noted: set[str] = set()
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """To be called when the room, at the media server or as it is meant to be, may be another."""
        self._awake.set()

    def appears(self, feed: str, name: str) -> None:
        """Note that a participant of this name begins to send the feed."""
        self._names[feed] = name
        self._awake.set()

    async def run(self) -> None:
        """Keep the recording as it is to be until cancelled."""
        loop = asyncio.get_running_loop()
        renew_at = loop.time() + RENEW_EVERY
        while True:
            wait = renew_at - loop.time() if self._recording_session is not None else None
            await set_within(self._awake, wait)
            self._awake.clear()
            try:
                await self._settle()
                if loop.time() >= renew_at:
                    renew_at = loop.time() + RENEW_EVERY
                    await self._renew()
            except _FAILURES as error:
                room_id = self._conference.room.room_id
                log.warning("recording not as it should be", room=room_id, reason=type(error).__name__)
                await asyncio.sleep(RETRY_AFTER)
                self._awake.set()

    async def end(self) -> None:
        """To be called when the room at the media server is no more."""
        recording_session, self._recording_session, self._room = self._recording_session, None, None
        if recording_session is None:
            return
        self._conference.set_recording(recording_session.id, recording=False)
        try:
            await recording_session.end()
        except _FAILURES as error:
            # The worker that makes the files finds it when its time is over.
            log.warning(
                "end of recording not noted", recording=recording_session.id, reason=type(error).__name__
            )

    async def _settle(self) -> None:
        wanted = self._conference.room.recorded
        if not wanted:
            self._refused = False
            await self._stop()
            return
        if self._recording_session is None:
            await self._begin()
        if self._recording_session is None:
            return
        await self._note_people(self._recording_session)
        room = self._hosted.current
        if room is not None and room is not self._room:
            await room.record(self._recording_session.directory)
            self._room = room
            self._conference.set_recording(self._recording_session.id, recording=True)

    async def _begin(self) -> None:
        meeting_id = self._conference.room.meeting_id
        if self._recording_sessions is None or meeting_id is None or self._refused:
            return
        self._recording_session = await self._recording_sessions.begin(
            self._conference.room.organization_id, meeting_id
        )
        self._refused = self._recording_session is None
        self._noted.clear()
        self._room = None

    async def _note_people(self, recording_session: RecordingSession) -> None:
        new = {feed: name for feed, name in self._names.items() if feed not in self._noted}
        if new:
            await recording_session.note_people(new)
            self._noted |= new.keys()

    async def _renew(self) -> None:
        if self._recording_session is not None and not await self._recording_session.renew():
            log.error(
                "recording lost", recording=self._recording_session.id, room=self._conference.room.room_id
            )
            self._refused = True
            await self._stop()

    async def _stop(self) -> None:
        room, self._room = self._room, None
        if room is not None and room is self._hosted.current:
            await room.stop_recording()
        await self.end()
