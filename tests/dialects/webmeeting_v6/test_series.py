"""Recurring meetings: their occurrences, and changing one of them or all, in replies, mails and feeds."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from switchroom.meetings.models import Meeting
from tests.dialects.webmeeting_v6.calendars import calendar_of, event_of, events_of, feed_of
from tests.dialects.webmeeting_v6.client import Account, Client, invited, moment_of, text_of
from tests.mail.outbox import mails_to

BERLIN = ZoneInfo("Europe/Berlin")
WEEKLY = {"frequencyType": "weekly"}
DAILY = {"frequencyType": "daily"}
MINUTE = timedelta(minutes=1)


def test_what_it_looks_like(account: Account) -> None:
    meeting = _series(account, endsType="after", endsAfter=4, frequency=2)

    assert meeting["isRecurring"] is True
    assert meeting["recurring"] == {
        "frequencyType": "weekly",
        "frequency": 2,
        "monthlyPattern": "",
        "endsType": "after",
        "endsOn": None,
        "endsAfter": 4,
    }
    assert account.api.get(f"/meeting/{meeting['id']}") == meeting
    assert account.api.get("/meeting") == [meeting]


def test_it_ends_on_a_day_of_its_own_zone(account: Account) -> None:
    """Programs send midnight in UTC for a date; otherwise it is the day in the meeting's zone."""
    for said, ends in (
        ("2027-01-18T00:00:00.000Z", "2027-01-18T22:59:59.000Z"),
        ("2027-01-18T23:30:00.000Z", "2027-01-19T22:59:59.000Z"),
    ):
        meeting = _series(account, endsType="onDate", endsOn=said)
        assert meeting["recurring"]["endsOn"] == ends
        assert account.api.put(f"/meeting/{meeting['id']}/true", meeting)["recurring"]["endsOn"] == ends
        changed = {"isRecurring": True, "recurring": {**WEEKLY, "endsType": "onDate", "endsOn": said}}
        partly = account.instance.named(user=account.user_id).put(f"/meeting/{meeting['id']}/true", changed)
        assert partly["recurring"]["endsOn"] == ends
        listed = [one for one in _list(account, meeting) if one["meetingId"] == meeting["meetingId"]]
        assert len(listed) == 3


def test_occurrences_across_the_change_of_the_clocks(account: Account) -> None:
    """09:00 in Berlin is 08:00 UTC until 28 March 2027, and 07:00 after it."""
    meeting = _series(account, start=datetime(2027, 3, 15, 9, tzinfo=BERLIN))
    listed = _list(account, meeting, to="2027-04-06T00:00:00Z")

    assert [one["startTime"] for one in listed] == [
        "2027-03-15T08:00:00.000Z",
        "2027-03-22T08:00:00.000Z",
        "2027-03-29T07:00:00.000Z",
        "2027-04-05T07:00:00.000Z",
    ]
    assert {one["duration"] for one in listed} == {"60"}
    (autumn,) = account.api.get("/meeting", from_="2027-10-31T00:00:00Z", to="2027-11-02T00:00:00Z")
    assert autumn["startTime"] == "2027-11-01T08:00:00.000Z"


def test_every_occurrence_has_an_id_that_stays(account: Account) -> None:
    meeting = _series(account)
    first, second, third = _list(account, meeting, limit=3)

    assert first == meeting
    assert len({first["id"], second["id"], third["id"]}) == 3
    assert {one["meetingId"] for one in (first, second, third)} == {meeting["meetingId"]}
    assert account.api.get(f"/meeting/{second['id']}") == second
    assert _list(account, meeting, limit=1, offset=1) == [second]
    moved = account.api.put(f"/meeting/{second['id']}/false", {"duration": 90})
    assert moved["id"] == second["id"]
    assert account.api.get(f"/meeting/{second['id']}") == moved
    nowhere = f"{meeting['id'][:16]}{int(moment_of(second['startTime']).timestamp()) + 60:08x}"
    assert account.api.refused("GET", f"/meeting/{nowhere}").code == -5


