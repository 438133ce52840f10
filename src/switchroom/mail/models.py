"""The table of mail on its way out."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum

from sqlalchemy import Index, SmallInteger, String, Text, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, OfOrganization, now
from switchroom.db.clock import clock
from switchroom.identity.models import new_id


class MailState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class MailPriority(IntEnum):
    """Which mails go first, those of the lowest number: what somebody waits for at this moment (URGENT), what
    is for a few people (ORDINARY), what is for many (BULK)."""

    URGENT = 0
    ORDINARY = 1
    BULK = 2


class QueuedMail(OfOrganization, Base):
    """One mail, or one to several people: that has no recipient, and the process that comes upon it puts
    everybody's mail in its place. `batch_id` is that of the task that it belongs to, if somebody follows one.

    `payload` is what the mail says as JSON (`mail.queue`), emptied once the mail is sent or failed: it holds
    the way into a room.
    `next_attempt_at` is the end of its lease while a `worker` has the mail in hand, so that another takes it
    up only when the first is gone. `attempts` counts the times it was taken up.
    """

    __tablename__ = "queued_mails"
    __table_args__ = (
        Index(
            "ix_queued_mails_due",
            "priority",
            "next_attempt_at",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index(
            "ix_queued_mails_of_batch",
            "batch_id",
            "state",
            sqlite_where=text("batch_id IS NOT NULL"),
            postgresql_where=text("batch_id IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    recipient: Mapped[str] = mapped_column(String(254))
    calendar_uid: Mapped[str] = mapped_column(String(100), index=True)
    payload: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(8), default=MailState.QUEUED)
    priority: Mapped[int] = mapped_column(SmallInteger, default=MailPriority.ORDINARY, server_default="1")
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(default=clock())
    worker: Mapped[str] = mapped_column(String(32), default="", server_default="")
    last_error: Mapped[str] = mapped_column(String(500), default="")
    batch_id: Mapped[str | None] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)


STILL_QUEUED = QueuedMail.state == literal_column(f"'{MailState.QUEUED}'")
"""Written into the statement, not bound to it, so that the index of queued mail serves it."""
