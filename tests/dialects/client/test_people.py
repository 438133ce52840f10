"""People of an organization, listed and changed by those who administer them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from switchroom.identity.models import Membership, Person
from switchroom.identity.permissions import Standing
from switchroom.mail.models import QueuedMail
from tests.mail.mail_program import part
from tests.mail.outbox import mails_to
from tests.meetings.planning import plan, soon
from tests.platform import PASSWORD, Account, RunningPlatform, Tenant

PATHS = ("people", "people/look-up", "people/change", "people/send-password-link", "people/removal")


def send(tenant: Tenant, path: str, *, token: str | None = None, **fields: object) -> httpx.Response:
    body = {"accessToken": tenant.token if token is None else token, **fields}
    return tenant.running.http.post(f"/client/{path}", json=body)


def ask(tenant: Tenant, path: str, *, token: str | None = None, **fields: object) -> dict[str, Any]:
    answer = send(tenant, path, token=token, **fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def listed(tenant: Tenant, **wanted: Any) -> list[str]:
    return [one["email"] or one["username"] for one in ask(tenant, "people", **wanted)["people"]]


def seen(tenant: Tenant, person_id: str) -> dict[str, Any]:
    return ask(tenant, "people/look-up", personId=person_id)


def change(tenant: Tenant, person: Mapping[str, Any], **fields: Any) -> httpx.Response:
    return send(tenant, "people/change", personId=person["id"], version=person["version"], **fields)


def invite(tenant: Tenant, email: str, first: str = "Ines", last: str = "Invited") -> str:
    profile = {"firstname": first, "lastname": last}
    return tenant.api("userService/invite", email=email, userProfile=profile)["userId"]


def clerk(tenant: Tenant, *names: str) -> Account:
    """Somebody with these permissions and no others."""
    account = tenant.person(first_name="Clara", last_name="Clerk")
    granted = dict.fromkeys(names, True)
    assert change(tenant, seen(tenant, account.id), permissions=granted).status_code == 200
    return tenant.sign_in(tenant.running.run(_person(tenant, account.id)))


async def _person(tenant: Tenant, person_id: str) -> Person:
    async with tenant.running.platform.storage.database.read(None) as session:
        return await session.get_one(Person, person_id)


async def _add_people(tenant: Tenant, number: int) -> None:
    async with tenant.running.platform.storage.database.write(tenant.organization.id) as session:
        for one in range(number):
            person = Person(
                id=f"{tenant.organization.id}-{one}",
                username=f"many{one}@{tenant.company_id.lower()}.example.org",
                email=f"many{one}@{tenant.company_id.lower()}.example.org",
                password_hash="",
                first_name="Zoë" if one % 2 else "Jürgen",
                last_name=f"Many {one}",
            )
            session.add(person)
            await session.flush()
            session.add(Membership(person_id=person.id, standing=Standing.PARTICIPANT, properties={}))


def test_people_come_a_page_at_a_time_newest_first(tenant: Tenant) -> None:
    assert tenant.administrator
    tenant.running.run(_add_people(tenant, 120))
    first = ask(tenant, "people")
    assert (len(first["people"]), first["count"], first["isMore"]) == (50, 121, False)
    assert first["people"][0]["lastName"] == "Many 119"
    second = ask(tenant, "people", after=first["after"])
    third = ask(tenant, "people", after=second["after"])
    assert "after" not in third
    ids = [one["id"] for page in (first, second, third) for one in page["people"]]
    assert len(set(ids)) == len(ids) == 121


def test_people_are_found_by_parts_of_their_names_and_addresses(tenant: Tenant) -> None:
    assert tenant.administrator
    tenant.running.run(_add_people(tenant, 12))
    assert len(listed(tenant, term="JÜRGEN many")) == 6
    assert len(listed(tenant, term="zo")) == 6
    assert len(listed(tenant, term="many11@")) == 1
    for nothing in ("%", "_", "\\", "nobody", "'; drop table people; --", "😀" * 200):
        assert listed(tenant, term=nothing) == [], nothing
    assert len(listed(tenant, administratorsOnly=True)) == 1


def test_who_is_invited_is_shown_as_the_invitation_says(tenant: Tenant, running: RunningPlatform) -> None:
    other = running.organization("Other")
    known = other.person(first_name="Secret", last_name="Elsewhere")
    person_id = invite(tenant, known.username)
    (shown,) = ask(tenant, "people", state="invited")["people"]
    assert (shown["id"], shown["firstName"], shown["lastName"]) == (person_id, "Ines", "Invited")
    assert (shown["state"], shown["isShared"]) == ("invited", False)
    assert shown["mailedAt"] < shown["expiresAt"]
    assert listed(tenant, term="Elsewhere") == []
    assert listed(tenant, term="ines invited") == [known.username]
    assert person_id not in [one["id"] for one in ask(tenant, "people", state="active")["people"]]


def test_nobody_of_another_organization_is_shown_or_changed(tenant: Tenant, running: RunningPlatform) -> None:
    other = running.organization("Other")
    stranger = other.person()
    assert stranger.username not in listed(tenant)
    for path in ("people/look-up", "people/send-password-link", "people/removal"):
        assert send(tenant, path, personId=stranger.id).status_code == 404
    answer = send(tenant, "people/change", personId=stranger.id, version="x", firstName="Mine")
    assert answer.status_code == 404
    assert seen(other, stranger.id)["firstName"] == "Pat"


def test_what_somebody_else_changed_meanwhile_is_said_and_not_overwritten(tenant: Tenant) -> None:
    pat = tenant.person()
    before = seen(tenant, pat.id)
    first = change(tenant, before, lastName="Köhler", permissions={"USER_ADMIN": True})
    assert first.status_code == 200, first.text
    assert set(first.json()["permissions"]) >= {"USER_ADMIN", "USER_LIST", "USER_INVITE"}
    second = change(tenant, before, lastName="Overwritten")
    assert (second.status_code, second.json()["code"]) == (409, "changed_meanwhile")
    assert seen(tenant, pat.id)["lastName"] == "Köhler"
    again = change(tenant, seen(tenant, pat.id), enabled=False)
    assert (again.status_code, again.json()["state"]) == (200, "disabled")
    assert change(tenant, again.json(), enabled=True).json()["state"] == "active"


def test_what_is_wrong_about_a_change_is_named(tenant: Tenant) -> None:
    pat = seen(tenant, tenant.person().id)
    for wrong in (
        {"email": "no address"},
        {"email": ""},
        {"lastName": "x" * 1001},
        {"lastName": "x\x00"},
        {"permissions": {"NOTHING": True}},
        {"permissions": ["USER_ADMIN"]},
        {"enabled": "yes"},
    ):
        answer = change(tenant, pat, **wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request"), wrong
    assert seen(tenant, pat["id"]) == pat


def test_a_link_for_a_password_is_mailed_once(tenant: Tenant) -> None:
    pat = tenant.person()
    assert send(tenant, "people/send-password-link", personId=pat.id).status_code == 204
    again = send(tenant, "people/send-password-link", personId=pat.id)
    assert (again.status_code, again.json()["code"]) == (429, "too_many_attempts")

    async def mails() -> list[str]:
        async with tenant.running.platform.storage.database.read(None) as session:
            return list(await session.scalars(select(QueuedMail.recipient)))

    assert tenant.running.run(mails()).count(pat.username) == 1
    invited = invite(tenant, "someone.invited@example.org")
    assert send(tenant, "people/send-password-link", personId=invited).status_code == 409


def test_what_goes_along_with_a_removal(tenant: Tenant) -> None:
    other = tenant.person(Standing.ADMINISTRATOR, first_name="Olga", last_name="Other")
    token = other.token
    plan(tenant, "To come", start=soon(days=1))
    tenant.room("Vault", permissions={tenant.administrator.id: {"role": "ROLE_ADMIN"}})
    answer = ask(tenant, "people/removal", token=token, personId=tenant.administrator.id)
    assert answer == {"meetings": 1, "heirName": "Olga Other", "rooms": 1}


def test_the_last_administrator_cannot_be_removed(tenant: Tenant) -> None:
    answer = send(tenant, "people/removal", personId=tenant.administrator.id)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


@pytest.mark.parametrize("path", PATHS)
def test_who_may_not_gets_nothing(tenant: Tenant, path: str) -> None:
    pat = tenant.person()
    fields: dict[str, object] = {"personId": pat.id, "version": "x"} if path != "people" else {}
    assert send(tenant, path, token="", **fields).status_code == 401
    assert send(tenant, path, token="nonsense", **fields).status_code == 401
    answer = send(tenant, path, token=pat.token, **{**fields, "personId": tenant.administrator.id})
    assert answer.status_code == 403, answer.text
    link = tenant.group_link(tenant.room())
    guest = tenant.running.http.post(
        "/json/v1/guestService.v2/authenticate",
        json={
            "accessInfo": {"requestId": "x"},
            "companyId": tenant.company_id,
            "roomId": link["roomId"],
            "accessKey": link["accessKey"],
            "displayName": "Guest",
        },
    ).json()["accessToken"]
    assert send(tenant, path, token=guest, **fields).status_code == 403


def test_a_clerk_lists_people_and_changes_nobody(tenant: Tenant) -> None:
    lister = clerk(tenant, "USER_LIST")
    pat = tenant.person()
    assert pat.username in listed(tenant, token=lister.token)
    shown = seen(tenant, pat.id)
    for path in ("people/send-password-link", "people/removal"):
        assert send(tenant, path, token=lister.token, personId=pat.id).status_code == 403
    answer = send(
        tenant, "people/change", token=lister.token, personId=pat.id, version=shown["version"], title="Dr."
    )
    assert answer.status_code == 403


def test_nobody_gives_what_they_have_not(tenant: Tenant) -> None:
    admin = clerk(tenant, "USER_ADMIN")
    pat = seen(tenant, tenant.person().id)
    fields = {"personId": pat["id"], "version": pat["version"]}
    for permission in ("MANAGE_COMPANY", "ROOM_CREATE"):
        answer = send(tenant, "people/change", token=admin.token, permissions={permission: True}, **fields)
        assert answer.status_code == 403
    answer = send(tenant, "people/change", token=admin.token, permissions={"USER_LIST": True}, **fields)
    assert answer.status_code == 200


def test_ones_own_address_is_another_with_the_password_and_a_whole_token_only(tenant: Tenant) -> None:
    ada = tenant.administrator
    shown = ask(tenant, "people/look-up", personId=ada.id)
    signed = tenant.api("authenticationService/signAccessToken", accessToken={"permissions": {"5": True}})
    wish = {"personId": ada.id, "version": shown["version"], "email": f"{secrets.token_hex(6)}@example.org"}

    def send(token: str, **more: str) -> httpx.Response:
        return tenant.running.http.post("/client/people/change", json={"accessToken": token, **wish, **more})

    for token, password in ((ada.token, ""), (ada.token, "wrong"), (signed["accessToken"], PASSWORD)):
        assert send(token, password=password).status_code == 403, (token, password)
    named: list[dict[str, Any]] = [
        {"user": {"email": wish["email"]}},
        {"authenticationRequest": {"usernamePasswordCredentials": {"username": wish["email"]}}},
    ]
    for fields in named:
        assert tenant.api.refused("userService/update", userId=ada.id, **fields)["code"] == 7
    assert ask(tenant, "people/look-up", personId=ada.id) == shown

    # What stays as it is takes no password.
    same = {"email": shown["email"], "firstName": "Augusta"}
    kept = send(ada.token, **same)
    assert kept.status_code == 200, kept.text
    changed = send(ada.token, version=kept.json()["version"], password=PASSWORD)
    assert changed.status_code == 200, changed.text
    assert changed.json()["email"] == wish["email"]
    credentials = {"username": shown["username"], "current": PASSWORD}
    tenant.api.send(
        "userService/update",
        userId=ada.id,
        user={"email": shown["email"]},
        authenticationRequest={"usernamePasswordCredentials": credentials},
    )
    assert ask(tenant, "people/look-up", personId=ada.id)["email"] == shown["email"]


def test_the_old_address_is_told_of_another(tenant: Tenant) -> None:
    pat, new = seen(tenant, tenant.person().id), f"new-{secrets.token_hex(6)}@example.org"
    old = pat["email"]
    # What is the same to mail servers is no other address, and a name is none at all.
    for same in ({"email": old.upper()}, {"email": old}, {"firstName": "Patricia"}):
        pat = change(tenant, pat, **same).json()
    changed = change(tenant, pat, email=new)
    assert changed.status_code == 200, changed.text
    (mail,) = mails_to(tenant.running, old)
    assert mail["Subject"] == "Your address at Acme has been changed"
    assert new not in mail.as_string()
    assert "tell an administrator of Acme" in part(mail, "plain")

    back = change(tenant, changed.json(), email=old)
    assert back.status_code == 200, back.text
    (other,) = mails_to(tenant.running, new)
    assert other["Subject"] == mail["Subject"]
