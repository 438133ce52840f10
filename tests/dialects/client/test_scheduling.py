"""Meetings as those who schedule them see and write them, over the wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from switchroom.identity.permissions import Standing
from tests.mail.outbox import mails_to
from tests.platform import Account, Tenant

FIRST = datetime.now(UTC).replace(hour=9, minute=30, second=0, microsecond=0) + timedelta(days=30)
LATER = FIRST + timedelta(days=40)
NORA = {"email": "Nora@Example.org", "firstName": "Nora", "lastName": "Nilsén", "role": "moderator"}
WEEKLY = {"frequencyType": "weekly", "endsType": "after", "endsAfter": 3}


class Caller:
    """Somebody who asks for meetings by their access token."""

    def __init__(self, tenant: Tenant, account: Account | str | None = None) -> None:
        self.tenant = tenant
        self.token = account.token if isinstance(account, Account) else (account or tenant.token)

    def send(self, name: str, **fields: object) -> Any:
        body = {"accessToken": self.token, **fields}
        return self.tenant.running.http.post(f"/client/meetings/{name}", json=body)

    def __call__(self, name: str, **fields: object) -> dict[str, Any]:
        answer = self.send(name, **fields)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, name: str, **fields: object) -> tuple[int, str]:
        answer = self.send(name, **fields)
        return answer.status_code, answer.json()["code"]

    def schedule(self, topic: str = "Lesson", start: datetime = FIRST, **wish: object) -> dict[str, Any]:
        meeting = {"topic": topic, "start": clock(start), "timezone": "UTC", "minutes": 45, **wish}
        return self("create", meeting=meeting)

    def topics(self, **wanted: object) -> list[str]:
        return [one["topic"] for one in self.agenda(**wanted)["meetings"]]

    def agenda(self, **wanted: object) -> dict[str, Any]:
        span = {"from": (FIRST - timedelta(days=2)).isoformat(), "to": LATER.isoformat(), **wanted}
        return self("list", **span)

    def change(self, meeting: dict[str, Any], *, of_series: bool = True, **wish: object) -> dict[str, Any]:
        return self("change", **choice(meeting, of_series=of_series), meeting=wish)


def clock(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat()


def choice(meeting: dict[str, Any], *, of_series: bool = True) -> dict[str, object]:
    return {"id": meeting["id"], "sequence": meeting["sequence"], "ofSeries": of_series}


def test_everybody_with_an_account_schedules_a_meeting(tenant: Tenant) -> None:
    pat = Caller(tenant, tenant.person(Standing.PARTICIPANT, last_name="Köhler"))
    made = pat.schedule(
        "Über uns",
        agenda="1. Begrüßung",
        kind="boardroom",
        timezone="Europe/Berlin",
        earlyAccessMinutes=10,
        invitees=[NORA],
    )
    assert pat("read", id=made["id"])["topic"] == "Über uns"
    told = {name: made[name] for name in ("kind", "minutes", "timezone", "earlyAccessMinutes", "isOwn")}
    assert told == {
        "kind": "boardroom",
        "minutes": 45,
        "timezone": "Europe/Berlin",
        "earlyAccessMinutes": 10,
        "isOwn": True,
    }
    assert made["localStart"] == clock(FIRST)[:16]
    assert made["start"] != clock(FIRST)
    (nora,) = made["invitees"]
    assert (nora["email"], nora["role"], nora["locale"]) == ("nora@example.org", "moderator", "en")
    assert nora["link"].startswith(made["link"])
    assert pat.topics() == ["Über uns"]


def test_what_has_become_of_the_mail_is_told(tenant: Tenant) -> None:
    ada = Caller(tenant)
    address = f"{tenant.company_id.lower()}@example.org"
    made = ada.schedule(invitees=[{"email": address}])
    assert made["invitees"][0]["mail"] in ("queued", "sent")
    mails_to(tenant.running, address)
    assert ada("read", id=made["id"])["invitees"][0]["mail"] in ("queued", "sent")


def test_a_series_is_changed_once_or_all_over(tenant: Tenant) -> None:
    ada = Caller(tenant)
    made = ada.schedule("Weekly", repetition=WEEKLY)
    assert made["repetition"]["endsAfter"] == 3
    first, second, third = ada.agenda()["meetings"]
    assert len({first["id"], second["id"], third["id"]}) == 3
    one = ada("read", id=second["id"])
    moved = ada.change(
        one,
        of_series=False,
        topic="Moved",
        start=clock(FIRST + timedelta(days=7, hours=2)),
        timezone="UTC",
    )
    assert (moved["topic"], moved["repetition"]["endsAfter"]) == ("Moved", 3)
    assert ada.topics() == ["Weekly", "Moved", "Weekly"]
    last = ada("read", id=third["id"])
    ada("cancel", **choice(last, of_series=False))
    assert ada.topics() == ["Weekly", "Moved"]
    ada.change(ada("read", id=first["id"]), minutes=30)
    lengths = [
        datetime.fromisoformat(one["end"]) - datetime.fromisoformat(one["start"])
        for one in ada.agenda()["meetings"]
    ]
    assert lengths[0] == timedelta(minutes=30)
    ada("cancel", **choice(ada("read", id=first["id"])))
    assert ada.topics() == []


def test_a_series_ends_with_the_day_that_is_said(tenant: Tenant) -> None:
    ada = Caller(tenant)
    until = (FIRST + timedelta(days=7)).date().isoformat()
    repetition = {"frequencyType": "daily", "frequency": 7, "endsType": "on_date", "endsOn": until}
    made = ada.schedule(repetition=repetition, timezone="Pacific/Auckland")
    assert made["repetition"]["endsOn"] == until
    assert len(ada.agenda()["meetings"]) == 2


def test_nothing_is_overwritten_that_has_changed_meanwhile(tenant: Tenant) -> None:
    ada = Caller(tenant)
    made = ada.schedule()
    ada.change(made, topic="First")
    late = choice(made)
    assert ada.refused("change", **late, meeting={"topic": "Second"}) == (409, "changed_meanwhile")
    assert ada.refused("cancel", **late) == (409, "changed_meanwhile")
    assert ada("read", id=made["id"])["topic"] == "First"


def test_those_invited_are_told_why_a_meeting_is_called_off(tenant: Tenant) -> None:
    ada = Caller(tenant)
    address = f"{tenant.company_id.lower()}@example.org"
    made = ada.schedule(invitees=[{"email": address, "locale": "de"}])
    mails_to(tenant.running, address)
    ada("cancel", **choice(made), reason="Ich bin <krank>.\nNächste Woche wieder.")
    mails = mails_to(tenant.running, address, count=2)
    (canceled,) = [one for one in mails if str(one["Subject"]).startswith("Abgesagt")]
    text, html = canceled.get_body(("plain",)), canceled.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "Grund:\nIch bin <krank>.\nNächste Woche wieder." in text.get_content().replace("\r\n", "\n")
    assert "&lt;krank&gt;" in html.get_content()
    assert ada.refused("read", id=made["id"]) == (404, "bad_request")


def test_an_organizer_sees_their_own_and_an_administrator_all(tenant: Tenant) -> None:
    pat, ada = Caller(tenant, tenant.person()), Caller(tenant)
    kim = Caller(tenant, tenant.person(Standing.MODERATOR, first_name="Kim"))
    made = pat.schedule("Pat's")
    kim.schedule("Kim's", FIRST + timedelta(hours=1))
    assert (pat.topics(), kim.topics(), ada.topics()) == (["Pat's"], ["Kim's"], [])
    assert ada.topics(ofEverybody=True) == ["Pat's", "Kim's"]
    assert pat.refused("list", **{"from": FIRST.isoformat()}, ofEverybody=True)[0] == 403
    for name, more in (
        ("read", {}),
        ("summary", {}),
        ("close", {}),
        ("change", {"meeting": {"topic": "Kim was here"}}),
        ("cancel", {}),
    ):
        wanted = choice(made) if name in ("change", "cancel") else {"id": made["id"]}
        assert kim.refused(name, **wanted, **more)[0] == 404, name
    changed = ada.change(made, topic="Ada was here")
    assert (changed["organizerName"], changed["isOwn"]) == ("Pat Person", False)
    ada("cancel", **choice(changed))
    assert pat.topics() == []


def test_nobody_reaches_another_organizations_meetings(tenant: Tenant) -> None:
    made = Caller(tenant).schedule()
    other = Caller(tenant, tenant.running.organization("Other").token)
    assert other.topics(ofEverybody=True) == []
    for named in (made["id"], made["number"]):
        assert other.refused("read", id=named)[0] == 404
        assert other.refused("summary", id=named)[0] == 404
        assert other.refused("cancel", id=named, ofSeries=True, sequence=0)[0] == 404
    room = tenant.room()
    link = tenant.group_link(room)
    guest = tenant.api(
        "guestService.v2/authenticate",
        token="",
        companyId=tenant.company_id,
        roomId=room,
        accessKey=link["accessKey"],
        displayName="Gil",
    )
    for token in ("nobody", guest["accessToken"]):
        caller = Caller(tenant, token)
        calls: list[tuple[str, dict[str, object]]] = [
            ("list", {"from": FIRST.isoformat()}),
            ("read", {"id": made["id"]}),
            ("create", {"meeting": {"topic": "x", "start": clock(FIRST), "timezone": "UTC"}}),
            ("change", {**choice(made), "meeting": {}}),
            ("cancel", choice(made)),
            ("close", {"id": made["id"]}),
            ("summary", {"id": made["id"]}),
            ("feed", {}),
            ("terms", {}),
        ]
        for name, fields in calls:
            assert caller.send(name, **fields).status_code in (401, 403), name


def test_meetings_come_a_page_at_a_time(tenant: Tenant) -> None:
    ada = Caller(tenant)
    for number in range(5):
        ada.schedule(f"Lesson {number}", FIRST + timedelta(hours=number))
    page = ada.agenda(limit=3)
    assert ([one["topic"][-1] for one in page["meetings"]], page["hasMore"]) == (["0", "1", "2"], True)
    page = ada.agenda(limit=3, offset=3)
    assert ([one["topic"][-1] for one in page["meetings"]], page["hasMore"]) == (["3", "4"], False)
    assert ada.agenda(ofEverybody=True, limit=5)["hasMore"] is False


def test_a_feed_is_read_until_its_address_is_renewed(tenant: Tenant) -> None:
    ada = Caller(tenant)
    ada.schedule("In the feed")
    path = ada("feed")["path"]
    http = tenant.running.http
    assert "In the feed" in http.get(path).text
    renewed = ada("feed", isRenewed=True)["path"]
    assert renewed != path
    assert http.get(path).status_code == 404
    assert "In the feed" in http.get(renewed).text
    assert ada("feed")["path"] == renewed


def test_the_server_says_whether_it_can_record(tenant: Tenant) -> None:
    assert Caller(tenant)("terms") == {"canRecord": tenant.running.platform.media.can_record}


def test_a_summary_of_what_has_not_been_is_empty(tenant: Tenant) -> None:
    ada = Caller(tenant)
    made = ada.schedule()
    assert ada("summary", id=made["id"]) == {
        "people": [],
        "peopleInAll": 0,
        "chat": [],
        "chatInAll": 0,
        "recordings": [],
    }
    assert ada.refused("close", id=made["id"]) == (403, "meeting_not_started")


def test_a_meeting_that_is_on_is_ended(tenant: Tenant) -> None:
    ada = Caller(tenant)
    made = ada.schedule(start=datetime.now(UTC) - timedelta(minutes=5))
    assert made["state"] == "on"
    assert ada("close", id=made["id"])["state"] == "over"


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"topic": ""}, "topic"),
        ({"topic": "x" * 201}, "topic"),
        ({"start": None}, "start"),
        ({"start": "2030-01-01"}, "start"),
        ({"start": "2030-01-01T10:00:00Z"}, "start"),
        ({"start": "9999-12-31T23:59:00"}, "start"),
        ({"timezone": "Middle/Earth"}, "timezone"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 20161}, "minutes"),
        ({"minutes": "45"}, "minutes"),
        ({"agenda": "x" * 20_001}, "agenda"),
        ({"kind": "party"}, "kind"),
        ({"earlyAccessMinutes": 31}, "earlyAccessMinutes"),
        ({"invitees": [{"email": "nobody"}]}, "invitees[0].email"),
        ({"invitees": [NORA, {"email": "a@example.org", "firstName": "x" * 201}]}, "invitees[1].firstName"),
        ({"invitees": [NORA] * 1001}, "invitees"),
        ({"repetition": {"frequencyType": "weekly", "frequency": 0}}, "recurrence.frequency"),
        (
            {"repetition": {"frequencyType": "weekly", "endsType": "on_date", "endsOn": "2001-01-01"}},
            "recurrence.endsOn",
        ),
        ({"repetition": {"frequencyType": "weekly", "endsType": "on_date"}}, "recurrence.endsOn"),
        ({"repetition": {"frequencyType": "yearly"}}, "repetition.frequencyType"),
    ],
)
def test_what_cannot_be_is_refused_by_name(tenant: Tenant, wish: dict[str, Any], field: str) -> None:
    ada = Caller(tenant)
    meeting = {"topic": "Lesson", "start": clock(FIRST), "timezone": "UTC", "minutes": 45, **wish}
    answer = ada.send("create", meeting=meeting)
    assert answer.status_code == 400, answer.text
    assert field in answer.json()["details"]["field"]
    assert ada.topics() == []


def test_what_cannot_be_listed_is_refused(tenant: Tenant) -> None:
    ada = Caller(tenant)
    for wanted in (
        {"from": "yesterday"},
        {"from": FIRST.isoformat(), "to": FIRST.isoformat()},
        {"from": FIRST.isoformat(), "limit": 501},
        {"from": FIRST.isoformat(), "offset": 5_000},
        {"from": FIRST.isoformat(), "offset": -1},
        {},
    ):
        assert ada.send("list", **wanted).status_code == 400, wanted
