"""Batches: work on many things in pieces, whose progress those who asked for it can follow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from sqlalchemy import ForeignKey, Index, String, Text, literal_column, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, OfOrganization, now
from switchroom.db.clock import clock
from switchroom.db.database import insert_values


class BatchState(StrEnum):
    """A batch is WAITING until all its pieces are DONE. The things of one that is FOLLOWED are done by
    themselves."""

    WAITING = "waiting"
    DONE = "done"
    FOLLOWED = "followed"


class Batch(OfOrganization, Base):
    """One batch. `terms` are what all its things have in common, as JSON. `due_at` is the end of its lease
    while a `worker` has it in hand; `attempts` counts the times it was taken up."""

    __tablename__ = "batches"
    __table_args__ = (
        Index(
            "ix_batches_due",
            "due_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    created_by: Mapped[str] = mapped_column(String(36))
    terms: Mapped[str] = mapped_column(Text, default="")
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(8), default=BatchState.WAITING)
    due_at: Mapped[datetime] = mapped_column(default=clock())
    worker: Mapped[str] = mapped_column(String(32), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)


class BatchPiece(Base):
    """A piece of a batch. `payload` is a JSON list of things, emptied when they are done; `failures` is one
    of what was wrong with them, empty for nothing."""

    __tablename__ = "batch_pieces"

    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    payload: Mapped[str] = mapped_column(Text)
    failures: Mapped[str] = mapped_column(Text, default="")
    is_done: Mapped[bool] = mapped_column(default=False)


BATCH_WAITS = Batch.state == literal_column(f"'{BatchState.WAITING}'")
"""Written into the statement, not bound to it, so that the index of waiting batches serves it."""


class BatchFailure(Struct, frozen=True):
    """Failure of one thing of a batch: its number, counted from 0, and an error's path, code and facts."""

    number: int
    path: str
    code: str
    facts: dict[str, str | int] = {}


async def add_pieces(session: AsyncSession, batch_id: str, payloads: Sequence[str]) -> None:
    """Write the pieces of a batch that has been flushed."""
    rows = [
        {"batch_id": batch_id, "number": number, "payload": payload}
        for number, payload in enumerate(payloads)
    ]
    await insert_values(session, BatchPiece, rows)
