"""What moderators have granted and revoked, kept beyond the process that has the room."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base


class RoomOverride(Base):
    """What one person may do in a live room beyond, or short of, what their admission says."""

    __tablename__ = "room_overrides"

    room_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    granted: Mapped[int] = mapped_column(default=0)
    revoked: Mapped[int] = mapped_column(default=0)
