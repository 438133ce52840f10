"""The table of named leases."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base


class NamedLease(Base):
    """Lease of work that one worker does at a time: who does it, and until when if it says no more."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    worker: Mapped[str] = mapped_column(String(32))
    until: Mapped[datetime]
