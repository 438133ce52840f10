"""Dates and times in words."""

from __future__ import annotations

from datetime import datetime

from switchroom.mail.timezones import zone_of
from switchroom.mail.wording import Wording


def day(moment: datetime, words: Wording) -> str:
    return words.date.format(
        weekday=words.weekdays[moment.weekday()],
        day=moment.day,
        month=words.months[moment.month - 1],
        year=moment.year,
    )


def day_and_time(moment: datetime, words: Wording) -> str:
    return words.time.format(date=day(moment, words), time=f"{moment:%H:%M}")


def period(start: datetime, end: datetime, words: Wording) -> str:
    """Text of the time from `start` to `end`, both in the zone that the reader lives by."""
    if start.date() == end.date():
        return words.between_on_one_day.format(
            date=day(start, words), start=f"{start:%H:%M}", end=f"{end:%H:%M}"
        )
    return words.between.format(start=day_and_time(start, words), end=day_and_time(end, words))


def zone_name(timezone: str, moment: datetime) -> str:
    """The zone's name and, as few know those by heart, what it is apart from UTC at that moment."""
    if not timezone:
        return "UTC"
    offset = moment.astimezone(zone_of(timezone)).strftime("%z")
    return f"{timezone.replace('_', ' ')} (UTC{offset[:3]}:{offset[3:5]})"