def test_changing_one(account: Account) -> None:
    guest = _address()
    meeting = _series(account, invitedParticipants=[invited(guest)])
    mails_to(account.running, guest)
    first, second, third = _list(account, meeting, limit=3)
    start = moment_of(second["startTime"]) + timedelta(days=1)
    changed = account.api.put(
        f"/meeting/{second['id']}/false", {"topic": "One day later", "startTime": text_of(start)}
    )

    assert (changed["topic"], changed["startTime"]) == ("One day later", text_of(start))
    assert (changed["duration"], changed["icalSequence"], changed["id"]) == ("60", "1", second["id"])
    assert [one["topic"] for one in _list(account, meeting, limit=3)] == ["Weekly", "One day later", "Weekly"]
    assert _list(account, meeting, limit=3)[0] == {**first, "icalSequence": "1"}
    assert _list(account, meeting, limit=3)[2] == {**third, "icalSequence": "1"}
    (mail,) = (
        one for one in mails_to(account.running, guest, count=2) if "One day later" in str(one["Subject"])
    )
    event = event_of(mail)
    assert event.uid.value.startswith(f"{meeting['id']}@")
    assert event.recurrence_id.value.astimezone(UTC) == moment_of(second["startTime"])
    assert event.dtstart.value.astimezone(UTC) == start
    assert not hasattr(event, "rrule")
    series, one = events_of(feed_of(account, meeting))
    assert (series.summary.value, one.summary.value) == ("Weekly", "One day later")
    assert series.rrule.value == "FREQ=WEEKLY;BYDAY=MO"
    assert series.uid.value == one.uid.value
    assert one.recurrence_id.value.astimezone(UTC) == moment_of(second["startTime"])


def test_putting_back_one(account: Account) -> None:
    meeting = _series(account, endsType="after", endsAfter=5)
    second = _list(account, meeting, limit=2)[1]

    assert account.api.put(f"/meeting/{second['id']}/false", second) == {**second, "icalSequence": "1"}
    later = [{**one, "icalSequence": "1"} for one in _list(account, meeting)]
    assert later == _list(account, meeting)


@pytest.mark.parametrize("named", ["series", "second"])
def test_putting_back_the_series(account: Account, named: str) -> None:
    meeting = _series(account, endsType="after", endsAfter=5)
    listed = _list(account, meeting)
    got = meeting if named == "series" else listed[1]
    account.api.put(f"/meeting/{got['id']}/true", got)

    assert _list(account, meeting) == [{**one, "icalSequence": "1"} for one in listed]


def test_putting_back_a_series_that_has_begun(account: Account) -> None:
    """It shows what comes next, under that one's id; it is not to begin there."""
    meeting = _series(account, start=datetime.now(BERLIN).replace(microsecond=0) - timedelta(days=15))
    whole = {"from_": "2020-01-01T00:00:00Z", "limit": 5}
    listed = account.api.get("/meeting", **whole)
    got = account.api.get(f"/meeting/{meeting['id']}")
    assert got["id"] == listed[3]["id"]
    for named in (meeting["id"], got["id"]):
        account.api.put(f"/meeting/{named}/true", got)
        now = [one["startTime"] for one in account.api.get("/meeting", **whole)]
        assert now == [one["startTime"] for one in listed]
    account.api.put(f"/meeting/{meeting['id']}/true", {"startTime": meeting["startTime"]})
    assert [one["startTime"] for one in account.api.get("/meeting", **whole)] == now


def test_moving_the_series(account: Account) -> None:
    guest = _address()
    meeting = _series(account, endsType="after", endsAfter=6, invitedParticipants=[invited(guest)])
    mails_to(account.running, guest)
    before = _list(account, meeting)
    later = moment_of(before[1]["startTime"]) + timedelta(days=1, hours=2)
    changed = account.api.put(
        f"/meeting/{before[1]['id']}/true", {"startTime": text_of(later), "topic": "Moved"}
    )

    assert (changed["icalSequence"], changed["topic"]) == ("1", "Moved")
    now = _list(account, meeting)
    assert [moment_of(one["startTime"]) for one in now] == [
        moment_of(one["startTime"]) + timedelta(days=1, hours=2) for one in before
    ]
    (mail,) = (one for one in mails_to(account.running, guest, count=2) if "Moved" in str(one["Subject"]))
    event = event_of(mail)
    assert event.dtstart.value.astimezone(UTC) == moment_of(now[0]["startTime"])
    assert event.rrule.value == "FREQ=WEEKLY;COUNT=6;BYDAY=TU"
    assert event.sequence.value == "1"
    assert not hasattr(event, "recurrence_id")


