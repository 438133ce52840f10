"""Meeting organizers of an account: added, changed, removed, and named by callers."""

from __future__ import annotations

import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select

from switchroom.dialects.webmeeting_v6.callers import Caller, Callers
from switchroom.errors import NotFound, Unauthenticated
from switchroom.identity.models import Person
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


def test_who_was_elsewhere_brings_nothing_along(account: Account, running: RunningPlatform) -> None:
    """What one account says of somebody is not the next one's, and its way to their calendar ends with it."""
    other = Account(running)
    leaver = other.organizer(
        firstName="Lea", lastName="Of another", externalUserId="crm-1", timezone="Asia/Tokyo"
    )
    running.run(_set_password(running, leaver["email"]))
    other.own().delete(f"/account/{other.id}/organizer/{leaver['id']}")
    closed = Account(running, adminLastname="Of a closed one")
    closed.instance.delete(f"/account/{closed.id}")

    for before, last_name in ((leaver, ""), (closed.admin, "New")):
        wish = {"email": before["email"], "lastName": last_name}
        taken_on = account.own().post(f"/account/{account.id}/organizer", wish)
        assert (taken_on["firstName"], taken_on["lastName"]) == ("", last_name)
        assert (taken_on["externalUserId"], taken_on["timezone"]) == (None, account.admin["timezone"])
        assert taken_on["icsToken"] != before["icsToken"]
        account.instance.named(user=taken_on["id"]).meeting("Secret")
        assert account.instance.refused("GET", f"/meeting/calender/user/{before['icsToken']}").code == -5
        assert "Secret" in running.http.get(taken_on["icsPath"]).text
    with pytest.raises(Unauthenticated):
        running.run(
            running.platform.identity.authentication.with_password(
                leaver["email"], PASSWORD, account.organization.ulid, "192.0.2.1"
            )
        )


def test_somebody_in_two_accounts(account: Account, running: RunningPlatform) -> None:
    """Neither account reads what is the other's, or decides on how the person signs in to it."""
    other = Account(running)
    email = _address()
    for one, password in ((account, PASSWORD), (other, None)):
        running.run(
            running.platform.identity.organizations.add_person(
                one.organization, username=email, password=password, standing=Standing.MODERATOR
            )
        )
    here, there = (_listed(one, email) for one in (account, other))
    account.own(email=email).meeting("Confidential")

    assert "Confidential" in running.http.get(here["icsPath"]).text
    assert "Confidential" not in running.http.get(there["icsPath"]).text
    path = f"/account/{other.id}/organizer/{there['id']}"
    for wish in ({"email": _address()}, {"firstName": "Owned"}, {"preferredLanguage": "de"}):
        refused = other.own().refused("PUT", path, wish)
        assert refused.code == -3
        assert "another account" in refused.message
    assert other.own().put(path, {**there, "externalUserId": "crm-2"})["externalUserId"] == "crm-2"
    assert _listed(account, email) == here
    assert other.instance.put(path, {"firstName": "Pat"})["firstName"] == "Pat"
    account.instance.delete(f"/account/{account.id}")
    assert other.own().put(path, {"firstName": "Pia"})["firstName"] == "Pia"


def test_a_new_address_gets_the_link_and_the_old_one_s_is_void(account: Account) -> None:
    organizer = account.organizer()
    path = f"/account/{account.id}/organizer/{organizer['id']}"
    (mail,) = mails_to(account.running, organizer["email"])
    changed = account.instance.put(path, {"email": _address()})
    (anew,) = mails_to(account.running, changed["email"])

    assert _look_up(account, mail)["state"] == "unknown"
    assert _look_up(account, anew)["username"] == changed["email"]
    # Nobody has signed in by the old one, so it may have been a mistake.
    assert len(mails_to(account.running, organizer["email"])) == 1


def test_an_address_is_the_same_in_both_spellings_of_its_domain(account: Account) -> None:
    name = secrets.token_hex(6)
    said, ascii_form = f"{name}@bücher.example", f"{name}@xn--bcher-kva.example"
    organizers = f"/account/{account.id}/organizer"
    made = account.instance.post(organizers, {"email": said})

    assert made["email"] == said
    for spelled in (said, said.upper(), ascii_form):
        assert account.instance.refused("POST", organizers, {"email": spelled}).code == -10
        named = [(b"x-api-key", account.instance.key.encode()), (b"x-user-email", spelled.encode())]
        assert account.running.http.get("/api/v6/meeting", headers=named).json()["data"] == []
    account.running.run(_set_password(account.running, said))
    for spelled in (said, ascii_form):
        sign_in = account.running.platform.identity.authentication.with_password
        assert account.running.run(sign_in(spelled, PASSWORD, account.organization.ulid, "192.0.2.1")).token


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
    callers = Callers(running.platform.identity.keys, running.platform.meetings.accounts, require_key=False)
    actor = running.run(callers.actor(Caller(None, account.user_id, "")))
    assert actor.organization_id == account.organization.id
    named = running.run(running.platform.meetings.accounts.member(account.organization.id, account.user_id))
    assert (named.person.id, named.person.email) == (actor.person_id, account.email)
    add = running.platform.identity.organizations.add_person
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


def _listed(account: Account, email: str) -> dict[str, Any]:
    organizers = account.instance.get(f"/account/{account.id}/organizer")
    return next(one for one in organizers if one["email"] == email)


async def _set_password(running: RunningPlatform, email: str) -> None:
    """As somebody does who follows their link."""
    password_hash = await running.platform.identity.passwords.hash_chosen(PASSWORD)
    async with running.platform.storage.database.write(None) as session:
        person = (await session.scalars(select(Person).where(Person.email == email))).one()
        person.password_hash = password_hash


def _look_up(account: Account, mail: EmailMessage) -> dict[str, Any]:
    """Where the link in the mail leads."""
    found = re.search(r"#/password/(\w+)", str(mail.get_body(("plain",))))
    assert found is not None
    return account.running.http.post("/client/password/look-up", json={"key": found[1]}).json()


def _address() -> str:
    return f"{secrets.token_hex(6)}@example.org"
