"""Times that use is counted by; all begin and end in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

HOUR = timedelta(hours=1)
LONGEST = timedelta(days=7)
"""Time that a room is open, or somebody stays: of what is longer the end was lost."""


class Span(StrEnum):
    """Span of time by which use is summed up. A week begins with its Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def begin_of_span(span: Span, day: date) -> datetime:
    """Begin of the span that a day is in."""
    if span is Span.WEEK:
        day -= timedelta(days=day.weekday())
    elif span is Span.MONTH:
        day = day.replace(day=1)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def end_of_span(span: Span, begin: datetime) -> datetime:
    """End of the span that begins then, which is the begin of the next."""
    if span is Span.MONTH:
        return (begin + timedelta(days=31)).replace(day=1)
    return begin + timedelta(days=7 if span is Span.WEEK else 1)


def by_hour(start: datetime, end: datetime) -> Iterator[tuple[datetime, int]]:
    """The hours of a time, and how many seconds of it are in each; together they are the whole."""
    start = max(start, end - LONGEST)
    passed, hour = 0, hour_of(start)
    while hour < end:
        upto = round((min(hour + HOUR, end) - start).total_seconds())
        yield hour, upto - passed
        passed, hour = upto, hour + HOUR


def by_span(span: Span, start: datetime, end: datetime) -> Iterator[tuple[datetime, int]]:
    """As `by_hour`, the begins of the spans of a time."""
    start = max(start, end - LONGEST)
    passed, begin = 0, begin_of_span(span, start.astimezone(UTC).date())
    while begin < end:
        following = end_of_span(span, begin)
        upto = round((min(following, end) - start).total_seconds())
        yield begin, upto - passed
        passed, begin = upto, following


def hour_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
