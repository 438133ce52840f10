"""Builders: recordings as the media server leaves them, and who makes their files."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select, update

from switchroom.bus import Bus
from switchroom.db.base import now
from switchroom.engines.ffmpeg.engine import PROGRAMS
from switchroom.meetings.recordings.archive import RecordingArchive
from switchroom.meetings.recordings.files import RecordingFiles
from switchroom.meetings.recordings.finishing import RecordingFinisher
from switchroom.meetings.recordings.models import MeetingRecording, RecordingState
from switchroom.meetings.recordings.sessions import RecordingSession, RecordingSessions
from switchroom.meetings.views import MeetingView
from switchroom.rooms.models import Room, RoomMode, RoomType
from tests.meetings.own_tenant import OwnTenant

TRACKS = Path(__file__).with_name("tracks")
"""Four seconds of a browser's microphone and camera, cut off in the middle of a packet."""

PLATFORM = "f" * 24


class Studio:
    """Where an organization's meetings are recorded."""

    def __init__(self, acme: OwnTenant, directory: Path) -> None:
        self.acme = acme
        self.files = RecordingFiles(directory, PLATFORM)
        self.archive = RecordingArchive(acme.database, self.files, "https://meet.example.org")
        self.recording_sessions = RecordingSessions(acme.database, self.files, least_free=0)

    def finisher(
        self,
        *,
        retry_delays: Sequence[timedelta] = (),
        lease: timedelta = timedelta(seconds=60),
        programs: Sequence[str] = PROGRAMS,
    ) -> RecordingFinisher:
        return RecordingFinisher(
            self.acme.database,
            self.files,
            self.archive,
            Bus(),
            lease=lease,
            retry_delays=retry_delays,
            programs=programs,
        )

    async def recording_session(self, planned: MeetingView, *tracks: str) -> RecordingSession:
        """A recording that is going on, in which somebody has sent these tracks."""
        meeting = planned.meeting
        return await self._begin(meeting.room_id, meeting.id, *tracks)

    async def room(self, name: str = "Lounge") -> str:
        """The id of a room that is no meeting's."""
        async with self.acme.database.write(self.acme.organization.id) as session:
            room = Room(
                type=RoomType.ROOM,
                mode=RoomMode.NORMAL,
                display_name=name,
                active_limit=25,
                passive_limit=0,
                created_by=self.acme.actor.person_id,
            )
            session.add(room)
            await session.flush()
            return room.id

    async def recording_of_room(self, room_id: str, *tracks: str) -> RecordingSession:
        """As `recording_session`, of a room that is no meeting's."""
        return await self._begin(room_id, None, *tracks)

    async def _begin(self, room_id: str, meeting_id: str | None, *tracks: str) -> RecordingSession:
        recording_session = await self.recording_sessions.begin(
            self.acme.organization.id, room_id, meeting_id
        )
        assert recording_session is not None
        await recording_session.note_people({"one.1": "Jörg", "one.2": "Jörg"})
        for line, track in enumerate(tracks):
            self.put(recording_session, track, line)
        return recording_session

    def put(self, recording_session: RecordingSession, track: str, line: int) -> None:
        kind = "audio" if track == "voice" else "video"
        name = f"videoroom-lounge.4f-user-one.1-1795348421600273-{kind}-{line}.mjr"
        shutil.copyfile(TRACKS / f"{track}.mjr", Path(recording_session.directory) / name)

    def put_broken(self, recording_session: RecordingSession) -> Path:
        """A camera's track that has packets, and no picture in them."""
        path = Path(recording_session.directory) / "videoroom-lounge.4f-user-two.1-17-video-1.mjr"
        camera = (TRACKS / "camera.mjr").read_bytes()
        packets = [b"MEET" + came.to_bytes(4) + (12).to_bytes(2) + bytes(12) for came in (0, 1024)]
        path.write_bytes(camera[: camera.index(b"MEET")] + b"".join(packets))
        return path

    async def row(self, recording_session: RecordingSession) -> MeetingRecording | None:
        async with self.acme.database.read(None) as session:
            query = select(MeetingRecording).where(MeetingRecording.id == recording_session.id)
            return await session.scalar(query)

    async def state(self, recording_session: RecordingSession) -> RecordingState:
        row = await self.row(recording_session)
        assert row is not None
        return RecordingState(row.state)

    async def worker(self, recording_session: RecordingSession) -> str:
        row = await self.row(recording_session)
        assert row is not None
        return row.worker

    async def due(self, recording_session: RecordingSession) -> datetime:
        """When the lease on it ends, while somebody makes its file."""
        row = await self.row(recording_session)
        assert row is not None
        assert row.due_at is not None
        return row.due_at

    async def write(self, recording_session: RecordingSession, **columns: datetime | str) -> None:
        async with self.acme.database.write(None) as session:
            await session.execute(
                update(MeetingRecording).where(MeetingRecording.id == recording_session.id).values(**columns)
            )

    async def abandon(self, recording_session: RecordingSession) -> None:
        """The process that records is killed, and some time passes."""
        await self.write(recording_session, due_at=now() - timedelta(seconds=1))
        self.age(recording_session, 30)

    def age(self, recording_session: RecordingSession, seconds: float) -> None:
        """As if nothing had been written for so long."""
        self.age_place(self.files.of(recording_session.id), seconds)

    def age_place(self, place: Path, seconds: float) -> None:
        moment = time.time() - seconds
        for path in (place, *place.rglob("*")):
            os.utime(path, (moment, moment))
