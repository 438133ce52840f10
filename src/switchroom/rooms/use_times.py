"""Times that use is counted by; all begin and end in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

HOUR = timedelta(hours=1)
LONGEST = timedelta(days=7)
"""Time that a room is open, or somebody stays: of what is longer the end was lost."""


def by_hour(start: datetime, end: datetime) -> Iterator[tuple[datetime, int]]:
    """The hours of a time, and how many seconds of it are in each; together they are the whole."""
    start = max(start, end - LONGEST)
    passed, hour = 0, hour_of(start)
    while hour < end:
        upto = round((min(hour + HOUR, end) - start).total_seconds())
        yield hour, upto - passed
        passed, hour = upto, hour + HOUR


def hour_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
