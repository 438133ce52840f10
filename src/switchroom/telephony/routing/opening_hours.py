"""Opening hours as iCalendar (RFC 5545): the time of an event is open, all other time is closed.

Events that are cancelled or transparent (3.8.2.7: they take no time, as holidays in many calendars) open
nothing. Recurrence is by the clock on the wall of the event's zone, so opening at nine stays at nine when
clocks change; times without a zone are of the calendar's.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta, tzinfo
from itertools import takewhile
from time import thread_time
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from msgspec import Struct

from switchroom.errors import ErrorCode, Invalid
from switchroom.telephony.routing.configuration import Calendar, Forced

if TYPE_CHECKING:
    from icalendar import Component

LARGEST_CALENDAR = 100_000
"""Characters: reading them takes about half a second."""
MOST_EVENTS = 500
MOST_OCCURRENCES = 20_000
"""Of all events of a calendar together, those between the first and the moment that is looked at included."""
CHECK_BUDGET, CALL_BUDGET = 0.25, 0.5
"""Seconds of processor time for working out when all events of a calendar take place: when it is stored, and
for calls. Hundreds that recur daily take a tenth of that."""

HORIZON = timedelta(days=400)
"""Time ahead for which a change is looked for."""

_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_MOST_COUNTED = 10_000
_LONGEST_EVENT = timedelta(days=31)
_MOST_TIMES = 48
"""Of one day that a rule may name."""
_DAY = timedelta(days=1)
_LONGEST_REASON = 120
_BEGIN = re.compile(r"^BEGIN:VEVENT", re.IGNORECASE | re.MULTILINE)

# Every fourth year between these is a leap year, so days and their weekdays recur after 28 years.
_FIRST_YEAR, _LAST_YEAR = 1901, 2098
_LAST_CENTURY = 9900

Span = tuple[datetime, datetime]


class OpeningHours:
    """Opening hours of a calendar, expanded as far as they are asked for. What asks for it raises Invalid for
    events that recur too often, or take more than `budget` seconds to work out."""

    def __init__(self, events: tuple[_Event, ...], budget: float = CALL_BUDGET) -> None:
        self._events = events
        self._budget = budget
        self._expanded: tuple[datetime, datetime, tuple[Span, ...]] | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether it is open at that moment, a time with a zone."""
        return _around(self.spans(now), now) is not None

    def next_change(self, now: datetime) -> datetime | None:
        """Time (UTC) at which it opens or closes next; None where that is not within the horizon."""
        spans = self._merged(now - _DAY, now + HORIZON)
        span = _around(spans, now)
        if span is not None:
            return span[1]
        return next((start for start, _ in spans if start > now), None)

    def spans(self, now: datetime) -> tuple[Span, ...]:
        """The times at which it is open, in order and in UTC, from then on and for a day at least."""
        kept = self._expanded
        if kept is None or not kept[0] <= now < kept[1]:
            kept = self._expanded = (now, now + _DAY, self._merged(now - _DAY, now + 2 * _DAY))
        return kept[2]

    def _merged(self, from_: datetime, until: datetime) -> tuple[Span, ...]:
        return tuple(_merged(self._found(from_, until)))

    def _found(self, from_: datetime, until: datetime) -> Iterator[Span]:
        # There are rules for which each event is little work, and hundreds of which are much.
        count, end = _Count(), thread_time() + self._budget
        for event in self._events:
            yield from event.spans(from_, until, count)
            if thread_time() > end:
                raise _invalid("its events take too long to work out")


def _around(spans: tuple[Span, ...], now: datetime) -> Span | None:
    index = bisect_right(spans, now, key=lambda span: span[0]) - 1
    return spans[index] if index >= 0 and now < spans[index][1] else None


class _Count:
    """Occurrences that were looked at."""

    def __init__(self) -> None:
        self._so_far = 0

    def one_more(self) -> None:
        """Raises Invalid once there are too many."""
        self._so_far += 1
        if self._so_far > MOST_OCCURRENCES:
            raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "ics", most=MOST_OCCURRENCES)


class _Event(Struct, frozen=True):
    """An event: its first start by the clock on the wall, how long it is, and what recurs."""

    start: datetime
    duration: timedelta
    zone: tzinfo
    rule: str = ""
    until: datetime | None = None
    more: tuple[datetime, ...] = ()
    except_: frozenset[datetime] = frozenset()
    except_days: frozenset[date] = frozenset()

    def spans(self, from_: datetime, until: datetime, count: _Count) -> Iterator[Span]:
        """Spans that touch the time from `from_` until `until`. Raises Invalid for too many."""
        earliest = from_.astimezone(self.zone).replace(tzinfo=None) - self.duration - _DAY
        latest = until.astimezone(self.zone).replace(tzinfo=None)
        for start in self._starts(earliest, latest, count):
            if start in self.except_ or start.date() in self.except_days:
                continue
            span = (_moment(start, self.zone), _moment(start + self.duration, self.zone))
            if span[0] < span[1] and span[1] > from_ and span[0] < until:
                yield span

    def _starts(self, earliest: datetime, latest: datetime, count: _Count) -> Iterator[datetime]:
        yield from (one for one in (self.start, *self.more) if earliest <= one <= latest)
        if not self.rule:
            return
        last = min(latest, self.until) if self.until is not None else latest
        start = _near(self.rule, self.start, earliest)
        shift = _to_the_end_of_time(start, last)
        if shift is None:
            return
        for one in takewhile(lambda one: one <= last + shift, rrulestr(self.rule, dtstart=start + shift)):
            count.one_more()
            if one - shift >= earliest:
                yield one - shift


