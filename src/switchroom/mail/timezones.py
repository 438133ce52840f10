"""Time zones in a calendar: the VTIMEZONE of RFC 5545, 3.6.5.

Made here because icalendar's own starts daylight saving time at the local time after the change, where the
standard wants the one before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.rrule import weekday
from icalendar import Timezone, TimezoneDaylight, TimezoneStandard, vRecur
from msgspec import Struct

from switchroom.mail.components import filled

_ONE_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_ALWAYS_UTC = frozenset({"", "UTC", "Etc/UTC", "Zulu", "Etc/Zulu", "UCT", "Etc/UCT", "Universal"})
_YEARS_COMPARED = 10


def zone_of(timezone: str) -> ZoneInfo:
    """The zone of that IANA name, which may be empty for UTC."""
    return ZoneInfo(timezone or "UTC")


def is_utc(timezone: str) -> bool:
    return timezone in _ALWAYS_UTC


def vtimezone(zone: ZoneInfo, years: Iterable[int]) -> Timezone:
    """Time zone component with the offsets that hold in these years of local time."""
    made = filled(Timezone(), {"TZID": zone.key})
    for year in sorted(years):
        first = datetime(year, 1, 1, tzinfo=zone)
        made.add_component(_observance(_Change(first, first.utcoffset())))
        for change in _changes(zone, year):
            made.add_component(_observance(change))
    return made


@lru_cache(maxsize=64)
def recurring_vtimezone(zone: ZoneInfo, first_year: int, last_year: int) -> Timezone:
    """Time zone component with the offsets that hold from `first_year` on.

    A zone whose clocks change by a rule has it said by that rule, without an end. For the others all changes
    are listed until `last_year`, and some years longer.
    """
    years = range(first_year - 1, max(last_year, first_year + _YEARS_COMPARED) + 1)
    rules = [_rule(changes) for changes in zip(*(_changes(zone, year) for year in years), strict=False)]
    regular = len({len(_changes(zone, year)) for year in years}) == 1
    if not rules or not regular or None in rules:
        return vtimezone(zone, years)
    made = filled(Timezone(), {"TZID": zone.key})
    for change, rule in zip(_changes(zone, years[0]), rules, strict=True):
        made.add_component(filled(_observance(change), {"RRULE": rule}))
    return made


class _Change(Struct, frozen=True):
    """The moment from which another offset holds, and the offset until then."""

    onset: datetime
    offset_before: timedelta | None

    @property
    def wall(self) -> datetime:
        """Local time that the clocks would have shown at the onset without the change."""
        return self.onset.astimezone(UTC).replace(tzinfo=None) + (self.offset_before or timedelta())

    @property
    def kind(self) -> tuple[object, ...]:
        """Features that must be the same every year for the change to follow a rule."""
        wall = self.wall
        return (wall.month, wall.weekday(), wall.time(), self.offset_before, self.onset.utcoffset())


def _observance(change: _Change) -> TimezoneStandard | TimezoneDaylight:
    return filled(
        TimezoneDaylight() if change.onset.dst() else TimezoneStandard(),
        {
            "DTSTART": change.wall,
            "TZOFFSETFROM": change.offset_before or timedelta(),
            "TZOFFSETTO": change.onset.utcoffset(),
            "TZNAME": change.onset.tzname(),
        },
    )


def _rule(changes: Sequence[_Change]) -> vRecur | None:
    """The rule by which these changes of successive years come, if they come by one."""
    if len({change.kind for change in changes}) != 1:
        return None
    days = [change.wall for change in changes]
    weeks = {(day.day - 1) // 7 + 1 for day in days}
    if all((day + 7 * _ONE_DAY).month != day.month for day in days):
        week = -1
    elif len(weeks) == 1:
        (week,) = weeks
    else:
        return None
    return vRecur(FREQ="YEARLY", BYMONTH=days[0].month, BYDAY=f"{week}{weekday(days[0].weekday())!r}")


@lru_cache(maxsize=1024)
def _changes(zone: ZoneInfo, year: int) -> Sequence[_Change]:
    """The changes of the zone's offset in that year of local time."""
    return tuple(
        _found_changes(zone, datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 1, 1, tzinfo=zone))
    )


def _found_changes(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[_Change]:
    known = first.astimezone(UTC)
    while known < last:
        later = known + _ONE_DAY
        before = known.astimezone(zone).utcoffset()
        if later.astimezone(zone).utcoffset() != before:
            yield _Change(_onset(zone, known, later).astimezone(zone), before)
        known = later


def _onset(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The minute between the two at which the offset is no longer what it is at `before`."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > _MINUTE:
        middle = before + (after - before) // 2 // _MINUTE * _MINUTE
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
