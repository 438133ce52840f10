"""Recurrence of meetings (recurrence rules of RFC 5545, 3.3.10).

The time on the wall of the meeting's zone stays the same when the zone's offset changes. A time that the
clocks skip is moved past the gap, and of one that they show twice the first counts (3.3.5), as calendar
programs do: a meeting at half past two takes place in every night of the year.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import MAXYEAR, UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Literal
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, rrule, weekday
from msgspec import Struct

from switchroom.errors import ErrorCode, Invalid, Problems
from switchroom.identity.timezones import require_timezone

MOST_OCCURRENCES = 1000
LONGEST_INTERVAL = 999
_CLOCKS = timedelta(hours=3)
"""Time that is longer than clocks are ever put forward or back."""


class FrequencyType(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class MonthlyPattern(StrEnum):
    """`DAY_OF_WEEK` is the same weekday in the same week of the month, the last if it was the fifth.

    `DAY_OF_MONTH` passes over months without that day: on the 31st there are seven meetings a year.
    """

    DAY_OF_MONTH = "day_of_month"
    DAY_OF_WEEK = "day_of_week"


class EndsType(StrEnum):
    NEVER = "never"
    ON_DATE = "on_date"
    AFTER = "after"


class Recurrence(Struct, frozen=True, kw_only=True):
    """Recurrence of a meeting from its start on, which is its first occurrence.

    `frequency` takes every n-th day, week or month. `ends_on` is the latest moment at which it may begin
    again, `ends_after` the number of occurrences.
    """

    frequency_type: FrequencyType
    frequency: int = 1
    monthly_pattern: MonthlyPattern = MonthlyPattern.DAY_OF_MONTH
    ends_type: EndsType = EndsType.NEVER
    ends_on: datetime | None = None
    ends_after: int = 0


def require_possible(recurrence: Recurrence, start: datetime | None, timezone: str) -> None:
    """Raises Invalid with all that cannot be; without a `start`, with what can be said without one."""
    problems = Problems()
    with problems:
        require_timezone(timezone)
    if not 1 <= recurrence.frequency <= LONGEST_INTERVAL:
        problems.add(ErrorCode.OUT_OF_RANGE, "recurrence.frequency", least=1, most=LONGEST_INTERVAL)
    if recurrence.ends_type is EndsType.AFTER and not 1 <= recurrence.ends_after <= MOST_OCCURRENCES:
        problems.add(ErrorCode.OUT_OF_RANGE, "recurrence.ends_after", least=1, most=MOST_OCCURRENCES)
    if recurrence.ends_type is EndsType.ON_DATE:
        if recurrence.ends_on is None:
            problems.add(ErrorCode.REQUIRED, "recurrence.ends_on")
        elif start is not None and recurrence.ends_on < start:
            problems.add(ErrorCode.SERIES_ENDS_BEFORE_START, "recurrence.ends_on")
    problems.require_none()
    if start is not None and not _takes_place(recurrence, start, timezone):
        raise Invalid(ErrorCode.MEETING_NEVER_TAKES_PLACE, "recurrence")


def _takes_place(recurrence: Recurrence, start: datetime, timezone: str) -> bool:
    try:
        return bool(occurrence_starts(recurrence, start, timezone, limit=1))
    except OverflowError:
        return False


def rule(recurrence: Recurrence, start: datetime, timezone: str) -> rrule:
    """The rule from `start` on, which counts to the second. It yields times of the meeting's zone."""
    local = _local(start, timezone)
    return _rule(recurrence, local, local)


def occurrence_starts(
    recurrence: Recurrence,
    start: datetime,
    timezone: str,
    *,
    from_: datetime | None = None,
    until: datetime | None = None,
    limit: int,
) -> list[datetime]:
    """The first `limit` starts at or after `from_` and before `until`, in UTC. What lies before the window
    takes no time."""
    local = _local(start, timezone)
    turns = _turns_before(from_, recurrence, local) if from_ is not None else 0
    passed = _occurrences_in(turns, recurrence, local) if recurrence.ends_type is EndsType.AFTER else 0
    if passed and passed >= recurrence.ends_after:
        return []
    moments = _rule(recurrence, local, _after(turns, recurrence, local), passed=passed)
    return list(islice(_window(moments, local.astimezone(UTC), from_, until), limit))


