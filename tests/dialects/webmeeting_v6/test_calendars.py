"""The calendar feeds, read by a library that did not write them."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.dialects.webmeeting_v6.calendars import events_of, feed_of, read
from tests.dialects.webmeeting_v6.client import Account, moment_of
from tests.platform import RunningPlatform


def test_an_organizer_s_meetings(account: Account) -> None:
    meetings = [account.api.meeting(f"Übung {number}; Teil, A") for number in range(3)]
    canceled = account.api.meeting("Canceled")
    account.api.delete(f"/meeting/{canceled['id']}/true")
    response = account.running.http.get(account.admin["icsPath"])

    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    calendar = read(response.text)
    assert (calendar.version.value, calendar.method.value) == ("2.0", "PUBLISH")
    assert calendar.x_wr_calname.value == "Ada Admin"
    events = {event.uid.value.partition("@")[0]: event for event in events_of(calendar)}
    assert set(events) == {one["id"] for one in meetings}
    for one in meetings:
        event = events[one["id"]]
        assert event.summary.value == one["topic"]
        assert event.dtstart.value.astimezone(UTC) == moment_of(one["startTime"])
        assert event.dtend.value - event.dtstart.value == timedelta(hours=1)
        assert event.organizer.value == f"mailto:{account.email}"


def test_the_organizer_s_feed_has_their_own_links(account: Account) -> None:
    meeting = account.api.meeting()
    page = f"{account.running.base_url}/#/meeting/{meeting['meetingId']}"
    (own,) = events_of(read(account.running.http.get(account.admin["icsPath"]).text))
    (of_all,) = events_of(feed_of(account, meeting))

    assert of_all.url.value == page
    assert own.url.value.startswith(f"{page}/")
    key = own.url.value.rpartition("/")[2]
    visit = {"number": meeting["meetingId"], "key": key}
    assert account.running.http.post("/client/meeting", json=visit).json()["isModerator"] is True


@pytest.mark.parametrize("spelling", ["calender", "calendar"])
def test_both_spellings_and_no_key(account: Account, spelling: str) -> None:
    meeting = account.api.meeting()
    http = account.running.http
    for path in (f"user/{account.admin['icsToken']}", f"meeting/{meeting['icsToken']}"):
        response = http.get(f"/api/v6/meeting/{spelling}/{path}", headers={"X-API-KEY": "nonsense"})
        assert response.status_code == 200
        (event,) = events_of(read(response.text))
        assert event.summary.value == meeting["topic"]


def test_nothing_to_read_yet(account: Account) -> None:
    calendar = read(account.running.http.get(account.admin["icsPath"]).text)

    assert not hasattr(calendar, "vevent")


@pytest.mark.parametrize("spelling", ["calender", "calendar"])
def test_tokens_of_something_else_or_of_nothing(account: Account, spelling: str) -> None:
    meeting = account.api.meeting()
    tokens = {"user": account.admin["icsToken"], "meeting": meeting["icsToken"]}
    wrong: list[tuple[str, str]] = [
        ("user", tokens["meeting"]),
        ("meeting", tokens["user"]),
        *(
            (whose, token)
            for whose in tokens
            for token in (meeting["id"], account.user_id, "x", "..%2f", "%00")
        ),
        *((whose, f"{uuid4()}-{uuid4()}") for whose in tokens),
        *((whose, tokens[whose].upper()) for whose in tokens),
        *((whose, tokens[whose][:-1]) for whose in tokens),
    ]
    for whose, token in wrong:
        refused = account.api.refused("GET", f"/meeting/{spelling}/{whose}/{token}")
        assert refused.code == -5, (whose, token)
    for whose in tokens:
        assert account.api.refused("GET", f"/meeting/{spelling}/{whose}/").code == -5


def test_nobody_else_s_meetings(account: Account, running: RunningPlatform) -> None:
    other = Account(running)
    other.api.meeting("Not yours")
    organizer = account.organizer()
    account.instance.named(user=organizer["id"]).meeting("A colleague's")
    mine = account.api.meeting("Mine")
    events: list[Any] = events_of(read(running.http.get(account.admin["icsPath"]).text))

    assert [event.summary.value for event in events] == [mine["topic"]]


def test_feeds_of_a_closed_account(account: Account) -> None:
    meeting = account.api.meeting()
    account.instance.delete(f"/account/{account.id}")

    assert account.instance.refused("GET", f"/meeting/calender/user/{account.admin['icsToken']}").code == -5
    assert account.instance.refused("GET", f"/meeting/calender/meeting/{meeting['icsToken']}").code == -5


def test_what_ended_years_ago_is_left_out(account: Account) -> None:
    account.api.meeting("Old", startTime="2020-01-01T10:00:00Z")
    account.api.meeting("New")
    (event,) = events_of(read(account.running.http.get(account.admin["icsPath"]).text))

    assert event.summary.value == "New"
