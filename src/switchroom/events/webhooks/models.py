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
    """An address that wants events: those of its organization or, without one, of the whole platform. The
    platform's hooks have names of their own each.

    `after_event` is the newest event of the time when the hook was switched on: it gets what comes after.
    `problem` says why the last delivery that was given up was. The secret stands here as it is: each delivery
    is signed with it. `api_key` is sent along if there is one. `view` names who renders the bodies.
    A delivery that fails is tried `retries` times more, None for as often as the schedule says.
    """

    __tablename__ = "web_hooks"
    __table_args__ = (
        Index(
            "uq_web_hooks_name_on_platform",
            "name",
            unique=True,
            sqlite_where=text("organization_id IS NULL"),
            postgresql_where=text("organization_id IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int | None] = mapped_column(  # pyright: ignore[reportIncompatibleVariableOverride]
        ForeignKey("organizations.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(2000))
    verb: Mapped[str] = mapped_column(String(4), default=Verb.POST)
    types: Mapped[list[str]] = mapped_column(default=list)
    secret: Mapped[str] = mapped_column(String(200))
    api_key: Mapped[str] = mapped_column(String(200), default="")
    view: Mapped[str] = mapped_column(String(32), default="")
    enabled: Mapped[bool] = mapped_column(default=True)
    custom_data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    retries: Mapped[int | None]
    after_event: Mapped[int] = mapped_column(BigId)
    problem: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class Message(Base):
    """Message about an event: what is sent, the same each time and to all hooks that get it in this form."""

    __tablename__ = "web_hook_messages"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    event_id: Mapped[int] = mapped_column(BigId)
    event_type: Mapped[str] = mapped_column(String(64))
    object_id: Mapped[str] = mapped_column(String(36))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)


class Delivery(OfOrganization, Base):
    """Delivery of one event to one hook. `attempts` counts those that had a result.

    The table takes in every event for every hook: it has the keys that it needs and no others. A delivery
    goes with its hook, and so with the hook's organization; a message goes after the last of its deliveries.
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
            "ix_web_hook_deliveries_failed",
            "hook_id",
            "object_id",
            "event_id",
            sqlite_where=text("state = 'waiting' AND attempts > 0"),
            postgresql_where=text("state = 'waiting' AND attempts > 0"),
        ),
        Index(
            "ix_web_hook_deliveries_dead",
            "id",
            sqlite_where=text("state = 'dead'"),
            postgresql_where=text("state = 'dead'"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int | None] = mapped_column(BigId)  # pyright: ignore[reportIncompatibleVariableOverride]
    hook_id: Mapped[int] = mapped_column(ForeignKey("web_hooks.id", ondelete="CASCADE"))
    event_id: Mapped[int] = mapped_column(BigId)
    event_type: Mapped[str] = mapped_column(String(64))
    object_id: Mapped[str] = mapped_column(String(36))
    message_id: Mapped[int] = mapped_column(BigId)
    state: Mapped[str] = mapped_column(String(9), default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    last_status: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    finished_at: Mapped[datetime | None]


STILL_WAITING = Delivery.state == literal_column(f"'{DeliveryState.WAITING}'")
"""Written into the statement, not bound to it, so that the indexes of what waits serve it."""


class HookLease(Base):
    """Lease of a hook: which worker delivers for it, and until when if it says no more. No two do."""

    __tablename__ = "web_hook_leases"

    hook_id: Mapped[int] = mapped_column(
        ForeignKey("web_hooks.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    worker: Mapped[str] = mapped_column(String(32), index=True)
    until: Mapped[datetime]


class LogPosition(Base):
    """Position in the event log up to which a reader has come."""

    __tablename__ = "event_log_positions"

    reader: Mapped[str] = mapped_column(String(32), primary_key=True)
    event_id: Mapped[int] = mapped_column(BigId)
