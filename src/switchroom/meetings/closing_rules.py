"""Closing rules: what of a meeting is over, and which occurrence comes next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.events.append import append
from switchroom.events.types import MeetingClosed
from switchroom.meetings import occurrences as occurrences
from switchroom.meetings.lookup import Found
from switchroom.meetings.models import Meeting, OccurrenceChange
from switchroom.meetings.occurrences import Changes, Occurrence
from switchroom.meetings.views import MeetingView, snapshot

PUNCTUAL = timedelta(minutes=1)
"""An occurrence that is closed so soon after its end was not extended."""

SUMMARY_AFTER = timedelta(minutes=5)
"""Time from the close of a meeting to the event that its summary is there."""


async def close_occurrence(
    session: AsyncSession, found: Found, shown: MeetingView, *, early: bool
) -> MeetingView:
    """Write down that what is shown is over, perhaps before its end, and what comes next."""
    meeting, moment = found.meeting, now()
    changes = found.changes
    if meeting.recurrence is None:
        meeting.closed_at = moment
    elif early or (shown.terms.auto_extend and moment >= shown.occurrence.end + PUNCTUAL):
        change = await change_for(session, found, shown.occurrence)
        change.closed_at = moment
        changes = {**changes, change.original_start_at: change}
    set_ends(meeting, changes, moment)
    meeting.summary_due_at = moment + SUMMARY_AFTER
    closed = structs.replace(shown, occurrence=structs.replace(shown.occurrence, closed_at=moment))
    append(session, meeting.organization_id, snapshot(MeetingClosed, closed), meeting.id)
    return closed


async def change_for(session: AsyncSession, found: Found, occurrence: Occurrence) -> OccurrenceChange:
    """The row of what is different about an occurrence, made when there is none."""
    row = found.changes.get(occurrence.original_start)
    if row is None:
        row = OccurrenceChange(
            organization_id=found.meeting.organization_id,
            meeting_id=found.meeting.id,
            original_start_at=occurrence.original_start,
            canceled=False,
        )
        session.add(row)
    return row


async def fitting_changes(
    session: AsyncSession, meeting: Meeting, changes: Changes, moved: Callable[[datetime], datetime]
) -> Changes:
    """The changes of occurrences that the series still has, of a series that has been `moved`; the others
    are removed. What was canceled stays so."""
    fitting: dict[datetime, OccurrenceChange] = {}
    anew: list[OccurrenceChange] = []
    for row in changes.values():
        start = moved(row.original_start_at)
        series_has_it = meeting.recurrence is not None and (
            row.canceled or occurrences.occurrence_at(meeting, {}, start) is not None
        )
        if series_has_it and start == row.original_start_at:
            fitting[start] = row
            continue
        await session.delete(row)
        if series_has_it:
            anew.append(
                OccurrenceChange(
                    organization_id=row.organization_id,
                    meeting_id=row.meeting_id,
                    original_start_at=start,
                    start_at=row.start_at,
                    end_at=row.end_at,
                    topic=row.topic,
                    agenda=row.agenda,
                    canceled=row.canceled,
                    closed_at=row.closed_at,
                )
            )
    await session.flush()  # one may come to where another was
    session.add_all(anew)
    return {**fitting, **{row.original_start_at: row for row in anew}}


def set_ends(meeting: Meeting, changes: Changes, moment: datetime) -> None:
    """Write down when what is on or comes next ends, and when the last occurrence does. A series of which
    nothing is to come is closed for good."""
    meeting.last_end_at = occurrences.last_end(meeting, changes)
    if meeting.recurrence is None:
        meeting.next_end_at = meeting.end_at if meeting.closed_at is None else None
        return
    following = occurrences.current(meeting, changes, moment)
    meeting.next_end_at = following.end if following is not None else None
    if following is None and meeting.closed_at is None:
        meeting.closed_at = moment
