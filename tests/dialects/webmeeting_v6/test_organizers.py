"""Meeting organizers of an account: added, changed, removed, and named by callers."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from switchroom.dialects.webmeeting_v6.callers import Caller, Callers
from switchroom.errors import NotFound
from switchroom.identity.permissions import Standing
from tests.dialects.webmeeting_v6.client import Account, invited
from tests.mail.outbox import mails_to
from tests.platform import PASSWORD, RunningPlatform

NOBODY = "f" * 24


def test_one_more(account: Account) -> None:
    email = _address()
    wish = {
        "email": email,
        "firstName": "Jürgen",
        "lastName": "Groß",
        "externalUserId": "crm-17",
        "preferredLanguage": "de",
        "timezone": "Europe/Berlin",
        "additionalTimezones": ["America/New_York", "Asia/Tokyo"],
    }
    made = account.instance.post(f"/account/{account.id}/organizer", wish)

    assert {name: made[name] for name in wish} == wish
    assert list(made) == list(account.admin)
    assert made["icsPath"] == f"/api/v6/meeting/calender/user/{made['icsToken']}"
    assert account.instance.get(f"/account/{account.id}/organizer/{made['id']}") == made
    assert account.instance.get(f"/account/{account.id}/organizer") == [account.admin, made]
    assert account.instance.get(f"/account/{account.id}/organizer", limit=1, offset=1) == [made]
    assert account.instance.get(f"/account/admin/{account.id}") == [account.admin]
    (mail,) = mails_to(account.running, email)
    assert "Passwort" in str(mail["Subject"])


def test_changing_and_putting_back(account: Account) -> None:
    made = account.organizer(externalUserId="one", timezone="Asia/Tokyo")
    path = f"/account/{account.id}/organizer/{made['id']}"
    changed = account.instance.put(path, {"firstName": "Anna", "externalUserId": None, "email": _address()})

    assert (changed["firstName"], changed["externalUserId"]) == ("Anna", None)
    assert changed["timezone"] == "Asia/Tokyo"
    assert account.instance.named(email=made["email"]).refused("GET", "/meeting").code == -2
    assert account.instance.named(email=changed["email"].upper()).get("/meeting") == []
    assert account.instance.put(path, changed) == changed
    assert account.instance.get(path) == changed


def test_no_address_twice(account: Account, running: RunningPlatform) -> None:
    other = Account(running)
    organizers = f"/account/{account.id}/organizer"
    made = account.organizer()
    for taken in (other.email.upper(), account.email, made["email"]):
        assert account.instance.refused("POST", organizers, {"email": taken}).code == -10
    for taken in (other.email, account.email.title()):
        refused = account.instance.refused(
            "PUT", f"{organizers}/{made['id']}", {"email": taken, "lastName": "x"}
        )
        assert refused.code == -10
    assert account.instance.get(organizers) == [account.admin, made]


def test_the_address_of_somebody_in_a_closed_account(account: Account, running: RunningPlatform) -> None:
    closed = Account(running)
    closed.instance.delete(f"/account/{closed.id}")
    path = f"/account/{account.id}/organizer/{account.user_id}"

    assert account.instance.refused("PUT", path, {"email": closed.email}).code == -10
    assert account.instance.post(f"/account/{account.id}/organizer", {"email": closed.email})["id"]


def test_the_same_address_for_two_at_once(account: Account) -> None:
    made = [account.organizer() for _ in range(4)]
    email = _address()

    def change(organizer_id: str) -> int:
        path = f"/account/{account.id}/organizer/{organizer_id}"
        return account.instance.send("PUT", path, {"email": email}).json()["responseCode"]

    with ThreadPoolExecutor(4) as threads:
        codes = sorted(threads.map(change, [one["id"] for one in made]))

    assert codes == [-10, -10, -10, 0]


def test_removing(account: Account) -> None:
    made = account.organizer()
    path = f"/account/{account.id}/organizer/{made['id']}"

    assert account.instance.delete(path) == {"id": made["id"]}
    assert account.instance.refused("GET", path).message == "There is no such meeting organizer."
    assert account.instance.refused("DELETE", path).code == -5
    assert account.instance.named(user=made["id"]).refused("GET", "/meeting").code == -2
    again = account.instance.post(f"/account/{account.id}/organizer", {"email": made["email"]})
    assert again["email"] == made["email"]


def test_the_last_admin_stays(account: Account) -> None:
    account.organizer()
    refused = account.instance.refused("DELETE", f"/account/{account.id}/organizer/{account.user_id}")

    assert (refused.code, refused.message) == (-3, "An account keeps at least one admin.")
    assert len(account.instance.get(f"/account/{account.id}/organizer")) == 2


def test_an_admin_takes_on_the_meetings_of_who_leaves(account: Account) -> None:
    """They can be changed and canceled by somebody, and who left has no way in any more."""
    leaver = account.organizer(firstName="Lea", lastName="Leaver")
    of_leaver = account.instance.named(user=leaver["id"])
    guest = _address()
    meeting = of_leaver.meeting("To be kept", invitedParticipants=[invited(guest)])
    feed = f"/meeting/calender/user/{leaver['icsToken']}"
    assert "To be kept" in account.instance.send("GET", feed).text
    key = _organizers_key(account, leaver["icsToken"])

    visit = {"number": meeting["meetingId"], "key": key}
    assert account.running.http.post("/client/meeting", json=visit).json()["isModerator"] is True

    account.instance.delete(f"/account/{account.id}/organizer/{leaver['id']}")

    kept = account.api.get(f"/meeting/{meeting['id']}")
    assert (kept["addedByUserId"], kept["addedByUserEmail"]) == (account.user_id, account.email)
    same = ("id", "meetingId", "roomId", "icsToken", "startTime", "invitedParticipants", "icalSequence")
    assert {name: kept[name] for name in same} == {name: meeting[name] for name in same}
    assert account.api.get("/meeting") == [kept]
    assert account.instance.refused("GET", feed).code == -5
    assert account.running.http.post("/client/meeting", json=visit).json()["state"] == "unknown"
    mails_to(account.running, guest)
    assert account.api.put(f"/meeting/{meeting['id']}/false", {"topic": "Ours"})["topic"] == "Ours"
    mails_to(account.running, guest, count=2)
    account.api.delete(f"/meeting/{meeting['id']}/false")
    assert len(mails_to(account.running, guest, count=3)) == 3
    again = account.instance.post(f"/account/{account.id}/organizer", {"email": leaver["email"]})
    assert account.instance.named(user=again["id"]).get("/meeting") == []


def test_whom_a_caller_may_name(account: Account, running: RunningPlatform) -> None:
    other = Account(running)
    organizer = account.organizer(preferredLanguage="de")
    instance, own = account.instance, account.own()

    for named in (
        instance.named(user=organizer["id"]),
        instance.named(email=organizer["email"].upper()),
        own.named(user=organizer["id"]),
        own.named(email=organizer["email"]),
    ):
        assert named.meeting()["addedByUserId"] == organizer["id"]
    assert own.meeting()["addedByUserId"] == account.user_id
    for named in (
        instance,
        instance.named(user=NOBODY),
        instance.named(email="nobody@example.org"),
        own.named(user=other.user_id),
        own.named(email=other.email),
        own.named(user="../"),
    ):
        refused = named.refused("POST", "/meeting", {"topic": "x"})
        assert refused.code == -2
        assert refused.message == "The user is unknown or does not belong to this account."
    assert other.api.get("/meeting") == []


@pytest.mark.parametrize("key", ["", "x", "0" * 40])
def test_without_a_key(account: Account, key: str) -> None:
    client = type(account.api)(account.running, key, user=account.user_id)
    for method, path in (("GET", "/meeting"), ("POST", "/meeting"), ("GET", f"/account/{account.id}")):
        refused = client.refused(method, path, {"topic": "x"} if method == "POST" else None)
        assert (refused.code, refused.message) == (-1, "The API key is missing or wrong.")


def test_a_server_that_asks_for_no_key(account: Account, running: RunningPlatform) -> None:
    """Who calls it names the organizer by id, as the page's examples do; an address would be guessed."""
    callers = Callers(running.platform.keys, running.platform.accounts, require_key=False)
    actor = running.run(callers.actor(Caller(None, account.user_id, "")))
    assert actor.organization_id == account.organization.id
    named = running.run(running.platform.accounts.member(account.organization.id, account.user_id))
    assert (named.id, named.email) == (actor.person_id, account.email)
    add = running.platform.organizations.add_person
    standing = Standing.ADMINISTRATOR
    running.run(
        add(
            account.organization,
            username=f"no-address-{secrets.token_hex(4)}",
            password=PASSWORD,
            standing=standing,
        )
    )
    for named in (Caller(None, "", account.email), Caller(None, "", "x"), Caller(None, "", "")):
        with pytest.raises(NotFound) as error:
            running.run(callers.actor(named))
        assert error.value.code == "user_not_found"


def test_an_organizer_sees_only_their_own_meetings(account: Account) -> None:
    organizer = account.organizer()
    theirs = account.instance.named(user=organizer["id"])
    of_admin = account.api.meeting("The admin's")
    of_organizer = theirs.meeting("The organizer's")

    assert theirs.get("/meeting") == [of_organizer]
    assert theirs.refused("GET", f"/meeting/{of_admin['id']}").code == -5
    assert theirs.refused("PUT", f"/meeting/{of_admin['id']}/true", {"topic": "x"}).code == -5
    assert theirs.refused("DELETE", f"/meeting/{of_admin['id']}/true").code == -5
    assert account.api.get("/meeting") == [of_admin]
    assert account.api.get(f"/meeting/{of_organizer['id']}") == of_organizer


def _organizers_key(account: Account, token: str) -> str:
    """The key in the organizer's own link, as their calendar has it."""
    feed = account.instance.send("GET", f"/meeting/calender/user/{token}").text.replace("\r\n ", "")
    (address,) = {line.partition(":")[2] for line in feed.splitlines() if line.startswith("URL")}
    return address.rpartition("/")[2]


def _address() -> str:
    return f"{secrets.token_hex(6)}@example.org"
