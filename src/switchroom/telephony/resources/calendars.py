"""Calendars: opening hours as iCalendar (RFC 5545)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct

from switchroom.db.base import now
from switchroom.errors import ErrorCode, Invalid, Problems
from switchroom.telephony.resources.fields import Name, TimeZone
from switchroom.telephony.resources.resource import Resource
from switchroom.telephony.resources.rows import ResourceRow, resource_table
from switchroom.telephony.routing.opening_hours import LARGEST_CALENDAR, require_calendar


class Calendar(Struct, frozen=True, kw_only=True):
    """A calendar, whose events are when it is open: its own (`ics`), or one that is fetched from `url`. Times
    without a zone are in `time_zone`. `forced` is how it is meanwhile, whatever the events
    say; empty for as they say."""

    name: Name
    is_external_calendar: bool = False
    ics: Annotated[str, Meta(max_length=LARGEST_CALENDAR)] = ""
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
            found = _problem_of(draft.ics)
            if found is not None:
                problems.add(found.code, found.path, **found.facts)

    async def look_ahead(self, values: Mapping[str, Any]) -> None:
        ics = values.get("ics")
        if isinstance(ics, str) and ics:
            await asyncio.to_thread(_problem_of, ics)


@lru_cache(maxsize=32)
def _problem_of(text: str) -> Invalid | None:
    """What is wrong with a calendar: it takes up to a second to find out."""
    try:
        require_calendar(text, now())
    except Invalid as error:
        return error
    return None
