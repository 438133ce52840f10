"""Finished recordings: their addresses, and the files for whoever has one."""

from __future__ import annotations

import asyncio
import hmac
import re
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from sqlalchemy import select

from switchroom.db.database import Database
from switchroom.errors import ErrorCode, NotFound
from switchroom.meetings.models import Meeting
from switchroom.meetings.recordings.files import RecordingFiles, is_id
from switchroom.meetings.recordings.models import MeetingRecording, RecordingState

CONTENT_TYPES = {".mp4": "video/mp4", ".m4a": "audio/mp4"}

_LONGEST_NAME = 80
_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\s]+')


class RecordedFile(Struct, frozen=True):
    """A finished file; `name` is what whoever saves it finds it by."""

    id: str
    path: Path
    size: int
    name: str
    content_type: str


class RecordingArchive:
    def __init__(self, database: Database, files: RecordingFiles, base_url: str) -> None:
        self._database = database
        self._files = files
        self._base_url = base_url

    def url(self, recording: MeetingRecording) -> str:
        """Where its file is; whoever has the address may have the file."""
        return f"{self._base_url}/recordings/{recording.id}/{recording.access_token}"

    async def find(self, recording_id: str, access_token: str) -> RecordedFile:
        """Raises NotFound, whatever the reason is."""
        query = (
            select(MeetingRecording, Meeting.topic)
            .join(Meeting, Meeting.id == MeetingRecording.meeting_id)
            .where(MeetingRecording.id == recording_id)
        )
        if not is_id(recording_id):
            raise _unknown()
        async with self._database.read(None) as session:
            found = (await session.execute(query)).one_or_none()
        expected = found[0].access_token if found is not None else ""
        fits = hmac.compare_digest(expected.encode(), access_token.encode())
        if found is None or not fits or found[0].state != RecordingState.READY:
            raise _unknown()
        recording, topic = found
        path = self._files.of(recording.id) / recording.file_name
        try:
            size = (await asyncio.to_thread(path.stat)).st_size
        except OSError:
            raise _unknown() from None
        name = _name(topic, recording.started_at) + path.suffix
        return RecordedFile(recording.id, path, size, name, content_type(recording))


def content_type(recording: MeetingRecording) -> str:
    return CONTENT_TYPES[Path(recording.file_name).suffix]


def _name(topic: str, started: datetime) -> str:
    words = _UNFIT.sub(" ", topic).strip(" .")[:_LONGEST_NAME].rstrip() or "Meeting"
    return f"{words} {started:%Y-%m-%d}"


def _unknown() -> NotFound:
    return NotFound(ErrorCode.RECORDING_NOT_FOUND, "id")
