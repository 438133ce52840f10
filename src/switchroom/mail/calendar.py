"""The calendar entry of an invitation (iCalendar, RFC 5545; sent as an iTIP request, RFC 5546)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

from icalendar import Calendar, Event, vText, vUri
from msgspec import Struct

from switchroom.mail.addresses import Mailbox
from switchroom.mail.components import filled, party
from switchroom.mail.invitations import Invitation
from switchroom.mail.timezones import is_utc, vtimezone, zone_of

OPEN_END = timedelta(hours=1)
"""Time that the entry lasts when an invitation only says when it begins."""

_APPOINTMENT = timedelta(hours=24)
_ONE_DAY = timedelta(days=1)
_INVITED = {
    "CUTYPE": "INDIVIDUAL",
    "ROLE": "REQ-PARTICIPANT",
    "PARTSTAT": "NEEDS-ACTION",
    "RSVP": "FALSE",
}


class CalendarEvent(Struct, frozen=True, kw_only=True):
    """Time of the entry, and whether its time counts as taken. Dates without a time are a whole day."""

    start: date
    end: date
    busy: bool


def event(invitation: Invitation, queued_at: datetime) -> CalendarEvent | None:
    """The time of the calendar entry; `None` when the invitation ended before it was sent."""
    start, end = invitation.valid_from, invitation.valid_until
    if start is None and end is None:
        day = queued_at.astimezone(zone_of(invitation.timezone)).date()
        return CalendarEvent(start=day, end=day + _ONE_DAY, busy=False)
    if start is None:
        start = queued_at
    if end is None:
        end = start + OPEN_END
    if end < start:
        return None
    return CalendarEvent(start=start, end=end, busy=end - start <= _APPOINTMENT)


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
    when = event(invitation, queued_at)
    if when is None:
        return None
    host = urlsplit(invitation.join_link).hostname or organizer.domain
    language = {"LANGUAGE": invitation.locale}
    start, end, zone = when.start, when.end, None
    if isinstance(start, datetime) and isinstance(end, datetime):
        zone = None if is_utc(invitation.timezone) else zone_of(invitation.timezone)
        start, end = (moment.astimezone(zone or UTC).replace(microsecond=0) for moment in (start, end))
    entry = filled(
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
            "ORGANIZER": party(organizer),
            "ATTENDEE": party(attendee, _INVITED),
            "STATUS": "CONFIRMED",
            "TRANSP": "OPAQUE" if when.busy else "TRANSPARENT",
        },
    )
    made = filled(
        Calendar(),
        {
            "PRODID": "-//Switchroom//Invitations//EN",
            "VERSION": "2.0",
            "CALSCALE": "GREGORIAN",
            "METHOD": "REQUEST",
        },
    )
    if zone is not None:
        made.add_component(vtimezone(zone, {start.year, end.year}))
    made.add_component(entry)
    return made.to_ical()
