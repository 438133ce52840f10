"""Calendars: opening hours as iCalendar (RFC 5545)."""

from __future__ import annotations

from typing import Annotated, Literal

import icalendar
from msgspec import UNSET, Meta, Struct

from switchroom.errors import ErrorCode, Problems
from switchroom.telephony.resources.fields import Name, TimeZone
from switchroom.telephony.resources.resource import Resource
from switchroom.telephony.resources.rows import ResourceRow, resource_table

_MOST_COMPONENTS = 1000
_LONGEST_REASON = 120


class Calendar(Struct, frozen=True, kw_only=True):
    """A calendar, whose events are when it is open: its own (`ics`), or one that is fetched from `url`. Times
    without a zone are in `time_zone`. `forced` is how it is meanwhile, whatever the events
    say; empty for as they say."""

    name: Name
    is_external_calendar: bool = False
    ics: Annotated[str, Meta(max_length=500_000)] = ""
    url: Annotated[str, Meta(max_length=2000)] = ""
    time_zone: TimeZone = ""
    forced: Literal["", "open", "closed"] = ""


class CalendarRow(ResourceRow):
    __tablename__ = "opening_calendars"
    __table_args__ = resource_table("opening_calendars")


class Calendars(Resource[Calendar, CalendarRow]):
    name, singular = "calendars", "calendar"
    draft, table = Calendar, CalendarRow

    def check(self, draft: Calendar, problems: Problems) -> None:
        super().check(draft, problems)
        if draft.is_external_calendar:
            if not draft.url:
                problems.add(ErrorCode.REQUIRED, "url")
            elif not draft.url.startswith(("http://", "https://")):
                problems.add(ErrorCode.URL_NOT_HTTP, "url")
        if draft.ics and draft.ics is not UNSET:
            _check_ics(draft.ics, problems)


def _check_ics(text: str, problems: Problems) -> None:
    try:
        calendar = icalendar.Calendar.from_ical(text)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        # What it does not understand it says by any of these.
        reason = " ".join(str(error).split())[:_LONGEST_REASON] or type(error).__name__
        problems.add(ErrorCode.CALENDAR_INVALID, "ics", reason=reason)
        return
    components = [one for one in calendar.subcomponents if one.name == "VEVENT"]
    if len(components) > _MOST_COMPONENTS:
        problems.add(ErrorCode.TOO_MANY_ENTRIES, "ics", most=_MOST_COMPONENTS)
    for component in components:
        if "DTSTART" not in component:
            problems.add(ErrorCode.CALENDAR_INVALID, "ics", reason="an event has no DTSTART")
            return
