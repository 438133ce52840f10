"""Tables of web hooks: who wants which events where, what is to be delivered, and how far the log is read."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, BigId, OfOrganization, now


class Verb(StrEnum):
    POST = "post"
    PUT = "put"


class DeliveryState(StrEnum):
    """A delivery waits for its time, has been accepted by the receiver, or has been given up."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


class WebHook(OfOrganization, Base):
    """An address that wants events. The secret stands here as it is: each delivery is signed with it.

    `after_event` is the newest event of the time when the hook was switched on: it gets what comes after.
    `problem` says why the last delivery that was given up was.
    """

    __tablename__ = "web_hooks"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(2000))
    verb: Mapped[str] = mapped_column(String(4), default=Verb.POST)
    types: Mapped[list[str]] = mapped_column(default=list)
    secret: Mapped[str] = mapped_column(String(200))
    enabled: Mapped[bool] = mapped_column(default=True)
    custom_data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    after_event: Mapped[int] = mapped_column(BigId)
    problem: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class Delivery(OfOrganization, Base):
    """One event for one hook. `body` is what is sent, the same each time.

    `next_attempt_at` lies in the future as well while a worker has the delivery in hand, so that another
    takes it up only when the first is gone. `attempts` counts the times it was taken up.
    """

    __tablename__ = "web_hook_deliveries"
    __table_args__ = (
        UniqueConstraint("hook_id", "event_id"),
        Index(
            "ix_web_hook_deliveries_due",
            "hook_id",
            "next_attempt_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "ix_web_hook_deliveries_in_order",
            "hook_id",
            "event_id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "ix_web_hook_deliveries_of_object",
            "hook_id",
            "object_id",
            "event_id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    hook_id: Mapped[int] = mapped_column(ForeignKey("web_hooks.id", ondelete="CASCADE"))
    event_id: Mapped[int] = mapped_column(BigId)
    event_type: Mapped[str] = mapped_column(String(64))
    object_id: Mapped[str] = mapped_column(String(36))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(9), default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    last_status: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    finished_at: Mapped[datetime | None]


STILL_WAITING = Delivery.state == literal_column(f"'{DeliveryState.WAITING}'")
"""Written into the statement, not bound to it, so that the indexes of what waits serve it."""


class LogPosition(Base):
    """How far a reader of the event log has come."""

    __tablename__ = "event_log_positions"

    reader: Mapped[str] = mapped_column(String(32), primary_key=True)
    event_id: Mapped[int] = mapped_column(BigId)
