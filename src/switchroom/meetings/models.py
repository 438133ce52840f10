"""Tables of meetings: the meetings, their occurrences, the people invited, their chat."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.accounts.models import MeetingKind
from switchroom.db.base import Base, BigId, OfOrganization, now
from switchroom.identity.models import new_calendar_token, new_hex_id, new_id


class Meeting(OfOrganization, Base):
    """A room with a start and an end, perhaps recurring.

    `hex_id` is its name in the Web Meeting API, `number` the 16 digits that people type. `recurrence` holds
    the fields of `recurrence.Recurrence`. `last_end_at` is when its last occurrence ends, None for one that
    never does; `next_end_at` is when what is on, or comes next, ends, None when there is nothing to come.
    `closed_at` is when it was over, for a recurring one for good. `summary_due_at` is when the word goes out
    that the summary of what has been closed is there.
    """

    __tablename__ = "meetings"
    __table_args__ = (
        Index("ix_meetings_listed", "organization_id", "organizer_id", "start_at", "id"),
        Index("ix_meetings_by_start", "organization_id", "start_at", "id"),
        Index("ix_meetings_next_end", "next_end_at"),
        Index("ix_meetings_summary_due", "summary_due_at"),
        Index("ix_meetings_to_come", "organizer_id", "next_end_at"),
        Index(
            "ix_meetings_series",
            "organization_id",
            "organizer_id",
            "last_end_at",
            sqlite_where=text("recurrence IS NOT NULL"),
            postgresql_where=text("recurrence IS NOT NULL"),
        ),
        Index("ix_meetings_counted", "organization_id", "canceled_at"),
        Index("ix_meetings_over", "organization_id", text("coalesce(canceled_at, closed_at)")),
    )

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    hex_id: Mapped[str] = mapped_column(String(24), unique=True, default=new_hex_id)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    calendar_token: Mapped[str] = mapped_column(String(73), unique=True, default=new_calendar_token)
    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), unique=True)
    organizer_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    organizer_key: Mapped[str] = mapped_column(String(32))
    topic: Mapped[str] = mapped_column(String(200))
    agenda: Mapped[str] = mapped_column(Text, default="")
    documents: Mapped[list[Any]] = mapped_column(JSON, default=list)
    kind: Mapped[str] = mapped_column(String(16), default=MeetingKind.STANDARD)
    start_at: Mapped[datetime]
    end_at: Mapped[datetime]
    timezone: Mapped[str] = mapped_column(String(64))
    recurrence: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    last_end_at: Mapped[datetime | None]
    next_end_at: Mapped[datetime | None]
    permission_group_id: Mapped[str | None] = mapped_column(
        ForeignKey("permission_groups.id", ondelete="SET NULL")
    )
    early_access_minutes: Mapped[int] = mapped_column(default=0)
    recorded: Mapped[bool] = mapped_column(default=False)
    video_resolution: Mapped[str] = mapped_column(String(16), default="standard")
    dial_in_room: Mapped[str | None] = mapped_column(String(16))
    dial_in_pin: Mapped[str | None] = mapped_column(String(16))
    sequence: Mapped[int] = mapped_column(default=0)
    closed_at: Mapped[datetime | None]
    canceled_at: Mapped[datetime | None]
    summary_due_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class OccurrenceChange(OfOrganization, Base):
    """Change of one occurrence of a recurring meeting: the one that was to begin at
    `original_start_at`. `None` is what the series says."""

    __tablename__ = "meeting_occurrences"
    __table_args__ = (UniqueConstraint("meeting_id", "original_start_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    original_start_at: Mapped[datetime]
    start_at: Mapped[datetime | None]
    end_at: Mapped[datetime | None]
    topic: Mapped[str | None] = mapped_column(String(200))
    agenda: Mapped[str | None] = mapped_column(Text)
    canceled: Mapped[bool] = mapped_column(default=False)
    closed_at: Mapped[datetime | None]


class Invitee(OfOrganization, Base):
    """Invitee of a meeting, with the key of their personal link."""

    __tablename__ = "meeting_invitees"
    __table_args__ = (UniqueConstraint("meeting_id", "email"),)

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(254))
    first_name: Mapped[str] = mapped_column(String(200), default="")
    last_name: Mapped[str] = mapped_column(String(200), default="")
    locale: Mapped[str] = mapped_column(String(2), default="en")
    role: Mapped[str] = mapped_column(String(16))
    access_key: Mapped[str] = mapped_column(String(32))
    position: Mapped[int]


LONGEST_SENDER_NAME = 200


class MeetingChatMessage(OfOrganization, Base):
    """A line of a meeting's chat that was for everybody, kept for its summary."""

    __tablename__ = "meeting_messages"
    __table_args__ = (Index("ix_meeting_messages_in_order", "meeting_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    meeting_id: Mapped[str] = mapped_column(ForeignKey("meetings.id", ondelete="CASCADE"))
    sent_at: Mapped[datetime]
    sender_name: Mapped[str] = mapped_column(String(LONGEST_SENDER_NAME))
    text: Mapped[str] = mapped_column(Text)