def test_moving_the_series_across_the_change_of_the_clocks(account: Account) -> None:
    """From Saturday to Sunday, nine o'clock stays nine o'clock, though the night has 23 hours."""
    meeting = _series(account, start=datetime(2027, 3, 13, 9, tzinfo=BERLIN))
    saturday = _list(account, meeting)[2]
    assert saturday["startTime"] == "2027-03-27T08:00:00.000Z"
    sunday = {"startTime": "2027-03-28T07:00:00Z", "endTime": "2027-03-28T08:00:00Z"}
    account.api.put(f"/meeting/{saturday['id']}/true", sunday)
    moved = _list(account, meeting, to="2027-04-06T00:00:00Z")

    assert [one["startTime"] for one in moved] == [
        "2027-03-14T08:00:00.000Z",
        "2027-03-21T08:00:00.000Z",
        "2027-03-28T07:00:00.000Z",
        "2027-04-04T07:00:00.000Z",
    ]


def test_what_was_said_of_one_moves_along(account: Account) -> None:
    """A canceled occurrence does not come back because the series is an hour later, or in another zone."""
    meeting = _series(account, start=datetime(2027, 3, 15, 9, tzinfo=BERLIN), endsType="after", endsAfter=4)
    _, second, third, _ = _list(account, meeting)
    account.api.delete(f"/meeting/{third['id']}/false")
    account.api.put(f"/meeting/{second['id']}/false", {"topic": "Special"})
    start = datetime(2027, 3, 16, 10, tzinfo=BERLIN)
    account.api.put(f"/meeting/{meeting['id']}/true", {"startTime": text_of(start)})

    assert [(one["startTime"], one["topic"]) for one in _list(account, meeting)] == [
        ("2027-03-16T09:00:00.000Z", "Weekly"),
        ("2027-03-23T09:00:00.000Z", "Special"),
        ("2027-04-06T08:00:00.000Z", "Weekly"),
    ]
    account.api.put(
        f"/meeting/{meeting['id']}/true",
        {"timezone": "UTC", "startTime": "2027-03-16T10:00:00Z", "endTime": "2027-03-16T11:00:00Z"},
    )
    assert [(one["startTime"], one["topic"]) for one in _list(account, meeting)] == [
        ("2027-03-16T10:00:00.000Z", "Weekly"),
        ("2027-03-23T10:00:00.000Z", "Special"),
        ("2027-04-06T10:00:00.000Z", "Weekly"),
    ]
    series = events_of(feed_of(account, meeting))[0]
    assert [moment.astimezone(UTC) for moment in series.exdate.value] == [
        datetime(2027, 3, 30, 10, tzinfo=UTC)
    ]


def test_a_day_later_takes_the_place_of_the_one_before(account: Account) -> None:
    """What is different about each day is about the next one then."""
    meeting = _series(account, recurring={**DAILY, "endsType": "after", "endsAfter": 4})
    for number, one in enumerate(_list(account, meeting)):
        account.api.put(f"/meeting/{one['id']}/false", {"topic": f"Day {number}"})
    start = moment_of(meeting["startTime"]) + timedelta(days=1)
    account.api.put(f"/meeting/{meeting['id']}/true", {"startTime": text_of(start)})

    listed = _list(account, meeting)
    assert [one["topic"] for one in listed] == ["Day 0", "Day 1", "Day 2", "Day 3"]
    assert listed[0]["startTime"] == text_of(start)


def test_who_is_invited_later_hears_of_what_is_different(account: Account) -> None:
    first, later = _address(), _address()
    meeting = _series(account, endsType="after", endsAfter=3, invitedParticipants=[invited(first)])
    _, second, third = _list(account, meeting)
    moved = moment_of(second["startTime"]) + timedelta(hours=5)
    account.api.put(
        f"/meeting/{second['id']}/false",
        {"startTime": text_of(moved), "endTime": text_of(moved + timedelta(hours=1)), "topic": "Later"},
    )
    account.api.delete(f"/meeting/{third['id']}/false")
    account.api.put(
        f"/meeting/{meeting['id']}/true", {"invitedParticipants": [invited(first), invited(later)]}
    )

    (mail,) = mails_to(account.running, later)
    calendar = calendar_of(mail)
    assert calendar.method.value == "REQUEST"
    series, one = events_of(calendar)
    assert series.exdate.value[0].astimezone(UTC) == moment_of(third["startTime"])
    assert one.recurrence_id.value.astimezone(UTC) == moment_of(second["startTime"])
    assert (one.dtstart.value.astimezone(UTC), one.summary.value) == (moved, "Later")
    assert one.url.value == series.url.value


