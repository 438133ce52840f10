"""A recurrence in words."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import vRecur

from switchroom.mail import dates
from switchroom.mail.meeting_wording import MeetingWording
from switchroom.mail.wording import Wording

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def recurrence_in_words(
    recurrence: str, zone: ZoneInfo, words: Wording, meeting_words: MeetingWording
) -> str:
    """The value of RRULE as one reads it, for daily, weekly and monthly rules; its end in that zone."""
    rule: dict[str, list[Any]] = dict(vRecur.from_ical(recurrence))
    parts = [_every(rule, meeting_words), *_days(rule, words, meeting_words)]
    return ", ".join([" ".join(part for part in parts if part), *_end(rule, zone, words, meeting_words)])


def _every(rule: dict[str, list[Any]], meeting_words: MeetingWording) -> str:
    (frequency,) = rule["FREQ"]
    (interval,) = rule.get("INTERVAL", [1])
    return _counted(meeting_words.every[frequency], interval)


def _days(rule: dict[str, list[Any]], words: Wording, meeting_words: MeetingWording) -> list[str]:
    found: list[str] = []
    for code in rule.get("BYDAY", []):
        week, weekday = str(code)[:-2], words.weekdays[_WEEKDAYS.index(str(code)[-2:])]
        found.append(
            meeting_words.on_week_of_month.format(week=meeting_words.weeks[int(week)], weekday=weekday)
            if week
            else meeting_words.on_weekday.format(weekday=weekday)
        )
    found += [meeting_words.on_day_of_month.format(day=day) for day in rule.get("BYMONTHDAY", [])]
    return found


def _end(
    rule: dict[str, list[Any]], zone: ZoneInfo, words: Wording, meeting_words: MeetingWording
) -> list[str]:
    untils: list[datetime] = rule.get("UNTIL", [])
    return [
        *(meeting_words.until.format(date=dates.day(until.astimezone(zone), words)) for until in untils),
        *(_counted(meeting_words.times, count) for count in rule.get("COUNT", [])),
    ]


def _counted(words: tuple[str, str], count: int) -> str:
    return words[0] if count == 1 else words[1].format(count=count)
