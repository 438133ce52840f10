"""The table of messages in voicemail boxes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, BigId, OfOrganization, now
from switchroom.telephony.routing.voicemail.box import Folder


class VoicemailMessage(OfOrganization, Base):
    """A message. `file` is what its sound is called in the directory of the box (`files.MessageFiles`), and
    `size` how many bytes that has. `caller_number` is empty where it was withheld; `called_number` is what
    the caller had dialled."""

    __tablename__ = "voicemail_messages"
    __table_args__ = (
        Index("ix_voicemail_messages_in_box", "box_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    box_id: Mapped[int] = mapped_column(BigId, ForeignKey("voicemail_boxes.id", ondelete="CASCADE"))
    folder: Mapped[str] = mapped_column(String(8), default=Folder.NEW)
    caller_name: Mapped[str] = mapped_column(String(200), default="")
    caller_number: Mapped[str] = mapped_column(String(64), default="")
    called_number: Mapped[str] = mapped_column(String(64), default="")
    call_id: Mapped[str] = mapped_column(String(255), default="")
    milliseconds: Mapped[int]
    file: Mapped[str] = mapped_column(String(32))
    size: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(default=now, index=True)
