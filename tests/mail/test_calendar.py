"""The calendar entry, read by the letter of RFC 5545."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from switchroom.mail.addresses import Mailbox
from switchroom.mail.calendar import calendar
from tests.mail.content_lines import Component, read_calendar
from tests.mail.post import JOIN_LINK, invitation

QUEUED_AT = datetime(2025, 7, 20, 22, 30, tzinfo=UTC)


def test_an_appointment() -> None:
    read = _calendar()

    assert (read["VERSION"].value, read["METHOD"].value) == ("2.0", "REQUEST")
    entry = read.only("VEVENT")
    assert entry["UID"].value == "5f0f4a52-70a5-4d6d-8c53-0c9b52f2f0be@meet.example.org"
    assert entry["SEQUENCE"].value == "0"
    assert entry["DTSTAMP"].value == "20250720T223000Z"
    assert entry["DTSTART"].value == "20250721T140000"
    assert entry["DTSTART"].parameters == {"TZID": "Europe/Berlin"}
    assert entry["DTEND"].value == "20250721T153000"
    assert entry["SUMMARY"].text == "Übungsraum, Öst"
    assert JOIN_LINK in entry["DESCRIPTION"].text
    assert entry["URL"].value == JOIN_LINK
    assert entry["ORGANIZER"].value == "mailto:noreply@meet.example.org"
    assert entry["ORGANIZER"].parameters["CN"] == "Zoë Weiß"
    assert entry["ATTENDEE"].value == "mailto:juergen@example.org"
    assert entry["ATTENDEE"].parameters["CN"] == "Jürgen Groß, Dr."
    assert entry["TRANSP"].value == "OPAQUE"


def test_a_later_mail_replaces_the_entry() -> None:
    first, second = _entry(sequence=0), _entry(sequence=1, valid_until=None)

    assert first["UID"].value == second["UID"].value
    assert (first["SEQUENCE"].value, second["SEQUENCE"].value) == ("0", "1")


@pytest.mark.parametrize("timezone", ["", "UTC"])
def test_without_a_zone_the_time_is_utc(timezone: str) -> None:
    read = _calendar(timezone=timezone)

    assert not read.all("VTIMEZONE")
    assert read.only("VEVENT")["DTSTART"].value == "20250721T120000Z"
    assert read.only("VEVENT")["DTEND"].value == "20250721T133000Z"


def test_only_a_start_is_an_appointment_of_an_hour() -> None:
    entry = _entry(valid_until=None)

    assert entry["DTSTART"].value == "20250721T140000"
    assert entry["DTEND"].value == "20250721T150000"


def test_only_an_end_is_an_entry_from_the_mail_to_then() -> None:
    entry = _entry(valid_from=None)

    assert entry["DTSTART"].value == "20250721T003000"
    assert entry["DTEND"].value == "20250721T153000"


def test_without_dates_the_entry_is_the_day_of_the_mail_and_takes_no_time() -> None:
    entry = _entry(valid_from=None, valid_until=None)

    assert entry["DTSTART"].value == "20250721"
    assert entry["DTSTART"].parameters["VALUE"] == "DATE"
    assert entry["DTEND"].value == "20250722"
    assert entry["TRANSP"].value == "TRANSPARENT"


def test_a_term_takes_no_time_in_the_calendar() -> None:
    assert _entry(valid_until=datetime(2025, 12, 1, tzinfo=UTC))["TRANSP"].value == "TRANSPARENT"


def test_an_end_that_is_the_start_is_left_out() -> None:
    moment = datetime(2025, 7, 25, 7, 25, 48, 57_000, tzinfo=UTC)
    entry = _entry(valid_from=moment, valid_until=moment)

    assert entry["DTSTART"].value == "20250725T092548"
    assert "DTEND" not in entry


def test_an_invitation_that_is_over_has_no_entry() -> None:
    assert _octets(valid_from=None, valid_until=QUEUED_AT - timedelta(days=1)) is None


@pytest.mark.parametrize("name", ['"; X=1:evil', "a\\b;c,d", "x" * 200 + "ü" * 100, "^n^'^^", "a:b"])
def test_names_stay_in_their_place(name: str) -> None:
    octets = _octets(guest_name=name, room_name=name)
    assert octets is not None
    entry = read_calendar(octets).only("VEVENT")

    assert entry["SUMMARY"].text == name
    assert "X" not in entry["ATTENDEE"].parameters
    assert entry["ATTENDEE"].value == "mailto:juergen@example.org"


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "America/Santiago",
    ],
)
def test_the_zone_says_the_offset_of_every_hour_of_the_year(zone: str) -> None:
    start = datetime(2025, 7, 21, 12, tzinfo=UTC)
    timezone = _calendar(timezone=zone, valid_from=start, valid_until=start).only("VTIMEZONE")

    assert timezone["TZID"].value == zone
    onsets = _onsets(timezone)
    moment = datetime(2025, 1, 2, tzinfo=UTC)
    while moment.year == 2025:
        in_force = onsets[max(onset for onset in onsets if onset <= moment)]
        assert in_force == moment.astimezone(ZoneInfo(zone)).utcoffset(), moment
        moment += timedelta(minutes=30)


def test_the_zone_covers_a_start_and_an_end_in_different_years() -> None:
    timezone = _calendar(valid_until=datetime(2031, 1, 5, tzinfo=UTC)).only("VTIMEZONE")

    assert _offset(timezone, datetime(2025, 7, 21, tzinfo=UTC)) == timedelta(hours=2)
    assert _offset(timezone, datetime(2031, 1, 5, tzinfo=UTC)) == timedelta(hours=1)


def _octets(
    *, guest_name: str = "Jürgen Groß, Dr.", room_name: str = "Übungsraum, Öst", **changes: Any
) -> bytes | None:
    return calendar(
        invitation(**changes),
        organizer=Mailbox("Zoë Weiß", "noreply@meet.example.org"),
        attendee=Mailbox(guest_name, "juergen@example.org"),
        summary=room_name,
        description=f"Hier, bitte:\n{JOIN_LINK}",
        queued_at=QUEUED_AT,
    )


def _calendar(**changes: Any) -> Component:
    octets = _octets(**changes)
    assert octets is not None
    return read_calendar(octets)


def _entry(**changes: Any) -> Component:
    return _calendar(**changes).only("VEVENT")


def _onsets(timezone: Component) -> dict[datetime, timedelta]:
    """Each observance's onset (3.6.5: DTSTART at TZOFFSETFROM) and offset."""
    return {
        datetime.strptime(observance["DTSTART"].value, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        - _delta(observance["TZOFFSETFROM"].value): _delta(observance["TZOFFSETTO"].value)
        for observance in timezone.components
    }


def _offset(timezone: Component, moment: datetime) -> timedelta:
    onsets = _onsets(timezone)
    return onsets[max(onset for onset in onsets if onset <= moment)]


def _delta(offset: str) -> timedelta:
    sign = -1 if offset[0] == "-" else 1
    return sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5]))