def opening_hours(text: str, time_zone: str) -> OpeningHours:
    """The opening hours of an iCalendar text, in an IANA time zone. Raises Invalid for what is none, or too
    large.

    An event that cannot be understood opens nothing: calendars from elsewhere have such.
    """
    return _expandable(_components(text), ZoneInfo(time_zone))


def _expandable(found: list[Component], zone: ZoneInfo, budget: float = CALL_BUDGET) -> OpeningHours:
    moved = _moved(found, zone)
    events = (_event(component, zone, moved) for component in found)
    return OpeningHours(tuple(event for event in events if event is not None), budget)


def require_calendar(text: str, now: datetime) -> None:
    """Raises Invalid for what `opening_hours` refuses, and for events without a beginning, that recur too
    often around `now`, or that take too long to work out."""
    found = _components(text)
    if any("DTSTART" not in component for component in found):
        raise _invalid("an event has no DTSTART")
    _expandable(found, ZoneInfo("UTC"), CHECK_BUDGET).is_open(now)


def _components(text: str) -> list[Component]:
    if len(text) > LARGEST_CALENDAR:
        raise Invalid(ErrorCode.TOO_LARGE, "ics")
    if len(_BEGIN.findall(text)) > MOST_EVENTS:
        raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "ics", most=MOST_EVENTS)
    from icalendar import Calendar as ICalendar  # here: it takes long to load, and most calls need none

    try:
        calendar = ICalendar.from_ical(text)
        return cast("list[Component]", cast("Any", calendar).walk("VEVENT"))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise _invalid(" ".join(str(error).split())[:_LONGEST_REASON] or "this is no iCalendar") from error


def _invalid(reason: str) -> Invalid:
    return Invalid(ErrorCode.CALENDAR_INVALID, "ics", reason=reason)


def is_open(calendar: Calendar, now: datetime) -> bool:
    """Whether the calendar is open: as it is forced to be, else as its hours say."""
    if calendar.forced is not None:
        return calendar.forced is Forced.OPEN
    return _around(calendar.spans, now) is not None


def spans_of(text: str, time_zone: str, now: datetime) -> tuple[Span, ...]:
    """The times at which a calendar is open (`OpeningHours.spans`), none of one that is broken. It may take a
    second of processor time."""
    try:
        return opening_hours(text, time_zone).spans(now)
    except (Invalid, KeyError, ValueError):
        return ()


def _event(component: Component, zone: ZoneInfo, moved: dict[str, frozenset[datetime]]) -> _Event | None:
    if component.get("STATUS") == "CANCELLED" or component.get("TRANSP") == "TRANSPARENT":
        return None
    try:
        return _understood(component, zone, moved)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None


def _understood(component: Component, zone: ZoneInfo, moved: dict[str, frozenset[datetime]]) -> _Event | None:
    begin = _value(component, "DTSTART")
    start, event_zone = _wall(begin, zone)
    duration = _duration(component, begin, start, event_zone)
    if not timedelta(0) < duration <= _LONGEST_EVENT:
        return None
    exceptions = list(_listed(component, "EXDATE"))
    is_moved = "RECURRENCE-ID" in component
    rule, until = ("", None) if is_moved else _rule(component, event_zone)
    return _Event(
        start=start,
        duration=duration,
        zone=event_zone,
        rule=rule,
        until=until,
        more=() if is_moved else tuple(_wall_in(one, event_zone) for one in _listed(component, "RDATE")),
        except_=frozenset(_wall_in(one, event_zone) for one in exceptions if isinstance(one, datetime))
        | (
            frozenset[datetime]()
            if is_moved
            else _in_zone(moved.get(_uid(component), frozenset[datetime]()), event_zone)
        ),
        except_days=frozenset(one for one in exceptions if not isinstance(one, datetime)),
    )


def _rule(component: Component, zone: tzinfo) -> tuple[str, datetime | None]:
    """The rule without its end, and the end on the wall: dateutil does not mix times with a zone and
    without."""
    from icalendar import vRecur

    given: object = component.get("RRULE")
    if given is None:
        return "", None
    if not isinstance(given, vRecur):
        raise ValueError(given)
    parts: dict[str, list[Any]] = dict(given)
    (frequency,) = parts["FREQ"]
    if str(frequency) not in _FREQUENCIES or any(int(one) > _MOST_COUNTED for one in parts.get("COUNT", [])):
        raise ValueError(frequency)
    times = len(parts.get("BYHOUR", [0])) * len(parts.get("BYMINUTE", [0]))
    if "BYSECOND" in parts or times > _MOST_TIMES:
        raise _invalid("an event recurs too often in a day")
    ends = cast("list[date]", parts.pop("UNTIL", []))
    until = _end_of(ends[0], zone) if ends else None
    return vRecur(parts).to_ical().decode(), until