def test_canceling_one(account: Account) -> None:
    guest = _address()
    meeting = _series(account, endsType="after", endsAfter=3, invitedParticipants=[invited(guest)])
    mails_to(account.running, guest)
    first, second, third = _list(account, meeting)

    assert account.api.delete(f"/meeting/{second['id']}/false") == {"id": second["id"]}
    assert [one["id"] for one in _list(account, meeting)] == [first["id"], third["id"]]
    for method in ("GET", "DELETE", "PUT"):
        path = f"/meeting/{second['id']}" + ("" if method == "GET" else "/false")
        assert account.api.refused(method, path, {} if method == "PUT" else None).code == -5
    (mail,) = (
        one for one in mails_to(account.running, guest, count=2) if event_of(one).status.value == "CANCELLED"
    )
    event = event_of(mail)
    assert event.recurrence_id.value.astimezone(UTC) == moment_of(second["startTime"])
    assert event.sequence.value == "1"
    (series,) = events_of(feed_of(account, meeting))
    assert [moment.astimezone(UTC) for moment in series.exdate.value] == [moment_of(second["startTime"])]
    assert series.rrule.value == "FREQ=WEEKLY;COUNT=3;BYDAY=MO"


def test_canceling_the_first_twice_does_not_cancel_the_second(account: Account) -> None:
    """Its id is the series' own: who asks again because no answer came must not lose one more."""
    meeting = _series(account, endsType="after", endsAfter=3)
    _, second, third = _list(account, meeting)
    account.api.delete(f"/meeting/{meeting['id']}/false")

    assert account.api.refused("DELETE", f"/meeting/{meeting['id']}/false").code == -5
    assert account.api.refused("PUT", f"/meeting/{meeting['id']}/false", {"topic": "x"}).code == -5
    assert [one["id"] for one in _list(account, meeting)] == [second["id"], third["id"]]
    assert account.api.get(f"/meeting/{meeting['id']}")["id"] == second["id"]
    assert account.api.put(f"/meeting/{meeting['id']}/true", {"topic": "All"})["topic"] == "All"


def test_canceling_all_of_them_one_by_one_ends_the_series(account: Account) -> None:
    meeting = _series(account, endsType="after", endsAfter=2)
    for one in _list(account, meeting):
        account.api.delete(f"/meeting/{one['id']}/false")

    assert _list(account, meeting) == []
    shown = account.api.get(f"/meeting/{meeting['id']}")
    assert (shown["isClosed"], shown["isOpen"]) == (True, False)
    assert shown["dtClosedAt"] is not None
    again = account.api.put(
        f"/meeting/{meeting['id']}/true", {"recurring": {**WEEKLY, "endsType": "after", "endsAfter": 3}}
    )
    assert (again["isClosed"], again["dtClosedAt"], len(_list(account, meeting))) == (False, None, 1)


def test_canceling_the_series_by_one_of_them(account: Account) -> None:
    guest = _address()
    meeting = _series(account, invitedParticipants=[invited(guest)])
    mails_to(account.running, guest)
    second = _list(account, meeting, limit=2)[1]
    account.api.delete(f"/meeting/{second['id']}/true")

    for named in (meeting["id"], second["id"], meeting["meetingId"]):
        assert account.api.refused("GET", f"/meeting/{named}").code == -5
    assert _list(account, meeting, limit=5) == []
    (mail,) = (
        one for one in mails_to(account.running, guest, count=2) if event_of(one).status.value == "CANCELLED"
    )
    assert not hasattr(event_of(mail), "recurrence_id")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "webinar"),
        ("timezone", "Asia/Tokyo"),
        ("documents", ["x"]),
        ("isRecorded", True),
        ("isDialin", True),
        ("videoResolution", "hd"),
        ("invitedParticipants", [{"email": "one.more@example.org"}]),
        ("recurring", {"frequencyType": "daily"}),
    ],
)
def test_what_is_said_of_the_whole_series_only(account: Account, field: str, value: object) -> None:
    meeting = _series(account)
    second = _list(account, meeting, limit=2)[1]
    refused = account.api.refused("PUT", f"/meeting/{second['id']}/false", {field: value, "topic": "x"})

    assert (refused.code, list(refused.fields)) == (-4, [field])
    assert _list(account, meeting, limit=2)[1] == second
    account.api.put(f"/meeting/{second['id']}/true", {field: value})


