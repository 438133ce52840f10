"""Call records: what calls there were, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

from msgspec import Struct
from sqlalchemy import JSON, ForeignKey, Index, Select, String, false, select, text, tuple_
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, BigId, OfOrganization, now
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, NotFound
from switchroom.telephony.resources.actor import Actor


class CallRecord(OfOrganization, Base):
    """Record of a call and somebody whom it rang, or of a call that rang nobody. It began at `started_at`;
    durations are in seconds. `owner_id` is the user whose call it was: the called user or, of a call to
    outside, the calling one; `caller_user_id` is the user who called, where that is another. While the call
    is up the record `is_live`."""

    __tablename__ = "call_records"
    __table_args__ = (
        Index("ix_call_records_in_order", "organization_id", "started_at", "id"),
        Index("ix_call_records_by_direction", "organization_id", "direction", "started_at", "id"),
        Index("ix_call_records_of_owner", "organization_id", "owner_id", "started_at", "id"),
        Index(
            "ix_call_records_of_caller",
            "caller_user_id",
            "started_at",
            "id",
            sqlite_where=text("caller_user_id IS NOT NULL"),
            postgresql_where=text("caller_user_id IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    # The indexes above begin with it.
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    direction: Mapped[str] = mapped_column(String(8))
    started_at: Mapped[datetime] = mapped_column(default=now)
    owner_id: Mapped[int | None] = mapped_column(
        ForeignKey("memberships.id", ondelete="SET NULL"), index=True
    )
    caller_user_id: Mapped[int | None] = mapped_column(ForeignKey("memberships.id", ondelete="SET NULL"))
    is_live: Mapped[bool] = mapped_column(default=False, server_default=false())
    first_name: Mapped[str | None] = mapped_column(String(200))
    last_name: Mapped[str | None] = mapped_column(String(200))
    caller_id_name: Mapped[str] = mapped_column(String(200), default="")
    caller_id_number: Mapped[str] = mapped_column(String(64), default="")
    callee_id_name: Mapped[str] = mapped_column(String(200), default="")
    callee_id_number: Mapped[str] = mapped_column(String(64), default="")
    caller_callid: Mapped[str] = mapped_column(String(255), default="")
    callee_callid: Mapped[str] = mapped_column(String(255), default="")
    duration_seconds: Mapped[int] = mapped_column(default=0)
    billing_seconds: Mapped[int] = mapped_column(default=0)
    ringing_seconds: Mapped[int] = mapped_column(default=0)
    hangup_cause: Mapped[str] = mapped_column(String(64), default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class CallRecordView(Struct, frozen=True, kw_only=True):
    """A call. `hangup_cause` is `NO ANSWER` for one that was missed; `timestamp` is in Unix seconds. Records
    of one call have the same `interaction_id`, which the call has in events."""

    id: int
    interaction_id: str
    caller_id_name: str
    caller_id_number: str
    callee_id_name: str
    callee_id_number: str
    first_name: str | None
    last_name: str | None
    owner_id: int | None
    call_direction: str
    caller_callid: str
    callee_callid: str
    billing_seconds: int
    duration_seconds: int
    duraction_seconds: int
    ringing_seconds: int
    hangup_cause: str
    timestamp: int
    cost: float
    detected_country: str
    detected_operator: str
    detected_type: str


class RecordPlace(Struct, frozen=True):
    """Place in the order of the records."""

    started_at: datetime
    id: int


class HistoryQuery(Struct, frozen=True, kw_only=True):
    """Query for records: of a direction (empty for all) or a user, from one moment until before another."""

    direction: str = ""
    owner_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: RecordPlace | None = None
    limit: int = 100


class HistoryPage(Struct, frozen=True):
    """Records, and the place after which the next begin; None at the end."""

    records: Sequence[CallRecordView]
    next_after: RecordPlace | None


class CallHistory:
    """The records of calls that have ended. Users see their own: of calls to them, and by them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, actor: Actor, query: HistoryQuery) -> HistoryPage:
        rows = _ENDED.where(CallRecord.organization_id == actor.organization_id)
        if query.direction:
            rows = rows.where(CallRecord.direction == query.direction)
        if query.since is not None:
            rows = rows.where(CallRecord.started_at >= query.since)
        if query.until is not None:
            rows = rows.where(CallRecord.started_at < query.until)
        if query.after is not None:
            place = (query.after.started_at, query.after.id)
            rows = rows.where(tuple_(CallRecord.started_at, CallRecord.id) > place)
        rows = rows.order_by(CallRecord.started_at, CallRecord.id).limit(query.limit + 1)
        async with self._database.read(actor.organization_id) as session:
            parts = [(await session.scalars(part)).all() for part in _of_users(rows, actor, query.owner_id)]
        found = list(islice(merge(*parts, key=_place), query.limit + 1))
        shown = found[: query.limit]
        last = RecordPlace(*_place(shown[-1])) if len(found) > query.limit else None
        return HistoryPage([view_of(one) for one in shown], last)

    async def read(self, actor: Actor, record_id: int) -> CallRecordView:
        """Raises NotFound."""
        async with self._database.read(actor.organization_id) as session:
            query = _ENDED.where(CallRecord.organization_id == actor.organization_id)
            found = await session.scalar(query.where(CallRecord.id == record_id))
        if found is None or (actor.is_user and actor.user_id not in (found.owner_id, found.caller_user_id)):
            raise NotFound(ErrorCode.RESOURCE_NOT_FOUND, "id", kind="call", id=record_id)
        return view_of(found)


_ENDED = select(CallRecord).where(CallRecord.is_live.is_(False))


def _of_users(rows: Select[CallRecord], actor: Actor, user_id: int | None) -> Sequence[Select[CallRecord]]:
    """The records as the actor sees them, of one user or all, in parts that have none in common: each has an
    index for it."""
    if actor.is_user:
        if user_id not in (None, actor.user_id):
            return ()
        user_id = actor.user_id
    if user_id is None:
        return (rows,)
    return rows.where(CallRecord.owner_id == user_id), rows.where(CallRecord.caller_user_id == user_id)


def _place(row: CallRecord) -> tuple[datetime, int]:
    return row.started_at, row.id


def view_of(row: CallRecord) -> CallRecordView:
    """The record as it is told."""
    return CallRecordView(
        id=row.id,
        interaction_id=str(row.details.get("interaction_id", "")),
        caller_id_name=row.caller_id_name,
        caller_id_number=row.caller_id_number,
        callee_id_name=row.callee_id_name,
        callee_id_number=row.callee_id_number,
        first_name=row.first_name,
        last_name=row.last_name,
        owner_id=row.owner_id,
        call_direction=row.direction,
        caller_callid=row.caller_callid,
        callee_callid=row.callee_callid,
        billing_seconds=row.billing_seconds,
        duration_seconds=row.duration_seconds,
        duraction_seconds=row.duration_seconds,
        ringing_seconds=row.ringing_seconds,
        hangup_cause=row.hangup_cause,
        timestamp=int(row.started_at.timestamp()),
        cost=float(row.details.get("cost", 0)),
        detected_country=str(row.details.get("detected_country", "")),
        detected_operator=str(row.details.get("detected_operator", "")),
        detected_type=str(row.details.get("detected_type", "")),
    )
