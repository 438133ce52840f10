"""The table of recordings."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, OfOrganization, now
from switchroom.identity.models import new_hex_id


class RecordingState(StrEnum):
    """READY is one that can be watched. Of one that has FAILED what was recorded is kept."""

    RECORDING = "recording"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


def _new_access_token() -> str:
    return secrets.token_urlsafe(32)


class MeetingRecording(OfOrganization, Base):
    """Recording of a meeting, from when somebody came in until the last had gone.

    `worker` records it, or makes its file, until `due_at`, and says from time to time that it lives by moving
    that on; after it, another takes over. `size` is in bytes, `duration` in milliseconds. Anybody with the
    `access_token` may have the file.
    """

    __tablename__ = "meeting_recordings"
    __table_args__ = (
        Index("ix_meeting_recordings_due", "due_at"),
        Index("ix_meeting_recordings_listed", "meeting_id", "started_at"),
        Index("ix_meeting_recordings_by_start", "organization_id", "started_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(24), primary_key=True, default=new_hex_id)
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(16), default=RecordingState.RECORDING)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    worker: Mapped[str] = mapped_column(String(32), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    file_name: Mapped[str] = mapped_column(String(64), default="")
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    duration: Mapped[int] = mapped_column(BigInteger, default=0)
    access_token: Mapped[str] = mapped_column(String(64), default=_new_access_token)
    created_at: Mapped[datetime] = mapped_column(default=now)
