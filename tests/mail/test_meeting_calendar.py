"""Meetings in a calendar, read by the letter of RFC 5545 and by a calendar library of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from icalendar import Calendar

from switchroom.mail.addresses import Mailbox
from switchroom.mail.meeting_calendar import meeting_calendar, meeting_feed
from switchroom.mail.meeting_mails import DifferentOccurrence, MeetingMailKind
from switchroom.mail.timezones import recurring_vtimezone
from tests.mail.content_lines import Component, read_calendar
from tests.mail.post import meeting_mail
from tests.vobjects import read_by_vobject

QUEUED_AT = datetime(2026, 3, 20, 22, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
WEEKLY = "FREQ=WEEKLY;BYDAY=TU"


def test_a_meeting() -> None:
    read = _calendar()

    assert (read["VERSION"].value, read["METHOD"].value) == ("2.0", "REQUEST")
    event = read.only("VEVENT")
    assert event["UID"].value == "5e945c36b863b82cefdddf54@meet.example.org"
    assert event["SEQUENCE"].value == "0"
    assert event["DTSTAMP"].value == "20260320T223000Z"
    assert event["DTSTART"].value == "20260324T090000"
    assert event["DTSTART"].parameters == {"TZID": "Europe/Berlin"}
    assert event["DTEND"].value == "20260324T103000"
    assert event["SUMMARY"].text == "Übung; Öst, Teil 1"
    assert event["DESCRIPTION"].text.startswith("1. Begrüßung\n2. Fragen, Antworten; mehr\n\n")
    assert "PIN: 471193" in event["DESCRIPTION"].text
    assert event["LOCATION"].text == event["URL"].value == meeting_mail().join_link
    assert event["ORGANIZER"].value == "mailto:zoe@example.org"
    assert event["ORGANIZER"].parameters["CN"] == "Zoë Weiß"
    assert event["ATTENDEE"].value == "mailto:juergen@example.org"
    assert event["ATTENDEE"].parameters == {
        "CN": "Jürgen Groß, Dr.",
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "NEEDS-ACTION",
        "RSVP": "TRUE",
    }
    assert event["STATUS"].value == "CONFIRMED"
    assert not {"RRULE", "EXDATE", "RECURRENCE-ID"} & event.properties.keys()


def test_a_cancellation_takes_the_entry_away() -> None:
    read = _calendar(kind=MeetingMailKind.CANCELLATION, sequence=3)

    assert read["METHOD"].value == "CANCEL"
    event = read.only("VEVENT")
    assert (event["STATUS"].value, event["SEQUENCE"].value) == ("CANCELLED", "3")
    assert event["UID"].value == meeting_mail().uid


def test_a_series_without_some_of_its_occurrences() -> None:
    excluded = (datetime(2026, 3, 31, 7, tzinfo=UTC), datetime(2026, 11, 3, 8, tzinfo=UTC))
    event = _calendar(recurrence=f"{WEEKLY};UNTIL=20261231T080000Z", excluded=excluded).only("VEVENT")

    assert event["RRULE"].value == "FREQ=WEEKLY;UNTIL=20261231T080000Z;BYDAY=TU"
    assert event["EXDATE"].value == "20260331T090000,20261103T090000"
    assert event["EXDATE"].parameters == {"TZID": "Europe/Berlin"}


def test_one_occurrence_of_a_series() -> None:
    event = _calendar(
        kind=MeetingMailKind.CANCELLATION,
        recurrence=WEEKLY,
        recurrence_id=datetime(2026, 4, 7, 7, tzinfo=UTC),
        excluded=(datetime(2026, 3, 31, 7, tzinfo=UTC),),
    ).only("VEVENT")

    assert event["RECURRENCE-ID"].value == "20260407T090000"
    assert event["RECURRENCE-ID"].parameters == {"TZID": "Europe/Berlin"}
    assert "RRULE" not in event
    assert "EXDATE" not in event


def test_in_utc_there_is_no_zone() -> None:
    read = _calendar(timezone="UTC", recurrence=WEEKLY, excluded=(datetime(2026, 3, 31, 8, tzinfo=UTC),))

    assert not read.all("VTIMEZONE")
    assert read.only("VEVENT")["DTSTART"].value == "20260324T080000Z"
    assert read.only("VEVENT")["EXDATE"].value == "20260331T080000Z"


def test_of_two_equal_hours_the_right_one_is_meant() -> None:
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    event = _calendar(start=second, end=second + timedelta(hours=1)).only("VEVENT")

    assert event["DTSTART"].value == "20261025T013000Z"


def test_a_series_whose_first_time_ends_in_the_second_of_two_equal_hours() -> None:
    """It lasts an hour, though the clocks show the same at both ends."""
    start = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    event = _calendar(recurrence="FREQ=DAILY", start=start, end=start + timedelta(hours=1)).only("VEVENT")

    assert (event["DTSTART"].value, event["DURATION"].value) == ("20261025T023000", "PT1H")
    assert "DTEND" not in event


def test_a_series_that_starts_in_the_second_of_two_equal_hours() -> None:
    """By the clocks alone, it would start in the first."""
    start = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    fields: Any = {"recurrence": "FREQ=DAILY", "start": start, "end": start + timedelta(hours=1)}
    series, first = _calendar(**fields).all("VEVENT")

    assert series["DTSTART"].value == first["RECURRENCE-ID"].value == "20261025T023000"
    assert (first["DTSTART"].value, first["DTEND"].value) == ("20261025T013000Z", "20261025T023000Z")
    assert "RRULE" not in first
    assert len(_calendar(**fields, excluded=(start,)).all("VEVENT")) == 1


def test_occurrences_that_are_different_come_with_their_series() -> None:
    moved = DifferentOccurrence(
        recurrence_id=datetime(2026, 10, 20, 7, tzinfo=UTC),
        start=datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        end=datetime(2026, 10, 25, 2, 30, tzinfo=UTC),
        topic="Nachts; ausnahmsweise",
    )
    read = _calendar(kind=MeetingMailKind.UPDATE, sequence=4, recurrence=WEEKLY, different=(moved,))
    series, one = read.all("VEVENT")

    assert read["METHOD"].value == "REQUEST"
    assert [event["UID"].value for event in (series, one)] == [meeting_mail().uid] * 2
    assert [event["SEQUENCE"].value for event in (series, one)] == ["4", "4"]
    assert ("RECURRENCE-ID" in series, "RRULE" in one) == (False, False)
    assert one["RECURRENCE-ID"].value == "20261020T090000"
    assert (one["DTSTART"].value, one["DTEND"].value) == ("20261025T013000Z", "20261025T023000Z")
    assert one["SUMMARY"].text == "Nachts; ausnahmsweise"
    assert one["ATTENDEE"].value == series["ATTENDEE"].value
    canceled = _calendar(kind=MeetingMailKind.CANCELLATION, recurrence=WEEKLY, different=(moved,))
    assert canceled.only("VEVENT")["STATUS"].value == "CANCELLED"


def test_the_zone_of_a_series_follows_its_rule() -> None:
    zone = _calendar(recurrence=WEEKLY).only("VTIMEZONE")

    summer, winter = zone.only("DAYLIGHT"), zone.only("STANDARD")
    assert summer["DTSTART"].value == "20250330T020000"
    assert summer["RRULE"].value == "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3"
    assert (summer["TZOFFSETFROM"].value, summer["TZOFFSETTO"].value) == ("+0100", "+0200")
    assert winter["RRULE"].value == "FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"


@pytest.mark.parametrize(
    ("zone", "years"),
    [
        ("Europe/Berlin", 60),
        ("America/New_York", 60),
        ("Australia/Sydney", 60),
        ("Australia/Lord_Howe", 60),
        ("Asia/Kolkata", 60),
        ("Asia/Tehran", 60),
        ("America/Santiago", 10),
        ("Africa/Casablanca", 10),
    ],
)
def test_a_zone_says_the_offset_of_all_years_to_come(zone: str, years: int) -> None:
    made = Calendar()
    made.add_component(recurring_vtimezone(ZoneInfo(zone), 2026, 2026))
    onsets = _onsets(read_calendar(made.to_ical()).only("VTIMEZONE"), 2026 + years)

    moment = datetime(2026, 1, 2, tzinfo=UTC)
    while moment.year < 2026 + years:
        in_force = max(onset for onset in onsets if onset[0] <= moment)[1]
        assert in_force == moment.astimezone(ZoneInfo(zone)).utcoffset(), moment
        moment += timedelta(hours=67)


def test_another_library_reads_the_series_as_it_is_meant() -> None:
    excluded = (datetime(2026, 3, 31, 7, tzinfo=UTC),)
    octets = _octets(recurrence=f"{WEEKLY};COUNT=4", excluded=excluded)

    event = read_by_vobject(octets.decode()).vevent

    assert [moment.astimezone(UTC) for moment in event.getrruleset(addRDate=True)] == [
        datetime(2026, 3, 24, 8, tzinfo=UTC),
        datetime(2026, 4, 7, 7, tzinfo=UTC),
        datetime(2026, 4, 14, 7, tzinfo=UTC),
    ]
    assert event.summary.value == "Übung; Öst, Teil 1"
    assert event.dtend.value.astimezone(UTC) == meeting_mail().end
    assert event.organizer.value == "mailto:zoe@example.org"
    assert event.attendee.params["RSVP"] == ["TRUE"]
    assert event.description.value.splitlines()[:2] == ["1. Begrüßung", "2. Fragen, Antworten; mehr"]


def test_a_feed_of_several_meetings() -> None:
    other = meeting_mail(uid="2", timezone="America/New_York", organizer_email="")
    series = meeting_mail(uid="3", recurrence=WEEKLY)
    moved = meeting_mail(uid="3", recurrence_id=datetime(2026, 4, 7, 7, tzinfo=UTC), sequence=1)

    octets = meeting_feed([meeting_mail(), other, series, moved], name="Zoë; Weiß, Köln\n", made_at=QUEUED_AT)

    read = read_calendar(octets)
    assert read["METHOD"].value == "PUBLISH"
    assert read["X-WR-CALNAME"].text == read["NAME"].text == "Zoë; Weiß, Köln"
    assert (read["REFRESH-INTERVAL"].value, read["REFRESH-INTERVAL"].parameters) == (
        "PT1H",
        {"VALUE": "DURATION"},
    )
    assert read["X-PUBLISHED-TTL"].value == "PT1H"
    assert [zone["TZID"].value for zone in read.all("VTIMEZONE")] == ["Europe/Berlin", "America/New_York"]
    events = read.all("VEVENT")
    assert [event["UID"].value for event in events] == [meeting_mail().uid, "2", "3", "3"]
    assert ["RECURRENCE-ID" in event for event in events] == [False, False, False, True]
    assert ["ORGANIZER" in event for event in events] == [True, False, True, True]
    assert not any("ATTENDEE" in event for event in events)
    assert [event.summary.value for event in read_by_vobject(octets.decode()).vevent_list] == [
        meeting_mail().topic
    ] * 4


def test_a_feed_of_no_meetings_is_a_calendar() -> None:
    read = read_calendar(meeting_feed([], name="Zoë", made_at=QUEUED_AT))

    assert read.components == []


@pytest.mark.parametrize(
    "typed", ['"; X=1:evil', "a\\b;c,d\\n", "x" * 200 + "ü" * 500, "A\r\nATTENDEE:mailto:b"]
)
def test_what_people_typed_stays_in_its_place_in_a_feed(typed: str) -> None:
    fields: Any = dict.fromkeys(("topic", "agenda", "organizer_name", "organization_name"), typed)

    octets = meeting_feed([meeting_mail(**fields)], name=typed, made_at=QUEUED_AT)

    event = read_calendar(octets).only("VEVENT")
    assert event["SUMMARY"].text == typed.replace("\r\n", " ")
    assert event["ORGANIZER"].value == "mailto:zoe@example.org"
    assert event["ORGANIZER"].parameters.keys() == {"CN"}
    assert "ATTENDEE" not in event


def _octets(**changes: Any) -> bytes:
    return meeting_calendar(
        meeting_mail(**changes),
        organizer=Mailbox("Zoë Weiß", "zoe@example.org"),
        attendee=Mailbox("Jürgen Groß, Dr.", "juergen@example.org"),
        queued_at=QUEUED_AT,
    )


def _calendar(**changes: Any) -> Component:
    return read_calendar(_octets(**changes))


def _onsets(timezone: Component, until: int) -> Sequence[tuple[datetime, timedelta]]:
    """When which offset begins (3.6.5: DTSTART at TZOFFSETFROM, and again by RRULE)."""
    onsets: list[tuple[datetime, timedelta]] = []
    for observance in timezone.components:
        walls = [datetime.strptime(observance["DTSTART"].value, "%Y%m%dT%H%M%S")]
        if "RRULE" in observance:
            rule = rrulestr(observance["RRULE"].value, dtstart=walls[0])
            walls = list(rule.between(walls[0], datetime(until, 1, 1), inc=True))
        before, after = (_delta(observance[name].value) for name in ("TZOFFSETFROM", "TZOFFSETTO"))
        onsets += [(wall.replace(tzinfo=UTC) - before, after) for wall in walls]
    return sorted(onsets)


def _delta(offset: str) -> timedelta:
    sign = -1 if offset[0] == "-" else 1
    return sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5]))
