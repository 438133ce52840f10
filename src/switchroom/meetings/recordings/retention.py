"""Retention of recordings of rooms; those of meetings go with them (`meetings.lifecycle`)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from switchroom.accounts.models import MeetingTerms
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.meetings.recordings.models import MeetingRecording, RecordingState

_AT_ONCE = 500
_FINISHED = (RecordingState.READY, RecordingState.FAILED)


async def delete_old(database: Database) -> int:
    """Delete recordings of rooms that ended as long ago as their organization keeps meetings. Returns how
    many. The files follow."""
    # One look into the index for each organization.
    oldest = (
        select(MeetingRecording.ended_at)
        .where(
            MeetingRecording.organization_id == MeetingTerms.organization_id,
            MeetingRecording.room_id.is_not(None),
            MeetingRecording.ended_at.is_not(None),
        )
        .order_by(MeetingRecording.ended_at)
        .limit(1)
        .correlate(MeetingTerms)
        .scalar_subquery()
    )
    query = select(MeetingTerms.organization_id, MeetingTerms.delete_after_days, oldest)
    async with database.read(None) as session:
        rows = (await session.execute(query.where(oldest.is_not(None)))).all()
    removed = 0
    for organization_id, days, ended_at in rows:
        since = now() - timedelta(days=days)
        if ended_at < since:
            removed += await _delete_old_of(database, organization_id, since)
    return removed


async def _delete_old_of(database: Database, organization_id: int, since: datetime) -> int:
    """Delete what ended before `since`, some at a time."""
    old = (
        select(MeetingRecording.id)
        .where(
            MeetingRecording.organization_id == organization_id,
            MeetingRecording.room_id.is_not(None),
            MeetingRecording.ended_at < since,
            MeetingRecording.state.in_(_FINISHED),
        )
        .order_by(MeetingRecording.ended_at)
        .limit(_AT_ONCE)
    )
    removed = 0
    while True:
        async with database.write(organization_id) as session:
            ids = (await session.scalars(old.with_for_update(skip_locked=True))).all()
            gone = delete(MeetingRecording).where(MeetingRecording.id.in_(ids))
            await session.execute(gone.execution_options(synchronize_session=False))
        removed += len(ids)
        if len(ids) < _AT_ONCE:
            return removed