def _end_of(end: date, zone: tzinfo) -> datetime:
    if isinstance(end, datetime):
        return _wall_in(end, zone)
    return datetime.combine(end, time.max)


def _near(rule: str, start: datetime, earliest: datetime) -> datetime:
    """The start to count from: for rules of days and weeks that are not counted one shortly before
    `earliest`, so that years that have passed take no time."""
    parts = dict(part.split("=", 1) for part in rule.split(";"))
    if "COUNT" in parts or parts["FREQ"] not in ("DAILY", "WEEKLY") or earliest <= start:
        return start
    step = timedelta(days=(7 if parts["FREQ"] == "WEEKLY" else 1) * int(parts.get("INTERVAL", "1")))
    turns = (earliest - start) // step - 1
    return start + max(turns, 0) * step


def _to_the_end_of_time(start: datetime, last: datetime) -> timedelta | None:
    """Shift that moves a rule to years with the same days, shortly before the year 9999; None where nothing
    recurs in that time, or the rule cannot be moved.

    dateutil looks for the next time of a rule up to that year. There are rules that never come: left where
    they are, they would take seconds.
    """
    if not start <= last or start.year < _FIRST_YEAR or last.year > _LAST_YEAR:
        return None
    first_day = date(last.year, 1, 1)
    alike = (
        date(year, 1, 1)
        for year in range(MAXYEAR - 2, MAXYEAR - 30, -1)
        if (year - last.year) % 4 == 0 and date(year, 1, 1).weekday() == first_day.weekday()
    )
    shift = next(alike) - first_day
    return shift if (start + shift).year > _LAST_CENTURY else None


def _moved(components: Iterable[Component], zone: ZoneInfo) -> dict[str, frozenset[datetime]]:
    """The occurrences that an entry of their own replaces (RECURRENCE-ID), by the UID of the series."""
    found: dict[str, frozenset[datetime]] = {}
    for component in components:
        if "RECURRENCE-ID" not in component:
            continue
        try:
            wall, its_zone = _wall(_value(component, "RECURRENCE-ID"), zone)
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
        moment = wall.replace(tzinfo=its_zone)
        found[_uid(component)] = found.get(_uid(component), frozenset()) | {moment}
    return found


def _in_zone(moments: Iterable[datetime], zone: tzinfo) -> frozenset[datetime]:
    return frozenset(one.astimezone(zone).replace(tzinfo=None) for one in moments)


def _uid(component: Component) -> str:
    return str(component.get("UID", ""))


def _value(component: Component, name: str) -> date:
    value = cast("object", cast("Any", component[name]).dt)
    if not isinstance(value, date):
        raise TypeError(name)
    return value


def _duration(component: Component, begin: date, start: datetime, zone: tzinfo) -> timedelta:
    """By the clock on the wall; a day where a date has no end (3.6.1)."""
    if "DTEND" in component:
        return _wall_in(_value(component, "DTEND"), zone) - start
    if "DURATION" in component:
        duration = cast("object", cast("Any", component["DURATION"]).dt)
        if not isinstance(duration, timedelta):
            raise TypeError(duration)
        return duration
    return timedelta(0) if isinstance(begin, datetime) else _DAY


def _listed(component: Component, name: str) -> Iterator[date]:
    """The dates and times of a property that may be there more than once; of periods the starts."""
    given: Any = component.get(name, [])
    for entry in cast("list[Any]", given if isinstance(given, list) else [given]):
        for one in cast("list[Any]", entry.dts):
            value = cast("object", one.dt)
            if isinstance(value, tuple):
                value = cast("tuple[object, ...]", value)[0]
            if isinstance(value, date):
                yield value


def _wall(value: date, zone: ZoneInfo) -> tuple[datetime, tzinfo]:
    """A time on the wall, and the zone of the wall."""
    if not isinstance(value, datetime):
        return datetime.combine(value, time.min), zone
    return value.replace(tzinfo=None), value.tzinfo or zone


def _wall_in(value: date, zone: tzinfo) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time.min)
    return value.astimezone(zone).replace(tzinfo=None) if value.tzinfo is not None else value


def _moment(wall: datetime, zone: tzinfo) -> datetime:
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """The spans in their order, with those that touch made one."""
    open_: Span | None = None
    for start, end in sorted(spans):
        if open_ is not None and start <= open_[1]:
            open_ = (open_[0], max(open_[1], end))
            continue
        if open_ is not None:
            yield open_
        open_ = (start, end)
    if open_ is not None:
        yield open_
