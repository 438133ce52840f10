"""When recurring meetings take place."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from msgspec.structs import replace

from switchroom.errors import Invalid
from switchroom.meetings.recurrence import (
    EndsType,
    FrequencyType,
    MonthlyPattern,
    Recurrence,
    last_start,
    occurrence_starts,
    require_possible,
    rule,
    to_rrule_text,
)
from tests.steps import allowed

BERLIN = ZoneInfo("Europe/Berlin")
DAILY, WEEKLY, MONTHLY = FrequencyType
BY_DAY, BY_WEEKDAY = MonthlyPattern


def test_every_second_day_three_times() -> None:
    assert _dates(_after(DAILY, 3, frequency=2), _berlin(2026, 1, 5, 9)) == ["01-05", "01-07", "01-09"]


def test_every_third_week_on_the_day_of_the_start() -> None:
    assert _dates(_after(WEEKLY, 3, frequency=3), _berlin(2026, 1, 6, 9)) == ["01-06", "01-27", "02-17"]


def test_the_31st_is_only_in_months_that_have_it() -> None:
    dates = _dates(_after(MONTHLY, 7), _berlin(2026, 1, 31, 9))

    assert dates == ["01-31", "03-31", "05-31", "07-31", "08-31", "10-31", "12-31"]


def test_the_29th_of_february_comes_with_leap_years() -> None:
    found = _list(_after(MONTHLY, 3, frequency=12), _berlin(2028, 2, 29, 9))

    assert [moment.year for moment in found] == [2028, 2032, 2036]


def test_the_third_tuesday_of_the_month() -> None:
    dates = _dates(_after(MONTHLY, 4, monthly_pattern=BY_WEEKDAY), _berlin(2026, 1, 20, 9))

    assert dates == ["01-20", "02-17", "03-17", "04-21"]


def test_the_fifth_friday_means_the_last() -> None:
    dates = _dates(_after(MONTHLY, 4, monthly_pattern=BY_WEEKDAY), _berlin(2026, 1, 30, 9))

    assert dates == ["01-30", "02-27", "03-27", "04-24"]


def test_the_day_is_that_of_the_meetings_zone() -> None:
    start = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)

    found = occurrence_starts(_after(MONTHLY, 2), start, "Asia/Tokyo", limit=10)

    assert found == [start, datetime(2026, 2, 28, 23, 30, tzinfo=UTC)]


def test_the_clock_on_the_wall_shows_the_same_in_summer_and_winter() -> None:
    found = _list(_after(WEEKLY, 40), _berlin(2026, 3, 2, 9))

    assert {moment.astimezone(BERLIN).hour for moment in found} == {9}
    assert {moment.hour for moment in found} == {7, 8}
    assert all(moment.tzinfo is UTC for moment in found)


def test_a_time_that_the_clocks_skip_is_moved_past_the_gap() -> None:
    found = _list(_after(DAILY, 3), _berlin(2026, 3, 28, 2, 30))

    assert [f"{moment.astimezone(BERLIN):%d %H:%M}" for moment in found] == [
        "28 02:30",
        "29 03:30",
        "30 02:30",
    ]


def test_of_a_time_that_the_clocks_show_twice_the_first_counts() -> None:
    found = _list(_after(DAILY, 2), _berlin(2026, 10, 24, 2, 30))

    assert found == [datetime(2026, 10, 24, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]


def test_a_start_in_the_second_of_two_equal_hours_is_where_it_is() -> None:
    start = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)

    found = _list(_after(DAILY, 2), start)

    assert found == [start, datetime(2026, 10, 26, 1, 30, tzinfo=UTC)]


def test_it_ends_with_the_last_start_not_after_its_end() -> None:
    start = _berlin(2026, 3, 27, 9)
    last = _berlin(2026, 3, 30, 9)

    assert len(_list(_until(DAILY, last), start)) == 4
    assert len(_list(_until(DAILY, last - timedelta(seconds=1)), start)) == 3
    assert _list(_until(DAILY, start), start) == [start]


def test_a_window_begins_with_its_first_moment_and_ends_before_its_last() -> None:
    recurrence = Recurrence(frequency_type=DAILY)
    start = _berlin(2026, 1, 5, 9)
    from_, until = start + timedelta(days=3), start + timedelta(days=5)

    found = _list(recurrence, start, from_=from_, until=until)

    assert found == [from_, from_ + timedelta(days=1)]
    assert _list(recurrence, start, until=start) == []
    assert _list(recurrence, start, from_=from_, limit=1) == [from_]


@pytest.mark.parametrize("ends", [EndsType.NEVER, EndsType.ON_DATE, EndsType.AFTER])
@pytest.mark.parametrize("frequency", [1, 2, 5, 12, 31])
@pytest.mark.parametrize(
    ("frequency_type", "pattern"),
    [(DAILY, BY_DAY), (WEEKLY, BY_DAY), (MONTHLY, BY_DAY), (MONTHLY, BY_WEEKDAY)],
)
def test_a_window_far_ahead_shows_what_the_whole_does(
    frequency_type: FrequencyType, pattern: MonthlyPattern, frequency: int, ends: EndsType
) -> None:
    start = _berlin(2024, 1, 31, 0, 30)
    recurrence = Recurrence(
        frequency_type=frequency_type,
        frequency=frequency,
        monthly_pattern=pattern,
        ends_type=ends,
        ends_on=_berlin(2033, 5, 3, 12),
        ends_after=900,
    )
    all_of_them = _list(recurrence, start, until=_berlin(2037, 1, 1, 0))

    for from_ in (start - timedelta(days=400), *(_berlin(2025 + n, 1 + n, 26 + n % 3, n) for n in range(10))):
        until = from_ + timedelta(days=500)
        assert _list(recurrence, start, from_=from_, until=until) == [
            moment for moment in all_of_them if from_ <= moment < until
        ]


def test_ten_years_of_days_are_listed_quickly() -> None:
    start = _berlin(2026, 1, 5, 9)
    recurrence = Recurrence(frequency_type=DAILY)
    until = start + timedelta(days=3653)

    seconds = min(_seconds(lambda: len(_list(recurrence, start, until=until)) == 3653) for _ in range(5))

    assert seconds < 4 * allowed()


def test_a_day_in_the_far_future_is_found_quickly() -> None:
    start, from_ = _berlin(2026, 1, 5, 9), datetime(9998, 12, 1, tzinfo=UTC)

    for frequency_type in FrequencyType:
        recurrence = Recurrence(frequency_type=frequency_type)
        seconds = _seconds(lambda recurrence=recurrence: _list(recurrence, start, from_=from_, limit=1))
        assert seconds < 10 * allowed()


@pytest.mark.parametrize("timezone", ["Europe/Berlin", "America/New_York", "Asia/Tokyo"])
def test_the_end_of_time_is_no_error(timezone: str) -> None:
    start = datetime(9998, 12, 30, tzinfo=UTC)

    assert occurrence_starts(Recurrence(frequency_type=WEEKLY), start, timezone, limit=10)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"frequency": 0}, "recurrence.frequency"),
        ({"frequency": -1}, "recurrence.frequency"),
        ({"frequency": 1000}, "recurrence.frequency"),
        ({"ends_type": EndsType.AFTER, "ends_after": 0}, "recurrence.ends_after"),
        ({"ends_type": EndsType.AFTER, "ends_after": 1001}, "recurrence.ends_after"),
        ({"ends_type": EndsType.ON_DATE}, "recurrence.ends_on"),
        (
            {"ends_type": EndsType.ON_DATE, "ends_on": datetime(2026, 1, 5, 7, tzinfo=UTC)},
            "recurrence.ends_on",
        ),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        require_possible(_daily(**changes), _berlin(2026, 1, 5, 9), "Europe/Berlin")

    assert refused.value.path == field


@pytest.mark.parametrize("timezone", ["", "Europe/Atlantis", "../etc/passwd", "CEST"])
def test_an_unknown_time_zone_is_refused(timezone: str) -> None:
    with pytest.raises(Invalid) as refused:
        require_possible(Recurrence(frequency_type=DAILY), _berlin(2026, 1, 5, 9), timezone)

    assert refused.value.path == "timezone"


@pytest.mark.parametrize("timezone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_a_meeting_after_the_end_of_time_is_refused(timezone: str) -> None:
    with pytest.raises(Invalid) as refused:
        require_possible(Recurrence(frequency_type=DAILY), datetime(9999, 12, 31, 23, tzinfo=UTC), timezone)

    assert refused.value.path == "recurrence"


@pytest.mark.parametrize(
    "changes",
    [
        {"frequency": 999},
        {"ends_type": EndsType.AFTER, "ends_after": 1000},
        {"ends_type": EndsType.ON_DATE, "ends_on": datetime(2026, 1, 5, 8, tzinfo=UTC)},
        {"frequency_type": MONTHLY, "frequency": 12},
    ],
)
def test_what_can_be_is_taken(changes: dict[str, Any]) -> None:
    require_possible(_daily(**changes), _berlin(2026, 1, 5, 9), "Europe/Berlin")


@pytest.mark.parametrize(
    ("recurrence", "start", "text"),
    [
        (Recurrence(frequency_type=DAILY), (2026, 1, 5), "FREQ=DAILY"),
        (Recurrence(frequency_type=WEEKLY, frequency=2), (2026, 1, 6), "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"),
        (Recurrence(frequency_type=MONTHLY), (2026, 1, 31), "FREQ=MONTHLY;BYMONTHDAY=31"),
        (
            Recurrence(frequency_type=MONTHLY, monthly_pattern=BY_WEEKDAY),
            (2026, 1, 20),
            "FREQ=MONTHLY;BYDAY=3TU",
        ),
        (
            Recurrence(frequency_type=MONTHLY, monthly_pattern=BY_WEEKDAY),
            (2026, 1, 30),
            "FREQ=MONTHLY;BYDAY=-1FR",
        ),
        (
            Recurrence(frequency_type=DAILY, ends_type=EndsType.AFTER, ends_after=5),
            (2026, 1, 5),
            "FREQ=DAILY;COUNT=5",
        ),
        (
            Recurrence(
                frequency_type=DAILY,
                ends_type=EndsType.ON_DATE,
                ends_on=datetime(2026, 7, 1, 9, tzinfo=BERLIN),
            ),
            (2026, 1, 5),
            "FREQ=DAILY;UNTIL=20260701T070000Z",
        ),
    ],
)
def test_the_rule_in_icalendar(recurrence: Recurrence, start: tuple[int, int, int], text: str) -> None:
    begins = datetime(*start, 9, tzinfo=BERLIN)

    assert to_rrule_text(recurrence, begins, "Europe/Berlin") == text
    read = rrulestr(text, dtstart=begins)
    assert list(read.xafter(begins, count=4, inc=True)) == list(
        rule(recurrence, begins, "Europe/Berlin").xafter(begins, count=4, inc=True)
    )


def _berlin(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def _daily(**changes: Any) -> Recurrence:
    return replace(Recurrence(frequency_type=DAILY), **changes)


def _after(frequency_type: FrequencyType, count: int, **changes: Any) -> Recurrence:
    return Recurrence(frequency_type=frequency_type, ends_type=EndsType.AFTER, ends_after=count, **changes)


def _until(frequency_type: FrequencyType, ends_on: datetime) -> Recurrence:
    return Recurrence(frequency_type=frequency_type, ends_type=EndsType.ON_DATE, ends_on=ends_on)


def _list(
    recurrence: Recurrence, start: datetime, *, limit: int = 10_000, **window: datetime
) -> list[datetime]:
    return occurrence_starts(recurrence, start, "Europe/Berlin", limit=limit, **window)


def _dates(recurrence: Recurrence, start: datetime) -> list[str]:
    return [f"{moment.astimezone(BERLIN):%m-%d}" for moment in _list(recurrence, start)]


def _seconds(work: Callable[[], object]) -> float:
    """Of the processor."""
    began = time.thread_time()
    assert work()
    return time.thread_time() - began


@pytest.mark.parametrize("frequency_type", list(FrequencyType))
@pytest.mark.parametrize("pattern", list(MonthlyPattern))
@pytest.mark.parametrize("day", [28, 31])
def test_a_window_of_a_number_of_occurrences(
    frequency_type: FrequencyType, pattern: MonthlyPattern, day: int
) -> None:
    """It begins where it begins when all are counted from the first, and the last is the last."""
    start = datetime(2026, 1, day, 1, 30, tzinfo=UTC)
    recurrence = Recurrence(
        frequency_type=frequency_type,
        frequency=5,
        monthly_pattern=pattern,
        ends_type=EndsType.AFTER,
        ends_after=60,
    )
    counted = occurrence_starts(recurrence, start, "Europe/Berlin", limit=1000)

    assert len(counted) == 60
    for number in (0, 1, 30, 58, 59):
        for later in (timedelta(0), timedelta(seconds=1)):
            window = occurrence_starts(
                recurrence, start, "Europe/Berlin", from_=counted[number] + later, limit=3
            )
            assert window == [one for one in counted if one >= counted[number] + later][:3]
    assert (
        occurrence_starts(recurrence, start, "Europe/Berlin", from_=datetime(2090, 1, 1, tzinfo=UTC), limit=3)
        == []
    )
    assert last_start(recurrence, start, "Europe/Berlin") == counted[-1]


@pytest.mark.parametrize("frequency_type", list(FrequencyType))
def test_the_last_of_more_than_there_are_years_for(frequency_type: FrequencyType) -> None:
    recurrence = Recurrence(
        frequency_type=frequency_type, frequency=999, ends_type=EndsType.AFTER, ends_after=1000
    )
    start = datetime(2026, 1, 31, tzinfo=UTC)

    assert last_start(recurrence, start, "UTC") == occurrence_starts(recurrence, start, "UTC", limit=1000)[-1]
