"""Lists of meetings, an organizer's or an organization's, occurrence by occurrence."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import BigInteger, Select, bindparam, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import Instant
from switchroom.db.database import columns_of
from switchroom.meetings import occurrences as occurrences
from switchroom.meetings.drafts import EARLIEST, LATEST, LONGEST
from switchroom.meetings.models import Meeting, OccurrenceChange
from switchroom.meetings.occurrences import Changes, Occurrence
from switchroom.meetings.recurrence import FrequencyType, Recurrence, not_before
from switchroom.meetings.views import changes_of

_LOADED_AT_ONCE = 50
_MADE_AT_FIRST = 4
"""Occurrences of a series; four times as many when they are used up."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000
_DAYS: Mapping[str, int] = {FrequencyType.DAILY: 1, FrequencyType.WEEKLY: 7}
_ZONES = _DAY + 3_600_000_000
"""Microseconds: more than the offset of any time zone from UTC has ever changed by."""

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def of_organizer(person_id: str) -> Select[Meeting]:
    """The person's meetings that are not canceled, in order of their start."""
    return (
        select(Meeting)
        .where(Meeting.organizer_id == person_id, Meeting.canceled_at.is_(None))
        .order_by(Meeting.start_at, Meeting.id)
    )


def of_everybody() -> Select[Meeting]:
    """All meetings of the session's organization that are not canceled, in order of their start."""
    return select(Meeting).where(Meeting.canceled_at.is_(None)).order_by(Meeting.start_at, Meeting.id)


async def expanded(
    session: AsyncSession, person_id: str | None, from_: datetime | None, to: datetime | None, most: int
) -> list[tuple[Meeting, Occurrence]]:
    """The first `most` occurrences of the person's meetings, of everybody's for None, that end after `from_`
    and begin before `to`, in order of their start."""
    whose = of_everybody() if person_id is None else of_organizer(person_id)
    once = whose.where(Meeting.recurrence.is_(None)).limit(most)
    if from_ is not None:
        from_ = min(max(from_, EARLIEST), LATEST + LONGEST)  # beyond these there is nothing
        # The second says nothing new but where to begin in the index.
        once = once.where(Meeting.last_end_at > from_, Meeting.start_at > from_ - LONGEST)
    if to is not None:
        once = once.where(Meeting.start_at < to)
    found = [
        (meeting, occurrences.shown(meeting, {}, meeting.start_at)) for meeting in await session.scalars(once)
    ]
    until = LATEST if to is None else min(to, LATEST)
    if len(found) == most:
        # What begins later than the last of these is not among the first, whatever it is.
        until = min(until, found[-1][0].start_at + _MICROSECOND)
    found += await _of_series(session, person_id, from_, until, most)
    return sorted(found, key=lambda one: (one[1].start, one[0].id))[:most]


class _Series(Struct, frozen=True):
    """A recurring meeting that may have occurrences in the window, none of them before `not_before`."""

    id: str
    not_before: datetime


async def _of_series(
    session: AsyncSession, person_id: str | None, from_: datetime | None, until: datetime, most: int
) -> list[tuple[Meeting, Occurrence]]:
    """The first `most` occurrences in the window of all those series together. Only what may have one
    of them is loaded, and only so many are made of each."""
    series = await _overlapping(session, person_id, from_, until)
    # At the same moment what is not made yet comes first, then the lower id, as in the list.
    turns = [(one.not_before, "", number) for number, one in enumerate(series)]
    heapq.heapify(turns)
    loaded: dict[str, tuple[Meeting, Changes]] = {}
    made: dict[str, Iterator[Occurrence]] = {}
    next_of: dict[str, Occurrence] = {}
    found: list[tuple[Meeting, Occurrence]] = []
    while turns and len(found) < most:
        _, _, number = heapq.heappop(turns)
        one = series[number].id
        if one in next_of:
            found.append((loaded[one][0], next_of[one]))
        else:
            if one not in loaded:
                coming = (series[turn[2]].id for turn in heapq.nsmallest(_LOADED_AT_ONCE, turns))
                loaded |= await _load(session, [one, *(other for other in coming if other not in loaded)])
            made[one] = _in_order(*loaded[one], from_, until, most)
        following = next(made[one], None)
        if following is not None:
            next_of[one] = following
            heapq.heappush(turns, (following.start, one, number))
    return found


