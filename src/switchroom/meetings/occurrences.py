"""Occurrences of a meeting: by its recurrence, with what is different about single ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from switchroom.meetings.models import Meeting, OccurrenceChange
from switchroom.meetings.recurrence import (
    MOST_OCCURRENCES,
    EndsType,
    Recurrence,
    last_start,
    occurrence_starts,
)

_ID = re.compile("[0-9a-f]{24}")
_END = datetime.fromtimestamp(1 << 32, UTC)
"""End of all series, in 2106: an occurrence is named by 32 bits of its start."""
_AHEAD = 32
"""Occurrences looked through at a time for the next that is neither canceled nor closed."""


class Occurrence(Struct, frozen=True):
    """Occurrence of a meeting: one time that it takes place. `original_start` is the one that the series
    says."""

    original_start: datetime
    start: datetime
    end: datetime
    topic: str
    agenda: str
    closed_at: datetime | None = None


Changes = Mapping[datetime, OccurrenceChange]
"""Changes of single occurrences, by the start that the series says."""


def recurrence_of(meeting: Meeting) -> Recurrence | None:
    if meeting.recurrence is None:
        return None
    return msgspec.convert(meeting.recurrence, Recurrence)


def changes_by_start(rows: Sequence[OccurrenceChange]) -> Changes:
    return {row.original_start_at: row for row in rows}


def occurrences(
    meeting: Meeting,
    changes: Changes,
    *,
    from_: datetime | None = None,
    until: datetime | None = None,
    limit: int,
) -> list[Occurrence]:
    """The first `limit` that end after `from_` and begin before `until`, in order of their start."""
    recurrence = recurrence_of(meeting)
    if recurrence is None:
        only = _occurrence(meeting, meeting.start_at, None)
        return [only] if _within(only, from_, until) else []
    length = meeting.end_at - meeting.start_at
    moved = {start: row for start, row in changes.items() if row.start_at is not None and not row.canceled}
    untouched = [
        _occurrence(meeting, start, changes.get(start))
        for start in occurrence_starts(
            recurrence,
            meeting.start_at,
            meeting.timezone,
            from_=from_ - length + timedelta(microseconds=1) if from_ is not None else None,
            until=min(until, _END) if until is not None else _END,
            limit=limit + len(changes),
        )
        if start not in moved and not _is_canceled(changes.get(start))
    ]
    elsewhere = [_occurrence(meeting, start, row) for start, row in moved.items()]
    found = [one for one in (*untouched, *elsewhere) if _within(one, from_, until)]
    return sorted(found, key=lambda one: (one.start, one.original_start))[:limit]


def first(meeting: Meeting) -> Occurrence:
    """The one that a meeting begins with, as long as nothing is different about it."""
    return _occurrence(meeting, meeting.start_at, None)


def occurrence_at(meeting: Meeting, changes: Changes, original_start: datetime) -> Occurrence | None:
    """The one that the series has at this start, unless it is canceled."""
    if _is_canceled(changes.get(original_start)):
        return None
    recurrence = recurrence_of(meeting)
    if recurrence is None:
        return _occurrence(meeting, meeting.start_at, None) if original_start == meeting.start_at else None
    found = occurrence_starts(
        recurrence, meeting.start_at, meeting.timezone, from_=original_start, until=_END, limit=1
    )
    if found != [original_start]:
        return None
    return _occurrence(meeting, original_start, changes.get(original_start))


def current(meeting: Meeting, changes: Changes, moment: datetime) -> Occurrence | None:
    """Occurrence that is on, or comes next; None when none is to come."""
    after = moment
    while True:
        found = occurrences(meeting, changes, from_=after, limit=_AHEAD)
        for one in found:
            if one.closed_at is None and meeting.closed_at is None:
                return one
        if len(found) < _AHEAD:
            return None
        after = found[-1].end


def shown(meeting: Meeting, changes: Changes, moment: datetime) -> Occurrence:
    """Occurrence that is on or comes next, or else the last: a meeting as a whole shows this one."""
    following = current(meeting, changes, moment)
    if following is not None:
        return following
    return last_begun(meeting, changes, moment)


def last_begun(meeting: Meeting, changes: Changes, moment: datetime) -> Occurrence:
    """The last that begins before the moment, or else the first there is."""
    last = _last(meeting, changes, moment)
    return last or _occurrence(meeting, meeting.start_at, changes.get(meeting.start_at))


def last_end(meeting: Meeting, changes: Changes) -> datetime | None:
    """A time after which the meeting does not take place any more; None when it always will."""
    recurrence = recurrence_of(meeting)
    if recurrence is None:
        return meeting.end_at
    if recurrence.ends_type is EndsType.NEVER:
        return None
    length = meeting.end_at - meeting.start_at
    if recurrence.ends_type is EndsType.ON_DATE and recurrence.ends_on is not None:
        end = recurrence.ends_on.astimezone(UTC) + length
    else:
        end = last_start(recurrence, meeting.start_at, meeting.timezone) + length
    return max([end, *(row.end_at for row in changes.values() if row.end_at is not None)])


def id_of(meeting: Meeting, occurrence: Occurrence) -> str:
    """24 hexadecimal characters that name the occurrence; those of the meeting for its first."""
    if meeting.recurrence is None or occurrence.original_start == meeting.start_at:
        return meeting.hex_id
    return explicit_id_of(meeting, occurrence)


def explicit_id_of(meeting: Meeting, occurrence: Occurrence) -> str:
    """Id as of `id_of`, but the first occurrence of a series has one of its own too."""
    if meeting.recurrence is None:
        return meeting.hex_id
    return f"{meeting.hex_id[:16]}{int(occurrence.original_start.timestamp()):08x}"


def parse_id(hex_id: str) -> tuple[str, datetime] | None:
    """The first 16 characters of the meeting's id and the start of the occurrence, for what may be one's."""
    if not _ID.fullmatch(hex_id):
        return None
    return hex_id[:16], datetime.fromtimestamp(int(hex_id[16:], 16), UTC)


def _last(meeting: Meeting, changes: Changes, moment: datetime) -> Occurrence | None:
    until = min(meeting.last_end_at, moment) if meeting.last_end_at is not None else moment
    length = meeting.end_at - meeting.start_at
    for span in _growing(until - meeting.start_at + length):
        found = occurrences(meeting, changes, from_=until - span, until=until, limit=MOST_OCCURRENCES)
        if found:
            return found[-1]
    return None


def _growing(whole: timedelta) -> Iterator[timedelta]:
    span = timedelta(days=32)
    while span < whole:
        yield span
        span *= 8
    yield whole


def _within(one: Occurrence, from_: datetime | None, until: datetime | None) -> bool:
    return (from_ is None or one.end > from_) and (until is None or one.start < until)


def _is_canceled(row: OccurrenceChange | None) -> bool:
    return row is not None and row.canceled


def _occurrence(meeting: Meeting, original_start: datetime, row: OccurrenceChange | None) -> Occurrence:
    start = row.start_at if row is not None and row.start_at is not None else original_start
    length = meeting.end_at - meeting.start_at
    end = row.end_at if row is not None and row.end_at is not None else start + length
    return Occurrence(
        original_start=original_start,
        start=start,
        end=end,
        topic=row.topic if row is not None and row.topic is not None else meeting.topic,
        agenda=row.agenda if row is not None and row.agenda is not None else meeting.agenda,
        closed_at=row.closed_at if row is not None and row.closed_at is not None else meeting.closed_at,
    )
