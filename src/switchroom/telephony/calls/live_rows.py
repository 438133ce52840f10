"""Tables of calls that are up, and of the workers that have them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, BigId, OfOrganization


class LiveCallRow(OfOrganization, Base):
    """A call that is up, written at each change. `snapshot` is the `CallSnapshot` in MessagePack; `records`
    are the ids of its records by their keys."""

    __tablename__ = "live_calls"

    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), index=True
    )
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    worker: Mapped[int] = mapped_column(index=True)
    started_at: Mapped[datetime]
    snapshot: Mapped[bytes] = mapped_column(LargeBinary)
    records: Mapped[dict[str, int]] = mapped_column(JSON)


class CallWorkerRow(Base):
    """A telephony worker, by its number. `process` is another at each start and begins with the id of its
    machine, `batch` the number of what it
    has written last, and `seen_at` when it was last there."""

    __tablename__ = "call_workers"

    number: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    process: Mapped[str] = mapped_column(String(32))
    batch: Mapped[int] = mapped_column(BigId)
    seen_at: Mapped[datetime]
