"""Calendars: opening hours as iCalendar (RFC 5545)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct
from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy import Text as LongColumn
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, OfOrganization, now, time_of
from switchroom.db.clock import clock
from switchroom.db.database import notify
from switchroom.errors import ErrorCode, Invalid, Problems
from switchroom.events.webhooks.addresses import LONGEST_URL, check_url
from switchroom.identity.models import new_id
from switchroom.telephony.resources.fields import Name, TimeZone
from switchroom.telephony.resources.resource import Resource, Work
from switchroom.telephony.resources.rows import ResourceRow, resource_table
from switchroom.telephony.routing.opening_hours import LARGEST_CALENDAR, require_calendar


class Calendar(Struct, frozen=True, kw_only=True):
    """A calendar, whose events are when it is open: its own (`ics`), or an external one that is fetched from
    `url` every hour. Times without a zone are in `time_zone`. `forced` is how it is meanwhile, whatever the
    events say; empty for as they say. Of an external one `fetched_at` is when it was last fetched, and
    `problem` why the last try failed: it stays as it was fetched before."""

    name: Name
    is_external_calendar: bool = False
    ics: Annotated[str, Meta(max_length=LARGEST_CALENDAR)] = ""
    url: Annotated[str, Meta(max_length=LONGEST_URL)] = ""
    time_zone: TimeZone = ""
    forced: Literal["", "open", "closed"] = ""


class CalendarRow(ResourceRow):
    __tablename__ = "opening_calendars"
    __table_args__ = resource_table("opening_calendars")


class ExternalCalendar(OfOrganization, Base):
    """Calendar that is fetched from elsewhere: `ics` as of `fetched_at`, with the `etag` of its server.
    It is fetched anew when `due_at` has come, by `worker` while that is not empty; `attempts` counts the
    fetches, `failures` those in a row that failed, the last for `problem`."""

    __tablename__ = "external_calendars"
    __table_args__ = (Index("ix_external_calendars_due", "due_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    calendar_id: Mapped[int] = mapped_column(
        ForeignKey("opening_calendars.id", ondelete="CASCADE"), unique=True
    )
    url: Mapped[str] = mapped_column(String(LONGEST_URL))
    ics: Mapped[str] = mapped_column(LongColumn, default="")
    etag: Mapped[str] = mapped_column(String(200), default="")
    fetched_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(String(300), default="")
    due_at: Mapped[datetime] = mapped_column(default=clock())
    worker: Mapped[str] = mapped_column(String(32), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)


class Calendars(Resource[Calendar, CalendarRow]):
    name, singular = "calendars", "calendar"
    draft, table = Calendar, CalendarRow
    read_only = (
        ("fetched_at", str | None),
        ("problem", str),
    )

    def view(self, row: CalendarRow) -> dict[str, Any]:
        return {**super().view(row), "fetched_at": None, "problem": ""}

    async def complete(self, work: Work, views: Sequence[dict[str, Any]]) -> None:
        external = [one["id"] for one in views if one["is_external_calendar"]]
        if not external:
            return
        query = select(ExternalCalendar).where(ExternalCalendar.calendar_id.in_(external))
        known = {one.calendar_id: one for one in await work.session.scalars(query)}
        for view in views:
            found = known.get(view["id"])
            if found is not None:
                view["fetched_at"] = time_of(found.fetched_at) if found.fetched_at is not None else None
                view["problem"] = found.problem

    async def written(self, work: Work, row: CalendarRow, draft: Calendar) -> None:
        """Let an external calendar be fetched, at once if it is another."""
        known = await work.session.scalar(
            select(ExternalCalendar).where(ExternalCalendar.calendar_id == row.id).with_for_update()
        )
        url = draft.url.strip() if draft.is_external_calendar else ""
        if known is not None and known.url == url:
            return
        if known is not None:
            await work.session.delete(known)
            await work.session.flush()
        if url:
            work.session.add(ExternalCalendar(calendar_id=row.id, url=url))
            notify(work.session, CalendarToFetch())

    def check(self, draft: Calendar, problems: Problems) -> None:
        super().check(draft, problems)
        if draft.is_external_calendar:
            if not draft.url:
                problems.add(ErrorCode.REQUIRED, "url")
            elif draft.url is not UNSET:
                with problems:
                    check_url(draft.url)

    async def look_ahead(self, values: Mapping[str, Any], problems: Problems) -> None:
        ics = values.get("ics")
        found = await asyncio.to_thread(problem_of, ics) if isinstance(ics, str) and ics else None
        if found is not None:
            problems.add(found.code, found.path, **found.facts)


class CalendarToFetch(Struct, frozen=True):
    """Notice that there is a calendar to be fetched."""


def problem_of(text: str) -> Invalid | None:
    """Problem of a calendar, None for a right one: it takes up to a second to find out."""
    try:
        require_calendar(text, now())
    except Invalid as error:
        return error
    return None