def test_a_series_that_has_begun_is_given_back_as_it_was_said(account: Account) -> None:
    start = datetime.now(BERLIN).replace(microsecond=0) - timedelta(days=15)
    meeting = _series(account, start=start)

    assert (meeting["startTime"], meeting["isClosed"]) == (text_of(start), True)
    following = account.api.get(f"/meeting/{meeting['id']}")
    assert following["startTime"] != meeting["startTime"]
    moved = account.api.put(f"/meeting/{following['id']}/true", {"duration": 30})
    assert moved["duration"] == "30"
    assert account.api.get(f"/meeting/{meeting['id']}") == moved


def test_no_series_any_more(account: Account) -> None:
    """It takes place when it would have next, and then only."""
    meeting = _series(account, start=datetime.now(BERLIN).replace(microsecond=0) - timedelta(days=8))
    coming = account.api.get(f"/meeting/{meeting['id']}")
    single = account.api.put(f"/meeting/{meeting['id']}/true", {"isRecurring": False})

    assert (single["isRecurring"], single["startTime"]) == (False, coming["startTime"])
    assert single["recurring"]["frequencyType"] == ""
    assert account.api.get("/meeting", from_="2020-01-01T00:00:00Z") == [single]
    again = account.api.put(f"/meeting/{meeting['id']}/false", {"isRecurring": True, "recurring": WEEKLY})
    assert again["startTime"] == single["startTime"]
    assert len(_list(account, meeting, limit=3)) == 3


def test_closing_one_early(account: Account) -> None:
    meeting = account.api.post("/meeting", {"topic": "Daily", "isRecurring": True, "recurring": DAILY})
    closed = account.api.post(f"/meeting/close/{meeting['id']}")

    assert (closed["isClosed"], closed["id"]) == (True, meeting["id"])
    following = account.api.get(f"/meeting/{meeting['id']}")
    assert (following["isClosed"], following["isOpen"], following["dtClosedAt"]) == (False, False, None)
    assert moment_of(following["startTime"]) - moment_of(meeting["startTime"]) == timedelta(days=1)
    first, second = account.api.get("/meeting", from_=text_of(datetime.now(UTC)), limit=2)
    assert (first, second) == (closed, following)


def test_a_monthly_meeting(account: Account) -> None:
    start = datetime(2027, 1, 29, 9, tzinfo=BERLIN)
    by_week = _series(
        account, start=start, recurring={"frequencyType": "monthly", "monthlyPattern": "dayOfWeek"}
    )
    by_day = _series(
        account, start=start, recurring={"frequencyType": "monthly", "monthlyPattern": "dayOfMonth"}
    )

    def days(meeting: dict[str, Any]) -> list[str]:
        listed = account.api.get("/meeting", from_="2027-01-01T00:00:00Z", to="2027-04-30T00:00:00Z")
        return [one["startTime"][5:10] for one in listed if one["meetingId"] == meeting["meetingId"]]

    assert days(by_week) == ["01-29", "02-26", "03-26"]
    assert days(by_day) == ["01-29", "03-29", "04-29"]
    assert by_week["recurring"]["monthlyPattern"] == "dayOfWeek"
    series = events_of(feed_of(account, by_week))[0]
    assert series.rrule.value == "FREQ=MONTHLY;BYDAY=-1FR"


def test_ten_years_of_days(account: Account) -> None:
    """All of them are there, and a page far into them takes no more than one at their beginning."""
    start = datetime(2027, 1, 1, 9, tzinfo=BERLIN)
    recurring = {**DAILY, "endsType": "onDate", "endsOn": "2036-12-31T00:00:00Z"}
    meeting = _series(account, start=start, recurring=recurring)
    whole = {"from_": "2027-01-01T00:00:00Z"}
    (first,) = account.api.get("/meeting", **whole, limit=1)
    tail = [one["startTime"][:10] for one in account.api.get("/meeting", **whole, limit=1000, offset=3600)]

    assert first["startTime"][:10] == "2027-01-01"
    assert (tail[0], tail[-1], len(tail)) == ("2036-11-09", "2036-12-31", 53)
    assert account.api.get("/meeting", **whole, offset=3653) == []
    (late,) = account.api.get("/meeting", from_="2036-12-31T00:00:00Z")
    assert account.api.get(f"/meeting/{late['id']}") == late
    refused = account.api.refused("GET", "/meeting", from_="2027-01-01T00:00:00Z", offset=1_000_000)
    assert list(refused.fields) == ["offset"]
    assert account.api.put(f"/meeting/{meeting['id']}/true", {"topic": "Ten years"})["topic"] == "Ten years"


