"""The table of recordings."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, OfOrganization, now
from switchroom.identity.models import new_hex_id


class RecordingState(StrEnum):
    """READY is one that can be watched. Of one that has FAILED what was recorded is kept."""

    RECORDING = "recording"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class RecordingFailure(StrEnum):
    """Reason why the file of a recording could not be made: what was recorded could not be read, the programs
    ended with an error or took too long, the disk was full or failed."""

    UNREADABLE = "unreadable"
    NOT_MADE = "not_made"
    TIMED_OUT = "timed_out"
    DISK_FULL = "disk_full"
    DISK = "disk"


def _new_access_token() -> str:
    return secrets.token_urlsafe(32)


class MeetingRecording(OfOrganization, Base):
    """Recording of a meeting, or of a room that is no meeting's: one of `meeting_id` and `room_id` is set.

    `worker` records it, or makes its file, until `due_at`, and says from time to time that it lives by moving
    that on; after it, another takes over. `size` is in bytes, `duration` in milliseconds. Anybody with the
    `access_token` may have the file of a meeting; with that of a room, addresses are made that expire.
    `failure` is a `RecordingFailure`, empty for none.
    """

    __tablename__ = "meeting_recordings"
    __table_args__ = (
        Index("ix_meeting_recordings_due", "due_at"),
        Index("ix_meeting_recordings_listed", "meeting_id", "started_at"),
        Index("ix_meeting_recordings_of_room", "room_id", "started_at"),
        Index("ix_meeting_recordings_by_start", "organization_id", "started_at", "id"),
        Index(
            "ix_meeting_recordings_kept",
            "organization_id",
            "ended_at",
            sqlite_where=text("room_id IS NOT NULL"),
            postgresql_where=text("room_id IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(24), primary_key=True, default=new_hex_id)
    meeting_id: Mapped[str | None] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    room_id: Mapped[str | None] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(16), default=RecordingState.RECORDING)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    worker: Mapped[str] = mapped_column(String(32), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    file_name: Mapped[str] = mapped_column(String(64), default="")
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    duration: Mapped[int] = mapped_column(BigInteger, default=0)
    failure: Mapped[str] = mapped_column(String(32), default="")
    access_token: Mapped[str] = mapped_column(String(64), default=_new_access_token)
    created_at: Mapped[datetime] = mapped_column(default=now)
