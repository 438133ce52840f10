"""Recordings while they are made: begun, kept alive, ended."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import structlog
from sqlalchemy import update

from switchroom.db.base import now
from switchroom.db.clock import clock
from switchroom.db.database import Database, notify
from switchroom.errors import ErrorCode, Unavailable
from switchroom.identity.models import new_hex_id
from switchroom.jobs.due_rows import DueRows
from switchroom.meetings.recordings.files import RecordingFiles
from switchroom.meetings.recordings.models import MeetingRecording, RecordingState
from switchroom.meetings.recordings.notices import RecordingEnded

LEASE = timedelta(seconds=60)
"""Time for which a recording whose process says nothing more is still taken to be going on."""

log = structlog.stdlib.get_logger(__name__)


def recording_rows(
    database: Database, *states: RecordingState, lease: timedelta = LEASE
) -> DueRows[MeetingRecording]:
    """The recordings in these states, of which the last is that of those in a worker's hands."""
    return DueRows(
        database,
        MeetingRecording,
        key=MeetingRecording.id,
        due=MeetingRecording.due_at,
        worker=MeetingRecording.worker,
        attempts=MeetingRecording.attempts,
        waiting=MeetingRecording.state.in_(states),
        leased=MeetingRecording.state == states[-1],
        lease=lease,
    )


class RecordingSession:
    """Recording that is going on."""

    def __init__(
        self, files: RecordingFiles, organization_id: int, leases: DueRows[MeetingRecording]
    ) -> None:
        self.id = new_hex_id()
        self.directory = str(files.raw(self.id))
        """Directory that the media server is to write to."""
        self._files = files
        self._organization_id = organization_id
        self._leases = leases

    async def begin(self, room_id: str, meeting_id: str | None) -> None:
        """Begin to record a room, for its meeting if it is one's."""
        # First the directory: a row without one would be taken for another machine's.
        await asyncio.to_thread(self._files.make, self.id)
        async with self._leases.database.write(self._organization_id) as session:
            session.add(
                MeetingRecording(
                    id=self.id,
                    meeting_id=meeting_id,
                    room_id=None if meeting_id is not None else room_id,
                    started_at=now(),
                    due_at=clock(self._leases.lease),
                    worker=self._leases.worker,
                )
            )

    async def note_people(self, names: Mapping[str, str]) -> None:
        """Keep whose each feed is, by the feed's id."""
        await asyncio.to_thread(self._files.note_people, self.id, names)

    async def renew(self) -> bool:
        """Say that the recording goes on; to be called a few times in the time of a lease. False when it is
        nobody's any more: the meeting or the room was deleted, or this came too late."""
        return await self._leases.renew_one(self.id)

    async def end(self) -> None:
        """The media server writes no more."""
        ended = (
            update(MeetingRecording)
            .where(
                MeetingRecording.id == self.id,
                MeetingRecording.state == RecordingState.RECORDING,
                self._leases.mine,
            )
            .values(state=RecordingState.PROCESSING, ended_at=now(), due_at=clock(), worker="")
            .execution_options(synchronize_session=False)
        )
        async with self._leases.database.write(self._organization_id) as session:
            await session.execute(ended)
            notify(session, RecordingEnded(self._organization_id, self.id))


class RecordingSessions:
    """Begins recordings, as long as there is a place for them."""

    def __init__(self, database: Database, files: RecordingFiles | None, *, least_free: int) -> None:
        """Without `files` nothing can be recorded: the media servers are elsewhere and no directory is named
        that they and this process see. `least_free` is in bytes."""
        self._leases = recording_rows(database, RecordingState.RECORDING)
        self._files = files
        self._least_free = least_free

    @property
    def can_record(self) -> bool:
        """Whether there is a place for recordings at all."""
        return self._files is not None

    async def require_place(self) -> None:
        """Raises Unavailable where nothing can be recorded now."""
        if self._files is None or await asyncio.to_thread(self._files.free_space) < self._least_free:
            raise Unavailable(ErrorCode.RECORDING_UNAVAILABLE)

    async def begin(
        self, organization_id: int, room_id: str, meeting_id: str | None
    ) -> RecordingSession | None:
        """A new recording of a room, for its meeting if it is one's. None, and a line in the log, where that
        cannot be."""
        if self._files is None:
            reason = "the media servers run elsewhere, and janus.recordings_directory is not set"
            log.warning("room not recorded", room=room_id, meeting=meeting_id, reason=reason)
            return None
        free = await asyncio.to_thread(self._files.free_space)
        if free < self._least_free:
            reason = f"only {free >> 20} MiB are free"
            log.error("room not recorded", room=room_id, meeting=meeting_id, reason=reason)
            return None
        recording_session = RecordingSession(self._files, organization_id, self._leases)
        await recording_session.begin(room_id, meeting_id)
        return recording_session
