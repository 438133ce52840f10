"""Accounts: made, listed, read, changed, closed, and not paid for."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from switchroom.identity.keys import KeyPermission
from tests.dialects.webmeeting_v6.client import Account, Client, instance_key
from tests.mail.outbox import mails_to
from tests.platform import RunningPlatform

NOBODY = "f" * 24


def test_what_an_account_is_like_unless_said(running: RunningPlatform) -> None:
    client = Client(running, instance_key(running))
    email = _address()
    made = client.post("/account", {"adminEmail": email})

    assert (made["name"], made["accountType"], made["paidUntil"]) == (email, "standard", None)
    (admin,) = client.get(f"/account/admin/{made['id']}")
    assert (admin["email"], admin["firstName"], admin["lastName"]) == (email, "", "")
    assert admin["preferredLanguage"] == "en"


def test_a_name_and_an_end(running: RunningPlatform) -> None:
    account = Account(running, name="Schule für Gestaltung", paidUntil="2040-01-01T01:00:00+01:00")

    assert account.made["name"] == "Schule für Gestaltung"
    assert account.made["paidUntil"] == "2040-01-01T00:00:00.000Z"


def test_the_password_is_sent_when_it_is_wanted(running: RunningPlatform) -> None:
    with_mail = Account(running, sendPassword=True, adminPreferredLanguage="de", adminFirstname="Änne")
    without = Account(running, sendPassword=False)
    last = Account(running, sendPassword=True)

    (mail,) = mails_to(running, with_mail.email)
    assert "Passwort" in str(mail["Subject"])
    assert f"{running.base_url}/#/password/" in str(mail.get_body(("plain",)))
    mails_to(running, last.email)  # what was queued before has left
    assert mails_to(running, without.email, count=0) == []


def test_an_address_exists_once_however_it_is_written(running: RunningPlatform) -> None:
    account = Account(running)
    before = account.instance.every("/account")
    for written in (account.email.upper(), f"  {account.email.title()} "):
        refused = account.instance.refused("POST", "/account", {"adminEmail": written})
        assert refused.code == -10
        assert refused.message == "There is a user with this e-mail address already."
    assert account.instance.every("/account") == before


def test_the_same_address_at_once(running: RunningPlatform) -> None:
    client = Client(running, instance_key(running))
    wish = {"adminEmail": _address()}
    with ThreadPoolExecutor(8) as threads:
        sent = [threads.submit(client.send, "POST", "/account", wish) for _ in range(8)]
    codes = sorted(one.result().json()["responseCode"] for one in sent)

    assert codes == [-10] * 7 + [0]
    assert len([one for one in client.every("/account") if one["name"] == wish["adminEmail"]]) == 1


def test_a_list_in_parts(running: RunningPlatform) -> None:
    accounts = [Account(running) for _ in range(3)]
    client = accounts[0].instance
    known = [one["id"] for one in client.every("/account")]

    assert known[-3:] == [one.id for one in accounts]
    assert [one["id"] for one in client.get("/account", limit=2, offset=len(known) - 3)] == known[-3:-1]
    assert client.get("/account", offset=1_000_000) == []
    assert client.get(f"/account/{accounts[1].id}") == accounts[1].made


def test_changing_everything(account: Account) -> None:
    groups = account.permission_groups()
    wish: dict[str, Any] = {
        "name": "Neue Gesellschaft",
        "accountType": "enterprise",
        "numberOfMeetings": 10,
        "numberOfMeetingOrganizers": 20,
        "numberOfMeetingRooms": 30,
        "paidUntil": "2099-12-31T23:59:59.999Z",
        "iceCandidatesToFilter": ["10.0.0.0/8"],
        "customDialInNumbers": ["+49 221 123", "+32 2 456"],
        "displayStandardDialInNumbersInInvite": False,
        "defaultMeetingPermissions": groups["Moderator"],
        "defaultMeetingType": "webinar",
        "defaultMeetingHasDialin": True,
        "defaultMeetingHasRecording": True,
        "autoExtendMeetings": True,
        "autoDeleteMeetingsAfterXDays": 7,
    }
    changed = account.change(**wish)

    assert {name: changed[name] for name in wish} == wish
    assert account.instance.get(f"/account/{account.id}") == changed
    meeting = account.api.post("/meeting", {"topic": "As the account has it"})
    assert (meeting["type"], meeting["isRecorded"], meeting["isDialin"]) == ("webinar", True, True)
    assert meeting["meetingPermissionId"] == groups["Moderator"]
    assert meeting["dialInNumbers"] == ["+49 221 123", "+32 2 456"]
    assert len(meeting["dialInPin"]) == 6


def test_what_is_not_said_stays(account: Account) -> None:
    account.change(customDialInNumbers=["1"], autoExtendMeetings=True, paidUntil="2099-01-01T00:00:00Z")
    changed = account.change(name="Only the name")

    assert (changed["name"], changed["customDialInNumbers"]) == ("Only the name", ["1"])
    assert (changed["autoExtendMeetings"], changed["paidUntil"]) == (True, "2099-01-01T00:00:00.000Z")
    assert account.change(paidUntil=None)["paidUntil"] is None


@pytest.mark.parametrize("by", ["instance", "own"])
def test_putting_back_what_was_got(account: Account, by: str) -> None:
    account.change(paidUntil="2099-01-01T00:00:00Z", numberOfMeetings=5, defaultMeetingType="boardroom")
    client = account.instance if by == "instance" else account.own()
    got = client.get(f"/account/{account.id}")

    assert client.put(f"/account/{account.id}", got) == got


def test_limits(account: Account) -> None:
    account.change(numberOfMeetings=2, numberOfMeetingOrganizers=2)
    account.api.meeting("One")
    second = account.api.meeting("Two")
    full = account.api.refused("POST", "/meeting", {"topic": "Three"})
    assert (full.code, full.message) == (-3, "The account has as many meetings as it may have.")
    account.api.delete(f"/meeting/{second['id']}/true")
    account.api.meeting("Three")

    assert account.instance.get(f"/account/{account.id}")["canAddMeetingOrganizer"] is True
    account.organizer()
    assert account.instance.get(f"/account/{account.id}")["canAddMeetingOrganizer"] is False
    full = account.instance.refused("POST", f"/account/{account.id}/organizer", {"email": _address()})
    assert (full.code, full.message) == (-3, "The account has as many meeting organizers as it may have.")


def test_an_account_s_own_key(account: Account, running: RunningPlatform) -> None:
    own, other = account.own(), Account(running)

    assert own.get(f"/account/{account.id}") == account.made
    assert own.get(f"/account/admin/{account.id}") == [account.admin]
    assert own.put(f"/account/{account.id}", {"name": "Ours"})["name"] == "Ours"
    assert own.refused("POST", "/account", {"adminEmail": _address()}).code == -3
    assert own.refused("GET", "/account").code == -3
    assert own.refused("DELETE", f"/account/{account.id}").code == -3
    for method, path in (
        ("GET", f"/account/{other.id}"),
        ("PUT", f"/account/{other.id}"),
        ("DELETE", f"/account/{other.id}"),
        ("GET", f"/account/admin/{other.id}"),
        ("GET", f"/account/{other.id}/organizer"),
        ("POST", f"/account/{other.id}/organizer"),
        ("GET", f"/account/{other.id}/organizer/{other.user_id}"),
        ("PUT", f"/account/{other.id}/organizer/{other.user_id}"),
        ("DELETE", f"/account/{other.id}/organizer/{other.user_id}"),
    ):
        refused = own.refused(method, path, {"email": _address()} if method in ("POST", "PUT") else None)
        assert refused.code == -3, (method, path)
    assert account.instance.get(f"/account/{other.id}") == other.made
    assert account.instance.get(f"/account/{other.id}/organizer") == [other.admin]


@pytest.mark.parametrize(
    "fields",
    [
        {"paidUntil": "2099-01-01T00:00:00Z"},
        {"accountType": "enterprise"},
        {"numberOfMeetings": 1},
        {"numberOfMeetingOrganizers": 1},
        {"numberOfMeetingRooms": 5},
    ],
)
def test_an_account_decides_nothing_about_its_own_limits(account: Account, fields: dict[str, object]) -> None:
    assert account.own().refused("PUT", f"/account/{account.id}", {**fields, "name": "x"}).code == -3
    assert account.instance.get(f"/account/{account.id}") == account.made


def test_a_key_without_the_permission(account: Account, running: RunningPlatform) -> None:
    only_meetings = Client(running, instance_key(running, KeyPermission.MEETING), user=account.user_id)
    only_accounts = Client(running, instance_key(running, KeyPermission.ACCOUNT), user=account.user_id)

    assert only_meetings.get("/meeting") == []
    assert only_accounts.get(f"/account/{account.id}") == account.made
    for refused in (
        only_meetings.refused("GET", f"/account/{account.id}"),
        only_accounts.refused("GET", "/meeting"),
        only_accounts.refused("POST", "/meeting", b"not even JSON"),
    ):
        assert (refused.code, refused.message) == (-3, "The API key does not have the permission for this.")


def test_closing(account: Account, running: RunningPlatform) -> None:
    own = account.own()
    meeting = account.api.meeting(startTime="2026-01-01T00:00:00Z", duration=14 * 24 * 60)
    assert account.instance.delete(f"/account/{account.id}") == {"id": account.id}

    for client in (account.instance, own):
        for method, path in (
            ("GET", f"/account/{account.id}"),
            ("PUT", f"/account/{account.id}"),
            ("GET", f"/account/admin/{account.id}"),
            ("POST", f"/account/{account.id}/organizer"),
        ):
            body = {"email": _address()} if method == "POST" else {} if method == "PUT" else None
            refused = client.refused(method, path, body)
            assert (refused.code, refused.message) == (-5, "The account is closed."), (method, path)
    assert account.instance.refused("DELETE", f"/account/{account.id}").code == -5
    for client in (account.api, own):
        for method, path in (("GET", "/meeting"), ("POST", "/meeting"), ("GET", f"/meeting/{meeting['id']}")):
            refused = client.refused(method, path, {"topic": "x"} if method == "POST" else None)
            assert (refused.code, refused.message) == (-3, "The account is closed."), (method, path)
    assert account.id not in [one["id"] for one in account.instance.every("/account")]


def test_an_address_is_free_again_after_closing(account: Account, running: RunningPlatform) -> None:
    account.instance.delete(f"/account/{account.id}")
    again = account.instance.post("/account", {"adminEmail": account.email, "adminFirstname": "Anew"})

    (admin,) = account.instance.get(f"/account/admin/{again['id']}")
    assert (admin["email"], admin["firstName"]) == (account.email, "Anew")
    named = account.instance.named(email=account.email)
    assert named.meeting()["accountId"] == again["id"]


def test_an_unpaid_account_is_read_only(account: Account) -> None:
    meeting = account.api.meeting()
    organizer = account.organizer()
    account.stop_paying()
    own = account.own()

    assert account.api.get("/meeting") == own.get("/meeting") == [meeting]
    assert account.api.get(f"/meeting/{meeting['id']}") == meeting
    assert own.get(f"/account/{account.id}")["paidUntil"] == "2020-01-01T00:00:00.000Z"
    assert len(own.get(f"/account/{account.id}/organizer")) == 2
    organizers = f"/account/{account.id}/organizer"
    for client in (account.api, own):
        for method, path, body in (
            ("POST", "/meeting", {"topic": "x"}),
            ("PUT", f"/meeting/{meeting['id']}/false", {"topic": "x"}),
            ("DELETE", f"/meeting/{meeting['id']}/false", None),
            ("POST", f"/meeting/close/{meeting['id']}", None),
            ("POST", organizers, {"email": _address()}),
            ("PUT", f"{organizers}/{organizer['id']}", {"firstName": "x"}),
            ("DELETE", f"{organizers}/{organizer['id']}", None),
        ):
            refused = client.refused(method, path, body)
            assert refused.code == -3, (method, path)
            assert refused.message == "The account has not been paid for any longer and is read-only."
    for client in (own, account.instance):
        refused = client.refused("PUT", f"/account/{account.id}", {"name": "x"})
        assert (refused.code, "not been paid" in refused.message) == (-3, True)
    account.change(paidUntil="2099-01-01T00:00:00Z")
    assert account.api.put(f"/meeting/{meeting['id']}/false", {"topic": "Paid"})["topic"] == "Paid"


def test_nobody_s_account(account: Account) -> None:
    for path in (f"/account/{NOBODY}", f"/account/admin/{NOBODY}", f"/account/{NOBODY}/organizer"):
        refused = account.instance.refused("GET", path)
        assert (refused.code, refused.message) == (-5, "There is no such account.")


def _address() -> str:
    return f"{secrets.token_hex(6)}@example.org"
