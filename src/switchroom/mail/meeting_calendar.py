"""Meetings in a calendar: the entry of a mail (iTIP, RFC 5546) and the feed that calendars subscribe to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event, Timezone, vCalAddress, vDuration, vRecur, vText, vUri
from msgspec import structs
from msgspec.structs import replace

from switchroom.mail.addresses import Mailbox, name_in_line
from switchroom.mail.components import filled, party
from switchroom.mail.meeting_details import (
    cleaned,
    description,
    language_of,
    organizer_of,
    plain_lines,
)
from switchroom.mail.meeting_mails import DifferentOccurrence, MeetingEntry, MeetingMail, MeetingMailKind
from switchroom.mail.timezones import is_utc, recurring_vtimezone, vtimezone, zone_of

_INVITED = {
    "CUTYPE": "INDIVIDUAL",
    "ROLE": "REQ-PARTICIPANT",
    "PARTSTAT": "NEEDS-ACTION",
    "RSVP": "TRUE",
}
_REFRESHED_AFTER = timedelta(hours=1)


def method_of(mail: MeetingMail) -> str:
    return "CANCEL" if mail.kind is MeetingMailKind.CANCELLATION else "REQUEST"


def meeting_calendar(
    mail: MeetingMail, *, organizer: Mailbox, attendee: Mailbox, queued_at: datetime
) -> bytes:
    """The calendar of a mail whose words are cleaned."""
    canceled = mail.kind is MeetingMailKind.CANCELLATION
    entries = [mail] if canceled else _components(mail)
    people: dict[str, object] = {"ORGANIZER": party(organizer), "ATTENDEE": party(attendee, _INVITED)}
    if canceled and mail.reason:
        people["COMMENT"] = vText(plain_lines(mail.reason), params={"LANGUAGE": language_of(mail).name})
    status = "CANCELLED" if canceled else "CONFIRMED"
    events = [_entry(entry, stamp=queued_at, status=status, people=people) for entry in entries]
    return _calendar({"METHOD": method_of(mail)}, entries, events)


def meeting_feed(entries: Sequence[MeetingEntry], *, name: str, made_at: datetime) -> bytes:
    """The calendar of that name with all these meetings, of no attendee's.

    An entry with a `recurrence_id` stands beside that of its series, and takes the place of one occurrence.
    """
    entries = [component for entry in entries for component in _components(cleaned(entry))]
    events = [_entry(entry, stamp=made_at, status="CONFIRMED", people=_publisher(entry)) for entry in entries]
    properties = {
        "METHOD": "PUBLISH",
        "NAME": vText(name_in_line(name)),
        "X-WR-CALNAME": vText(name_in_line(name)),
        "REFRESH-INTERVAL": vDuration(_REFRESHED_AFTER, params={"VALUE": "DURATION"}),
        "X-PUBLISHED-TTL": vDuration(_REFRESHED_AFTER),
    }
    return _calendar(properties, entries, events)


def _components(entry: MeetingEntry) -> Sequence[MeetingEntry]:
    """The entry, and after a series those of its occurrences that are not as it says (RFC 5546, 3.2.2)."""
    if not entry.recurrence or entry.recurrence_id is not None:
        return [entry]
    different = {one.recurrence_id: one for one in entry.different}
    in_second_hour = not is_utc(entry.timezone) and entry.start.astimezone(zone_of(entry.timezone)).fold
    if in_second_hour and entry.start not in entry.excluded:
        # By the clocks, the series starts in the first of the two hours that they show alike.
        first = DifferentOccurrence(
            recurrence_id=entry.start,
            start=entry.start,
            end=entry.end,
            topic=entry.topic,
            agenda=entry.agenda,
        )
        different = {entry.start: first, **different}
    return [
        entry,
        *(
            replace(entry, recurrence="", excluded=(), different=(), **structs.asdict(one))
            for one in different.values()
        ),
    ]


def _publisher(entry: MeetingEntry) -> Mapping[str, vCalAddress]:
    organizer = organizer_of(entry, otherwise="")
    return {"ORGANIZER": party(organizer)} if organizer.address else {}


def _calendar(
    properties: Mapping[str, object], entries: Sequence[MeetingEntry], events: Sequence[Event]
) -> bytes:
    made = filled(
        Calendar(),
        {"PRODID": "-//Switchroom//Meetings//EN", "VERSION": "2.0", "CALSCALE": "GREGORIAN", **properties},
    )
    for timezone in _timezones(entries):
        made.add_component(timezone)
    for event in events:
        made.add_component(event)
    return made.to_ical()


def _timezones(entries: Sequence[MeetingEntry]) -> list[Timezone]:
    """Time zones, one for each that the entries use."""
    used: dict[str, list[MeetingEntry]] = {}
    for entry in entries:
        if not _in_utc(entry):
            used.setdefault(entry.timezone, []).append(entry)
    return [_timezone(timezone, of_zone) for timezone, of_zone in used.items()]


def _timezone(timezone: str, entries: Sequence[MeetingEntry]) -> Timezone:
    zone = zone_of(timezone)
    moments = [
        moment
        for entry in entries
        for moment in (entry.start, entry.end, entry.recurrence_id, *entry.excluded)
        if moment is not None
    ]
    years = {moment.astimezone(zone).year for moment in moments}
    if len(years) == 1 and not any(entry.recurrence for entry in entries):
        return vtimezone(zone, years)
    return recurring_vtimezone(zone, min(years), max(years))


def _entry(entry: MeetingEntry, *, stamp: datetime, status: str, people: Mapping[str, object]) -> Event:
    language = language_of(entry)
    in_language = {"LANGUAGE": language.name}
    zone = UTC if _in_utc(entry) else zone_of(entry.timezone)

    def local(moment: datetime) -> datetime:
        return moment.astimezone(zone).replace(microsecond=0)

    recurring = bool(entry.recurrence) and entry.recurrence_id is None
    start, end = local(entry.start), local(entry.end)
    if not recurring and (start.fold or end.fold):
        start, end = start.astimezone(UTC), end.astimezone(UTC)
    # What the clocks show at both ends is not how long it lasts when they are changed in between.
    length = end.astimezone(UTC) - start.astimezone(UTC)
    by_length = recurring and length != end.replace(tzinfo=None) - start.replace(tzinfo=None)
    return filled(
        Event(),
        {
            "UID": entry.uid,
            "SEQUENCE": entry.sequence,
            "DTSTAMP": stamp.astimezone(UTC).replace(microsecond=0),
            "RECURRENCE-ID": local(entry.recurrence_id) if entry.recurrence_id else None,
            "DTSTART": start,
            "DTEND": end if end > start and not by_length else None,
            "DURATION": length if by_length else None,
            "RRULE": vRecur.from_ical(entry.recurrence) if recurring else None,
            "EXDATE": [local(moment) for moment in entry.excluded] if recurring and entry.excluded else None,
            "SUMMARY": vText(entry.topic, params=in_language),
            "DESCRIPTION": vText(description(entry, language), params=in_language),
            "LOCATION": entry.join_link or None,
            "URL": vUri(entry.join_link) if entry.join_link else None,
            **people,
            "STATUS": status,
            "TRANSP": "OPAQUE",
        },
    )


def _in_utc(entry: MeetingEntry) -> bool:
    """Whether times are written in UTC, as also when local time would not say which of two hours it is."""
    if is_utc(entry.timezone):
        return True
    zone = zone_of(entry.timezone)
    one = not entry.recurrence and entry.recurrence_id is None
    return one and bool(entry.start.astimezone(zone).fold or entry.end.astimezone(zone).fold)
