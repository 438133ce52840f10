"""Table of events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, BigId, OfOrganization, now


class Event(OfOrganization, Base):
    """Event in the log: something that happened to an object (a room, a link, a person …), written once and
    never changed.

    Ids grow in the order in which transactions are committed, and none is given twice.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_in_order", "organization_id", "id"),
        Index("ix_events_of_object", "organization_id", "object_id", "id"),
        Index("ix_events_of_type", "organization_id", "type", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(64))
    object_id: Mapped[str] = mapped_column(String(36))
    occurred_at: Mapped[datetime] = mapped_column(default=now, index=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
