"""Recordings of calls."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Literal

from msgspec import Struct
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.errors import ErrorCode, NotFound
from switchroom.telephony.resources.actor import Actor
from switchroom.telephony.resources.fields import Id, Text
from switchroom.telephony.resources.resource import Resource
from switchroom.telephony.resources.rows import OwnedRow, resource_table
from switchroom.telephony.resources.service import Resources, require

_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav"}


class CallRecording(Struct, frozen=True, kw_only=True):
    """The recording of a call."""

    owner_id: Id | None = None
    name: Text = ""
    format: Literal["mp3", "wav"] = "mp3"


class CallRecordingRow(OwnedRow):
    """The recording of a call; `file` is its name in the directory of call recordings, empty while it is
    being made."""

    __tablename__ = "call_recordings"
    __table_args__ = resource_table("call_recordings")

    format: Mapped[str] = mapped_column(String(3))
    file: Mapped[str] = mapped_column(String(64), default="")


class Recordings(Resource[CallRecording, CallRecordingRow]):
    name, singular = "recordings", "recording"
    draft, table = CallRecording, CallRecordingRow
    owner = "owner_id"
    filters = (("owner_id", int),)
    is_made = False

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    async def deleted(self, row: CallRecordingRow) -> None:
        if row.file:
            await asyncio.to_thread((self.directory / row.file).unlink, missing_ok=True)


class RecordingFiles:
    """The files of recordings."""

    def __init__(self, resources: Resources, recordings: Recordings) -> None:
        self._resources = resources
        self._recordings = recordings

    async def download(self, actor: Actor, recording_id: int) -> tuple[str, bytes]:
        """The type of the sound, and the sound. Raises NotFound."""
        async with self._resources.reading(actor) as work:
            row = await require(work, self._recordings, recording_id)
        content = b""
        if row.file:
            with contextlib.suppress(OSError):
                content = await asyncio.to_thread((self._recordings.directory / row.file).read_bytes)
        if not content:
            raise NotFound(ErrorCode.SOUND_MISSING, "id")
        return _TYPES[row.format], content
