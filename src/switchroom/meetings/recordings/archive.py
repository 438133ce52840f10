"""Finished recordings: their addresses, and the files for anybody with an address."""

from __future__ import annotations

import asyncio
import hmac
import re
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct
from sqlalchemy import func, select

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, NotFound
from switchroom.meetings.models import Meeting
from switchroom.meetings.recordings.files import RecordingFiles, is_id
from switchroom.meetings.recordings.models import MeetingRecording, RecordingState
from switchroom.rooms.models import Room

CONTENT_TYPES = {".mp4": "video/mp4", ".m4a": "audio/mp4"}

PASSING = timedelta(hours=12)
"""Time for which an address is good that is for somebody who may see the recording now."""

_LONGEST_NAME = 80
_SECONDS = re.compile("[0-9]{1,12}")
_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\s]+')


class RecordedFile(Struct, frozen=True):
    """A finished file; `name` is the one that it is saved by."""

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
        """Address of the file of a meeting's recording; anybody with the address may have the file."""
        return f"{self._base_url}/recordings/{recording.id}/{recording.access_token}"

    def passing_url(self, recording: MeetingRecording, good_for: timedelta = PASSING) -> str:
        """Address of a recording's file, good for some time, for somebody who may see the recording now."""
        until = int((now() + good_for).timestamp())
        return f"{self._base_url}/recordings/{recording.id}/{until}.{_mac(recording, until)}"

    async def find(self, recording_id: str, access_token: str) -> RecordedFile:
        """The file, by the access token or by one that is good for some hours. Raises NotFound, whatever the
        reason is."""
        query = (
            select(MeetingRecording, func.coalesce(Meeting.topic, Room.display_name))
            .outerjoin(Meeting, Meeting.id == MeetingRecording.meeting_id)
            .outerjoin(Room, Room.id == MeetingRecording.room_id)
            .where(MeetingRecording.id == recording_id)
        )
        if not is_id(recording_id):
            raise _unknown()
        async with self._database.read(None) as session:
            found = (await session.execute(query)).one_or_none()
        expected = _expected(found[0], access_token) if found is not None else ""
        fits = hmac.compare_digest(expected.encode(), access_token.encode())
        if found is None or not expected or not fits or found[0].state != RecordingState.READY:
            raise _unknown()
        recording, title = found
        path = self._files.of(recording.id) / recording.file_name
        try:
            size = (await asyncio.to_thread(path.stat)).st_size
        except OSError:
            raise _unknown() from None
        name = _name(title, recording.started_at) + path.suffix
        return RecordedFile(recording.id, path, size, name, content_type(recording))


def content_type(recording: MeetingRecording) -> str:
    return CONTENT_TYPES[Path(recording.file_name).suffix]


def _expected(recording: MeetingRecording, given: str) -> str:
    """The token that the given one must be, empty where its time is over. That of a room's recording has to
    have one."""
    until, dot, _ = given.partition(".")
    if not dot:
        return recording.access_token if recording.meeting_id is not None else ""
    seconds = int(until) if _SECONDS.fullmatch(until) else 0
    return f"{until}.{_mac(recording, seconds)}" if seconds > now().timestamp() else ""


def _mac(recording: MeetingRecording, until: int) -> str:
    text = f"{recording.id} {until}".encode()
    return hmac.digest(recording.access_token.encode(), text, "sha256").hex()


def _name(title: str, started: datetime) -> str:
    words = _UNFIT.sub(" ", title).strip(" .")[:_LONGEST_NAME].rstrip() or "Meeting"
    return f"{words} {started:%Y-%m-%d}"


def _unknown() -> NotFound:
    return NotFound(ErrorCode.RECORDING_NOT_FOUND, "id")