async def _overlapping(
    session: AsyncSession, person_id: str | None, from_: datetime | None, until: datetime
) -> Sequence[_Series]:
    if person_id is None:
        query = _ALL_SERIES if from_ is None else _ALL_SERIES_FROM
    else:
        query = _SERIES if from_ is None else _SERIES_FROM
    rows = await columns_of(session, query, {"organizer_id": person_id, "from": from_})
    before = _microseconds(until)
    found: list[_Series] = []
    for meeting_id, start, end, timezone, recurrence, moved in rows:
        if moved:
            found.append(_Series(meeting_id, _BEGINNING))
            continue
        after = None if from_ is None else _microseconds(from_) - (end - start)
        if after is not None and not _may_begin(recurrence, start, after, before):
            continue
        earliest = _earliest(recurrence, _moment(start), timezone, None if after is None else _moment(after))
        if earliest < until:
            found.append(_Series(meeting_id, earliest))
    return found


def _may_begin(recurrence: Mapping[str, Any] | None, start: int, after: int, before: int) -> bool:
    """Whether a series may have an occurrence that begins in between, in microseconds. Of one that recurs by
    days or weeks the numbers tell it, as if no clock were ever changed: most of very many are left out, for a
    fraction of what it takes to tell by the calendar."""
    if recurrence is None or (days := _DAYS.get(recurrence["frequency_type"])) is None:
        return True
    step = days * recurrence["frequency"] * _DAY
    passed = after - _ZONES - start
    return passed <= 0 or -passed % step <= before - after + 2 * _ZONES


_ALL_SERIES = select(
    Meeting.id,
    type_coerce(Meeting.start_at, BigInteger),
    type_coerce(Meeting.end_at, BigInteger),
    Meeting.timezone,
    Meeting.recurrence,
    select(OccurrenceChange.id)
    .where(OccurrenceChange.meeting_id == Meeting.id, OccurrenceChange.start_at.is_not(None))
    .exists(),
).where(Meeting.canceled_at.is_(None), Meeting.recurrence.is_not(None))
_NOT_ENDED = or_(Meeting.last_end_at.is_(None), Meeting.last_end_at > bindparam("from", type_=Instant()))
_ALL_SERIES_FROM = _ALL_SERIES.where(_NOT_ENDED)
_SERIES = _ALL_SERIES.where(Meeting.organizer_id == bindparam("organizer_id"))
_SERIES_FROM = _SERIES.where(_NOT_ENDED)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND


def _earliest(
    recurrence: Mapping[str, Any] | None, start: datetime, timezone: str, after: datetime | None
) -> datetime:
    if after is None or after <= start:
        return start
    return not_before(msgspec.convert(recurrence, Recurrence), start, timezone, after)


async def _load(session: AsyncSession, ids: Sequence[str]) -> dict[str, tuple[Meeting, Changes]]:
    meetings = (await session.scalars(select(Meeting).where(Meeting.id.in_(ids)))).all()
    changes = await changes_of(session, meetings)
    return {meeting.id: (meeting, changes.get(meeting.id, {})) for meeting in meetings}


def _in_order(
    meeting: Meeting, changes: Changes, from_: datetime | None, until: datetime, most: int
) -> Iterator[Occurrence]:
    """The first `most` in the window, made a part at a time."""
    taken, limit = 0, min(_MADE_AT_FIRST, most)
    while True:
        part = occurrences.occurrences(meeting, changes, from_=from_, until=until, limit=limit)
        yield from part[taken:]
        if len(part) < limit or limit == most:
            return
        taken, limit = limit, min(4 * limit, most)
