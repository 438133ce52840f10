"""The recording of one conference: whether there is to be one, and that it goes on through all that happens.

One recording lasts until there is to be none, at most as long as the conference: a media server that was
lost and is back writes further parts of the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from switchroom.conference.media.hosted_room import HostedRoom
from switchroom.conference.room.conference import Conference
from switchroom.conference.room.participants import Participant
from switchroom.conference.room.recording import review_consents
from switchroom.engines.janus.client import JanusError
from switchroom.engines.janus.videoroom import VideoRoom
from switchroom.errors import ErrorCode, Unavailable
from switchroom.tasks import set_within

RENEW_EVERY = 15.0
"""Seconds between two signs of life of a recording."""

KEEP_UP_EVERY = 4
"""Signs of life of a recording, of which one keeps up that the room is to be recorded."""

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

    @property
    def can_record(self) -> bool: ...

    def require_place(self) -> Awaitable[None]: ...

    def begin(
        self, organization_id: int, room_id: str, meeting_id: str | None
    ) -> Awaitable[RecordingSession | None]: ...


class RoomRecording:
    """Serves one conference: it looks at what is wanted and what is, one step after the other."""

    def __init__(
        self,
        conference: Conference,
        hosted: HostedRoom,
        recording_sessions: RecordingSessions | None,
        settled: Callable[[], Awaitable[None]],
    ) -> None:
        """`settled` waits until the media server relays what it should of everybody, and nothing else."""
        self._conference = conference
        self._settled = settled
        self._hosted = hosted
        self._recording_sessions = recording_sessions
        self._recording_session: RecordingSession | None = None
        self._signs_of_life = 0
        self._room: VideoRoom | None = None
        """The room at the media server that is known to write into the recording session's directory."""
        self._names: dict[str, dict[str, str]] = {}
        """Names of participants by their feeds, by participant id."""
        self._noted: set[str] = set()
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """To be called when the room, at the media server or as it is meant to be, may be another."""
        self._awake.set()

    @property
    def can_record(self) -> bool:
        """Whether the server has a place for recordings."""
        return self._recording_sessions is not None and self._recording_sessions.can_record

    async def require_place(self) -> None:
        """Raises Unavailable where nothing can be recorded now."""
        if self._recording_sessions is None:
            raise Unavailable(ErrorCode.RECORDING_UNAVAILABLE)
        await self._recording_sessions.require_place()

    def appears(self, participant: Participant, feed: str) -> None:
        """Note that a participant begins to send the feed."""
        self._names.setdefault(participant.id, {})[feed] = participant.display_name
        self._awake.set()

    def leaves(self, participant: Participant) -> None:
        """Forget a participant of whom nothing has been recorded."""
        if self._recording_session is None:
            self._names.pop(participant.id, None)

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
        review_consents(self._conference)
        self._forget_gone()
        try:
            await recording_session.end()
        except _FAILURES as error:
            # The worker that makes the files finds it when its time is over.
            log.warning(
                "end of recording not noted", recording=recording_session.id, reason=type(error).__name__
            )

    async def _settle(self) -> None:
        if not self._conference.to_be_recorded:
            await self._stop()
            return
        if self._recording_session is None:
            await self._begin()
        if self._recording_session is None:
            return
        await self._note_people(self._recording_session)
        room = self._hosted.current
        if room is not None and room is not self._room:
            if self._conference.consents.asks:
                # Before anything of somebody is written who has not agreed.
                await self._settled()
            await room.record(self._recording_session.directory)
            self._room = room
            self._conference.set_recording(self._recording_session.id, recording=True)

    async def _begin(self) -> None:
        if self._recording_sessions is None:
            return
        room = self._conference.room
        self._recording_session = await self._recording_sessions.begin(
            room.organization_id, room.room_id, room.meeting_id
        )
        if self._recording_session is None:
            self._refuse()
        self._noted.clear()
        self._room = None

    async def _note_people(self, recording_session: RecordingSession) -> None:
        new = {
            feed: name
            for names in self._names.values()
            for feed, name in names.items()
            if feed not in self._noted
        }
        if new:
            await recording_session.note_people(new)
            self._noted |= new.keys()

    async def _renew(self) -> None:
        if self._recording_session is None:
            return
        if not await self._recording_session.renew():
            log.error(
                "recording lost", recording=self._recording_session.id, room=self._conference.room.room_id
            )
            self._refuse()
            await self._stop()
            return
        self._signs_of_life += 1
        if self._signs_of_life % KEEP_UP_EVERY == 0:
            self._conference.overrides.keep_up()

    def _refuse(self) -> None:
        self._conference.refuse_recording()
        review_consents(self._conference)

    def _forget_gone(self) -> None:
        inside = self._conference.participants
        self._names = {one_id: names for one_id, names in self._names.items() if one_id in inside}

    async def _stop(self) -> None:
        room = self._hosted.current
        # Also where it is not known to write: the answer may have come too late, or not at all.
        if room is not None and self._recording_session is not None:
            await room.stop_recording()
        await self.end()
