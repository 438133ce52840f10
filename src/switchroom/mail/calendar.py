"""The calendar entry of an invitation (iCalendar, RFC 5545; sent as an iTIP request, RFC 5546)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from icalendar import (
    Calendar,
    Component,
    Event,
    Timezone,
    TimezoneDaylight,
    TimezoneStandard,
    vCalAddress,
    vText,
    vUri,
)
from msgspec import Struct

from switchroom.mail.addresses import Mailbox
from switchroom.mail.invitations import Invitation

OPEN_END = timedelta(hours=1)
"""How long the entry lasts when an invitation only says when it begins."""

_APPOINTMENT = timedelta(hours=24)
_ONE_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_ALWAYS_UTC = frozenset({"", "UTC", "Etc/UTC", "Zulu", "Etc/Zulu", "UCT", "Etc/UCT", "Universal"})
_INVITED = {
    "CUTYPE": "INDIVIDUAL",
    "ROLE": "REQ-PARTICIPANT",
    "PARTSTAT": "NEEDS-ACTION",
    "RSVP": "FALSE",
}
_Component = TypeVar("_Component", bound=Component)


class Occasion(Struct, frozen=True, kw_only=True):
    """When the entry is, and whether its time counts as taken. Dates without a time are a whole day."""

    start: date
    end: date
    busy: bool


def occasion(invitation: Invitation, queued_at: datetime) -> Occasion | None:
    """The time of the calendar entry; `None` when the invitation ended before it was sent."""
    start, end = invitation.valid_from, invitation.valid_until
    if start is None and end is None:
        day = queued_at.astimezone(zone_of(invitation)).date()
        return Occasion(start=day, end=day + _ONE_DAY, busy=False)
    if start is None:
        start = queued_at
    if end is None:
        end = start + OPEN_END
    if end < start:
        return None
    return Occasion(start=start, end=end, busy=end - start <= _APPOINTMENT)


def zone_of(invitation: Invitation) -> ZoneInfo:
    return ZoneInfo(invitation.timezone or "UTC")


def calendar(
    invitation: Invitation,
    *,
    organizer: Mailbox,
    attendee: Mailbox,
    summary: str,
    description: str,
    queued_at: datetime,
) -> bytes | None:
    """The calendar as its octets, or `None` without a time to enter."""
    when = occasion(invitation, queued_at)
    if when is None:
        return None
    host = urlsplit(invitation.join_link).hostname or organizer.domain
    language = {"LANGUAGE": invitation.locale}
    start, end, zone = when.start, when.end, None
    if isinstance(start, datetime) and isinstance(end, datetime):
        zone = None if invitation.timezone in _ALWAYS_UTC else zone_of(invitation)
        start, end = (moment.astimezone(zone or UTC).replace(microsecond=0) for moment in (start, end))
    entry = _filled(
        Event(),
        {
            "UID": f"{invitation.uid}@{host}",
            "SEQUENCE": invitation.sequence,
            "DTSTAMP": queued_at.astimezone(UTC).replace(microsecond=0),
            "DTSTART": start,
            "DTEND": end if end > start else None,
            "SUMMARY": vText(summary, params=language),
            "DESCRIPTION": vText(description, params=language),
            "LOCATION": invitation.join_link,
            "URL": vUri(invitation.join_link),
            "ORGANIZER": _party(organizer),
            "ATTENDEE": _party(attendee, _INVITED),
            "STATUS": "CONFIRMED",
            "TRANSP": "OPAQUE" if when.busy else "TRANSPARENT",
        },
    )
    made = _filled(
        Calendar(),
        {
            "PRODID": "-//Switchroom//Invitations//EN",
            "VERSION": "2.0",
            "CALSCALE": "GREGORIAN",
            "METHOD": "REQUEST",
        },
    )
    if zone is not None:
        made.add_component(_timezone(zone, {start.year, end.year}))
    made.add_component(entry)
    return made.to_ical()


def _filled(component: _Component, properties: Mapping[str, object]) -> _Component:
    for name, value in properties.items():
        if value is not None:
            component.add(name, value)  # pyright: ignore[reportUnknownMemberType]
    return component


def _party(mailbox: Mailbox, parameters: Mapping[str, str] | None = None) -> vCalAddress:
    named = {"CN": mailbox.name} if mailbox.name else {}
    return vCalAddress(f"mailto:{mailbox.address}", params={**named, **(parameters or {})})


def _timezone(zone: ZoneInfo, years: set[int]) -> Timezone:
    """The VTIMEZONE with what holds in these years of local time.

    Made here because icalendar's own starts daylight saving time at the local time after the change, where
    RFC 5545 (3.6.5) wants the one before it.
    """
    made = _filled(Timezone(), {"TZID": zone.key})
    for year in sorted(years):
        first = datetime(year, 1, 1, tzinfo=zone)
        made.add_component(_observance(first, first.utcoffset()))
        for change, before in _changes(zone, first.astimezone(UTC), datetime(year + 1, 1, 1, tzinfo=zone)):
            made.add_component(_observance(change, before))
    return made


def _observance(onset: datetime, before: timedelta | None) -> TimezoneStandard | TimezoneDaylight:
    offset_before = before or timedelta()
    return _filled(
        TimezoneDaylight() if onset.dst() else TimezoneStandard(),
        {
            "DTSTART": onset.astimezone(UTC).replace(tzinfo=None) + offset_before,
            "TZOFFSETFROM": offset_before,
            "TZOFFSETTO": onset.utcoffset(),
            "TZNAME": onset.tzname(),
        },
    )


def _changes(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[tuple[datetime, timedelta | None]]:
    """The moments from `first` to `last` at which the zone's offset changes, with the offset until then."""
    known = first
    while known < last:
        later = known + _ONE_DAY
        before = known.astimezone(zone).utcoffset()
        if later.astimezone(zone).utcoffset() != before:
            yield _onset(zone, known, later).astimezone(zone), before
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