def test_series_and_single_meetings_in_one_list(account: Account) -> None:
    series = _series(account)
    start = moment_of(series["startTime"]) + timedelta(days=3)
    single = account.api.meeting("Between", startTime=text_of(start), duration=30)
    listed = _list(account, series, limit=3)

    assert [one["topic"] for one in listed] == ["Weekly", "Between", "Weekly"]
    assert listed[1] == single
    assert account.api.get("/meeting") == [series, single]
    moved = moment_of(series["startTime"]) - timedelta(days=30)
    account.api.put(f"/meeting/{series['id']}/false", {"startTime": text_of(moved)})
    (early,) = account.api.get("/meeting", to=text_of(moved + MINUTE))
    assert (early["id"], early["startTime"]) == (series["id"], text_of(moved))


def test_a_moved_occurrence_is_listed_before_its_series_starts(account: Account) -> None:
    meeting = _series(account, endsType="after", endsAfter=3)
    _, second, _ = _list(account, meeting)
    start = moment_of(meeting["startTime"])
    moved = text_of(start - timedelta(days=3))
    account.api.put(f"/meeting/{second['id']}/false", {"startTime": moved})

    listed = account.api.get("/meeting", to=text_of(start - timedelta(days=1)))
    assert [one["startTime"] for one in listed] == [moved]
    assert account.api.get("/meeting", to=text_of(start - timedelta(days=4))) == []


def test_ids_have_the_same_length_to_the_end_of_all_series(account: Account) -> None:
    """There is no name for an occurrence after 2106, and so no occurrence."""
    rare = {"frequencyType": "monthly", "frequency": 999}
    meeting = _series(account, start=datetime(2020, 1, 1, 9, tzinfo=UTC), recurring=rare)
    only = _series(account, start=datetime(2025, 1, 1, 9, tzinfo=UTC), recurring=rare)

    shown = account.api.get(f"/meeting/{meeting['id']}")
    assert (shown["startTime"], len(shown["id"])) == ("2103-04-01T08:00:00.000Z", 24)
    assert account.api.get(f"/meeting/{shown['id']}") == shown
    assert account.api.get(f"/meeting/{only['id']}")["id"] == only["id"]


def test_times_of_all_years_in_a_list(account: Account) -> None:
    _series(account)
    for earliest in ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1969-12-31T00:00:00Z"):
        assert len(account.api.get("/meeting", from_=earliest, limit=3)) == 3
        assert account.api.get("/meeting", to=earliest) == []
    for latest in ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00"):
        assert account.api.get("/meeting", from_=latest) == []
        assert len(account.api.get("/meeting", to=latest, limit=3)) == 3
    (last,) = account.api.get("/meeting", from_="2099-12-28T00:00:00Z")
    assert account.api.get(f"/meeting/{last['id']}") == last


def test_the_id_of_what_is_long_past(account: Account) -> None:
    meeting = _series(account)
    past = datetime.now(BERLIN).replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=21)

    async def begin_earlier() -> None:
        async with account.running.platform.storage.database.write(None) as session:
            change = {"start_at": past.astimezone(UTC), "end_at": past.astimezone(UTC) + timedelta(hours=1)}
            await session.execute(update(Meeting).where(Meeting.hex_id == meeting["id"]).values(**change))

    account.running.run(begin_earlier())
    second = account.api.get("/meeting", from_=text_of(past - MINUTE), limit=2)[1]
    assert (second["isClosed"], second["isOpen"]) == (True, False)
    account.api.delete(f"/meeting/{second['id']}/false")
    assert account.api.refused("GET", f"/meeting/{second['id']}").code == -5


def _series(account: Account, start: datetime | None = None, **fields: Any) -> dict[str, Any]:
    """Weekly at 09:00 in Berlin from 4 January 2027 on, unless said."""
    ends = {
        name: fields.pop(name) for name in ("frequency", "endsType", "endsOn", "endsAfter") if name in fields
    }
    begin = start or datetime(2027, 1, 4, 9, tzinfo=BERLIN)
    client: Client = account.api
    return client.post(
        "/meeting",
        {
            "topic": "Weekly",
            "startTime": text_of(begin),
            "endTime": text_of(begin + timedelta(hours=1)),
            "timezone": "Europe/Berlin",
            "isRecurring": True,
            "recurring": {**WEEKLY, **ends},
            **fields,
        },
    )


def _list(account: Account, meeting: dict[str, Any], **query: object) -> list[dict[str, Any]]:
    return account.api.get("/meeting", **{"from_": meeting["startTime"], **query})


def _address() -> str:
    return f"{secrets.token_hex(6)}@example.org"
