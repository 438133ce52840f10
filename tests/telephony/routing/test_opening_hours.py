"""When a callflow is open."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import DAILY, rrule
from msgspec.structs import replace

from switchroom.errors import ErrorCode, Invalid
from switchroom.telephony.routing.configuration import Calendar, Forced
from switchroom.telephony.routing.opening_hours import (
    CALL_BUDGET,
    CHECK_BUDGET,
    MOST_EVENTS,
    OpeningHours,
    is_open,
    opening_hours,
    require_calendar,
    spans_of,
)

BERLIN = ZoneInfo("Europe/Berlin")

WORKDAYS = """UID:werktags
SUMMARY:Geöffnet für Müller & Söhne
DTSTART;TZID=Europe/Berlin:20200106T090000
DTEND;TZID=Europe/Berlin:20200106T170000
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
EXDATE;TZID=Europe/Berlin:20261225T090000"""


def test_open_on_workdays_from_nine_to_five() -> None:
    hours = _hours(WORKDAYS)

    assert not hours.is_open(_berlin(2026, 11, 27, 8, 59))
    assert hours.is_open(_berlin(2026, 11, 27, 9, 0))
    assert hours.is_open(_berlin(2026, 11, 27, 16, 59))
    assert not hours.is_open(_berlin(2026, 11, 27, 17, 0))
    assert not hours.is_open(_berlin(2026, 11, 28, 12, 0))


def test_the_hour_on_the_wall_stays_when_clocks_change() -> None:
    hours = _hours(WORKDAYS)

    assert hours.is_open(datetime(2026, 7, 1, 7, 0, tzinfo=UTC))
    assert not hours.is_open(datetime(2026, 12, 1, 7, 30, tzinfo=UTC))
    assert hours.is_open(datetime(2026, 12, 1, 8, 0, tzinfo=UTC))


def test_a_day_that_is_left_out_is_closed() -> None:
    assert not _hours(WORKDAYS).is_open(_berlin(2026, 12, 25, 12))
    assert _hours(WORKDAYS).is_open(_berlin(2026, 12, 24, 12))


def test_the_next_change_is_the_end_or_the_next_start() -> None:
    hours = _hours(WORKDAYS)

    assert hours.next_change(_berlin(2026, 11, 27, 12)) == _berlin(2026, 11, 27, 17)
    assert hours.next_change(_berlin(2026, 11, 27, 17)) == _berlin(2026, 11, 30, 9)
    assert hours.next_change(_berlin(2026, 12, 24, 18)) == _berlin(2026, 12, 28, 9)


def test_events_that_touch_are_one_opening() -> None:
    hours = _hours(_once("20261127T090000", "20261127T120000"), _once("20261127T120000", "20261127T150000"))

    assert hours.next_change(_berlin(2026, 11, 27, 10)) == _berlin(2026, 11, 27, 15)


def test_one_day_of_a_series_is_moved() -> None:
    moved = """UID:werktags
RECURRENCE-ID;TZID=Europe/Berlin:20261127T090000
DTSTART;TZID=Europe/Berlin:20261127T120000
DTEND;TZID=Europe/Berlin:20261127T130000"""
    hours = _hours(WORKDAYS, moved)

    assert not hours.is_open(_berlin(2026, 11, 27, 10))
    assert hours.is_open(_berlin(2026, 11, 27, 12, 30))
    assert hours.is_open(_berlin(2026, 11, 30, 10))


def test_over_midnight() -> None:
    night = """UID:nacht