def not_before(recurrence: Recurrence, start: datetime, timezone: str, moment: datetime) -> datetime:
    """A time before which no occurrence begins that begins at or after the moment: near the first of these
    where that costs nothing to tell."""
    if recurrence.frequency_type is FrequencyType.MONTHLY:
        return moment
    zone, step = ZoneInfo(timezone), _step(recurrence)
    # By the clock on the wall: there, they are one step apart, whatever the offset from UTC does.
    on_wall = start.astimezone(zone).replace(tzinfo=None)
    turns = max(-((on_wall - moment.astimezone(zone).replace(tzinfo=None) + _CLOCKS) // step), 0)
    try:
        nearest = (on_wall + turns * step).replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return moment
    return max(nearest - _CLOCKS, moment)


def last_start(recurrence: Recurrence, start: datetime, timezone: str) -> datetime:
    """The start of the last one, in UTC, of a recurrence that ends after a number of occurrences."""
    found: list[datetime] = []
    if recurrence.ends_after > 2:
        # It comes after so many turns, or later where months are passed over.
        with suppress(OverflowError, ValueError):
            near = _after(recurrence.ends_after - 2, recurrence, _local(start, timezone)).astimezone(UTC)
            found = occurrence_starts(recurrence, start, timezone, from_=near, limit=MOST_OCCURRENCES)
    return (found or occurrence_starts(recurrence, start, timezone, limit=MOST_OCCURRENCES))[-1]


def to_rrule_text(recurrence: Recurrence, start: datetime, timezone: str) -> str:
    """The value of iCalendar's RRULE, with UNTIL in UTC."""
    local = _local(start, timezone)
    parts = [f"FREQ={recurrence.frequency_type.upper()}"]
    if recurrence.frequency != 1:
        parts.append(f"INTERVAL={recurrence.frequency}")
    if recurrence.ends_type is EndsType.AFTER:
        parts.append(f"COUNT={recurrence.ends_after}")
    elif (ends_on := _ends_on(recurrence)) is not None:
        parts.append(f"UNTIL={ends_on:%Y%m%dT%H%M%SZ}")
    if (day := _day_of_week(recurrence, local)) is not None:
        parts.append(f"BYDAY={day.n or ''}{weekday(day.weekday)!r}")
    elif recurrence.frequency_type is FrequencyType.MONTHLY:
        parts.append(f"BYMONTHDAY={local.day}")
    return ";".join(parts)


_FREQUENCIES: Mapping[FrequencyType, Literal[1, 2, 3]] = {
    FrequencyType.DAILY: DAILY,
    FrequencyType.WEEKLY: WEEKLY,
    FrequencyType.MONTHLY: MONTHLY,
}


def _local(start: datetime, timezone: str) -> datetime:
    return start.astimezone(ZoneInfo(timezone)).replace(microsecond=0)


def _rule(recurrence: Recurrence, start: datetime, dtstart: datetime, *, passed: int = 0) -> rrule:
    """The rule of a meeting that starts at `start`, from `dtstart` on, before which so many have `passed`."""
    day = _day_of_week(recurrence, start)
    monthly = recurrence.frequency_type is FrequencyType.MONTHLY
    return rrule(
        _FREQUENCIES[recurrence.frequency_type],
        dtstart=dtstart,
        interval=recurrence.frequency,
        count=recurrence.ends_after - passed if recurrence.ends_type is EndsType.AFTER else None,
        until=_ends_on(recurrence),
        byweekday=day,
        bymonthday=start.day if monthly and day is None else None,
    )


def _ends_on(recurrence: Recurrence) -> datetime | None:
    if recurrence.ends_type is not EndsType.ON_DATE or recurrence.ends_on is None:
        return None
    return recurrence.ends_on.astimezone(UTC)


def _day_of_week(recurrence: Recurrence, start: datetime) -> weekday | None:
    if recurrence.frequency_type is FrequencyType.WEEKLY:
        return weekday(start.weekday())
    if (
        recurrence.frequency_type is FrequencyType.MONTHLY
        and recurrence.monthly_pattern is MonthlyPattern.DAY_OF_WEEK
    ):
        week = (start.day - 1) // 7 + 1
        return weekday(start.weekday(), week if week < 5 else -1)
    return None


def _turns_before(moment: datetime, recurrence: Recurrence, start: datetime) -> int:
    """Number of turns that the rule can take from `start` and still be before the moment."""
    if recurrence.frequency_type is FrequencyType.MONTHLY:
        months = (moment.year - start.year) * 12 + moment.month - start.month - 1
        return max(months // recurrence.frequency, 0)
    return max((moment - start - timedelta(days=2)) // _step(recurrence), 0)


def _after(turns: int, recurrence: Recurrence, start: datetime) -> datetime:
    """A time at which the rule may begin in place of `start` and still yield the same from then on."""
    if not turns:
        return start
    if recurrence.frequency_type is FrequencyType.MONTHLY:
        years, month = divmod(start.month - 1 + turns * recurrence.frequency, 12)
        return start.replace(year=start.year + years, month=month + 1, day=1)
    return start + turns * _step(recurrence)


def _occurrences_in(turns: int, recurrence: Recurrence, start: datetime) -> int:
    """Number of occurrences in the first turns. Days and weeks have one each, and so have months, but for a
    day of the month that not all of them have."""
    if recurrence.frequency_type is not FrequencyType.MONTHLY:
        return turns
    if start.day <= 28 or recurrence.monthly_pattern is MonthlyPattern.DAY_OF_WEEK:
        return turns
    months = (divmod(start.month - 1 + turn * recurrence.frequency, 12) for turn in range(turns))
    return sum(monthrange(start.year + years, month + 1)[1] >= start.day for years, month in months)


def _step(recurrence: Recurrence) -> timedelta:
    days = 7 if recurrence.frequency_type is FrequencyType.WEEKLY else 1
    return timedelta(days=days) * recurrence.frequency


def _window(
    moments: Iterable[datetime], first: datetime, from_: datetime | None, until: datetime | None
) -> Iterator[datetime]:
    for moment in moments:
        if moment.year == MAXYEAR:
            return
        # Only in UTC is a first start known that lies in the second of two hours that the clocks show alike.
        in_utc = max(moment.astimezone(UTC), first)
        if until is not None and in_utc >= until:
            return
        if from_ is None or in_utc >= from_:
            yield in_utc