DTSTART;TZID=Europe/Berlin:20260105T220000
DTEND;TZID=Europe/Berlin:20260106T060000
RRULE:FREQ=DAILY"""
    hours = _hours(night)

    assert hours.is_open(_berlin(2026, 11, 28, 5, 59))
    assert not hours.is_open(_berlin(2026, 11, 28, 6))


@pytest.mark.parametrize(
    "rule", ["FREQ=WEEKLY;UNTIL=20261127T080000Z;BYDAY=FR", "FREQ=WEEKLY;COUNT=2;BYDAY=FR"]
)
def test_a_series_ends(rule: str) -> None:
    hours = _hours(
        f"UID:1\nDTSTART;TZID=Europe/Berlin:20261120T090000\nDTEND;TZID=Europe/Berlin:20261120T170000\n"
        f"RRULE:{rule}"
    )

    assert hours.is_open(_berlin(2026, 11, 27, 9))
    assert not hours.is_open(_berlin(2026, 12, 4, 9))
    assert hours.next_change(_berlin(2026, 12, 4, 9)) is None


def test_the_last_friday_of_each_month_and_one_day_more() -> None:
    hours = _hours(
        "UID:1\nDTSTART:20200131T090000\nDURATION:PT2H\nRRULE:FREQ=MONTHLY;BYDAY=-1FR\nRDATE:20261124T090000"
    )

    assert hours.is_open(_berlin(2026, 11, 27, 10))
    assert hours.is_open(_berlin(2026, 11, 24, 10))
    assert not hours.is_open(_berlin(2026, 11, 20, 10))


def test_every_second_week_keeps_its_weeks_after_years() -> None:
    hours = _hours("UID:1\nDTSTART:20160104T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE")
    weeks = [day for day in range(28) if hours.is_open(_berlin(2026, 11, 2, 9, 30) + timedelta(days=day))]

    # The first Monday is 4 January 2016: 2 November 2026 is 565 weeks later.
    assert weeks == [7, 9, 21, 23]


def test_whole_days_are_of_the_calendars_zone() -> None:
    hours = _hours("UID:1\nDTSTART;VALUE=DATE:20261127", zone="America/New_York")

    assert not hours.is_open(datetime(2026, 11, 27, 4, 59, tzinfo=UTC))
    assert hours.is_open(datetime(2026, 11, 27, 5, tzinfo=UTC))
    assert hours.is_open(datetime(2026, 11, 28, 4, 59, tzinfo=UTC))


@pytest.mark.parametrize("line", ["STATUS:CANCELLED", "TRANSP:TRANSPARENT"])
def test_what_takes_no_time_opens_nothing(line: str) -> None:
    event = _once("20261127T090000", "20261127T170000")

    assert _hours(event).is_open(_berlin(2026, 11, 27, 12))
    assert not _hours(f"{event}\n{line}").is_open(_berlin(2026, 11, 27, 12))


@pytest.mark.parametrize(
    "broken",
    [
        "UID:1\nDTSTART:heute\nDTEND:20261127T170000",
        "UID:1\nDTEND:20261127T170000",
        "UID:1\nDTSTART:20261127T090000\nDTEND:20261127T080000",
        "UID:1\nDTSTART:20261127T090000\nDURATION:P1D\nRRULE:FREQ=XYZ",
        "UID:1\nDTSTART:20261127T090000\nDURATION:PT1S\nRRULE:FREQ=SECONDLY",
        "UID:1\nDTSTART:20261127T090000\nDURATION:PT1S\nRRULE:FREQ=DAILY;COUNT=99999999",
    ],
)
def test_one_broken_event_leaves_the_others(broken: str) -> None:
    hours = _hours(broken, WORKDAYS)

    assert hours.is_open(_berlin(2026, 11, 30, 10))
    assert not hours.is_open(_berlin(2026, 11, 30, 18))


@pytest.mark.parametrize(
    "rule",
    [
        "DAILY;BYMONTH=2;BYMONTHDAY=30",
        "MONTHLY;BYMONTHDAY=30;BYMONTH=2",
        "DAILY;INTERVAL=7;BYDAY=FR",
        "YEARLY",
    ],
)
def test_rules_that_never_come_take_no_more_time_than_such_that_do(rule: str) -> None:
    """Left to itself, the search for the next time goes on for 8,000 years."""
    start = "DTSTART:19700101T090000\nDURATION:PT1H\nRRULE:FREQ="
    usual = _seconds(f"UID:1\n{start}DAILY;BYDAY=MO,TU,WE,TH,FR,SA,SU;COUNT=10000")

    assert _seconds(f"UID:1\n{start}{rule}") < 10 * usual


@pytest.mark.parametrize(
    "rule", ["DAILY;BYMONTH=2;BYMONTHDAY=30", "WEEKLY;BYDAY=MO;BYSETPOS=5", "MONTHLY;BYDAY=5MO;BYMONTHDAY=1"]
)
def test_hundreds_of_rules_that_never_come_are_refused(rule: str) -> None:
    """Together they would hold up other calls for seconds."""
    event = f"UID:1\nDTSTART:20260105T090000\nDURATION:PT1H\nRRULE:FREQ={rule}"
    text = _ics(*[event] * 450)
    began = time.thread_time()
    with pytest.raises(Invalid) as refused:
        require_calendar(text, _berlin(2026, 11, 27, 12))
    assert refused.value.code is ErrorCode.CALENDAR_INVALID
    assert "too long" in str(refused.value.facts["reason"])
    assert spans_of(text, "UTC", _berlin(2026, 11, 27, 12)) == ()
    assert time.thread_time() - began < 5 * (CHECK_BUDGET + CALL_BUDGET)
    usual = _ics(*[event.replace(rule, "DAILY")] * 450)
    require_calendar(usual, _berlin(2026, 11, 27, 12))


def _seconds(event: str) -> float:
    hours, noon = _hours(event), _berlin(2026, 11, 27, 12)
    began = time.thread_time()
    hours.next_change(noon)
    return time.thread_time() - began


def test_rules_fall_on_the_days_of_their_own_years() -> None:
    """The rule is looked up in years far away which have the same days."""
    expected = list(rrule(DAILY, datetime(2026, 1, 1), count=365, byweekday=(0, 3), bymonthday=range(1, 16)))
    days = ",".join(str(day) for day in range(1, 16))
    rule = f"FREQ=YEARLY;BYDAY=MO,TH;BYMONTHDAY={days}"
    hours = _hours(f"UID:1\nDTSTART:20200101T000000\nDURATION:P1D\nRRULE:{rule}")
    noons = [_berlin(2026, 1, 1, 12) + timedelta(days=day) for day in range(365)]

    open_days = [noon.date() for noon in noons if hours.is_open(noon)]

    assert open_days == [one.date() for one in expected if one.year == 2026]


@pytest.mark.parametrize("text", ["", "hello", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "BEGIN:VEVENT"])
def test_what_is_no_calendar_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        opening_hours(text, "Europe/Berlin")

    assert refused.value.path == "ics"


_EVERY_MINUTE = ",".join(str(one) for one in range(60))
_OFTEN = f"BYHOUR={','.join(str(one) for one in range(24))};BYMINUTE={_EVERY_MINUTE}"


@pytest.mark.parametrize("often", [f"{_OFTEN};BYSECOND={_EVERY_MINUTE}", _OFTEN, "BYSECOND=0"])
def test_events_of_every_minute_are_refused(often: str) -> None:
    event = f"UID:1\nDTSTART:20260101T000000\nDURATION:PT30S\nRRULE:FREQ=DAILY;{often}"

    with pytest.raises(Invalid) as refused:
        require_calendar(_ics(WORKDAYS, event), _berlin(2026, 11, 27, 12))
    assert refused.value.path == "ics"
    assert spans_of(_ics(WORKDAYS, event), "Europe/Berlin", _berlin(2026, 11, 27, 12)) == ()


def test_events_that_recur_too_often_together_are_refused() -> None:
    hours = ",".join(str(one) for one in range(24))
    rule = f"FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR={hours};BYMINUTE=0,30"
    event = f"UID:1\nDTSTART:19700101T000000\nDURATION:PT30S\nRRULE:{rule}"

    with pytest.raises(Invalid) as refused:
        require_calendar(_ics(event), _berlin(2026, 11, 27, 12))
    assert refused.value.code is ErrorCode.TOO_MANY_ENTRIES


def test_as_many_events_as_there_may_be_are_looked_at_for_a_day() -> None:
    event = "DTSTART:20200101T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY"
    many = _ics(*(f"UID:{number}\n{event}" for number in range(MOST_EVENTS)))
    require_calendar(many, _berlin(2026, 11, 27, 12))
    hours = opening_hours(many, "Europe/Berlin")

    assert hours.is_open(_berlin(2026, 11, 27, 9))
    assert not hours.is_open(_berlin(2026, 11, 27, 12))
    with pytest.raises(Invalid):
        require_calendar(_ics(*(f"UID:{one}\n{event}" for one in range(501))), _berlin(2026, 11, 27, 12))


def test_forced_wins_over_the_hours() -> None:
    friday, saturday = _berlin(2026, 11, 27, 12), _berlin(2026, 11, 28, 12)
    calendar = Calendar(id=1, spans=spans_of(_ics(WORKDAYS), "Europe/Berlin", friday))

    assert is_open(calendar, friday)
    assert not is_open(calendar, saturday)
    assert is_open(replace(calendar, forced=Forced.OPEN), saturday)
    assert not is_open(replace(calendar, forced=Forced.CLOSED), friday)


def test_the_hours_are_known_for_the_day_after_they_were_worked_out() -> None:
    thursday, friday = _berlin(2026, 11, 26, 18), _berlin(2026, 11, 27, 16, 59)
    calendar = Calendar(id=1, spans=spans_of(_ics(WORKDAYS), "Europe/Berlin", thursday))

    assert not is_open(calendar, thursday)
    assert is_open(calendar, friday)
    assert not is_open(calendar, friday + timedelta(minutes=1))


def test_a_broken_calendar_is_closed() -> None:
    assert spans_of("?", "UTC", _berlin(2026, 11, 27, 12)) == ()
    assert spans_of(_ics(WORKDAYS), "Mars/Base", _berlin(2026, 11, 27, 12)) == ()


def _hours(*events: str, zone: str = "Europe/Berlin") -> OpeningHours:
    return opening_hours(_ics(*events), zone)


def _ics(*events: str) -> str:
    inner = "\n".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n{inner}\nEND:VCALENDAR\n".replace("\n", "\r\n")


def _once(start: str, end: str) -> str:
    return f"UID:{start}\nDTSTART;TZID=Europe/Berlin:{start}\nDTEND;TZID=Europe/Berlin:{end}"


def _berlin(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN)
