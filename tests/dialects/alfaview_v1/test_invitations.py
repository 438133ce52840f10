"""Invitations of people to a company: sent, and accepted over both APIs by whoever they are for."""

from __future__ import annotations

import asyncio
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
from sqlalchemy import update

from switchroom.accounts.inviting import InvitationDraft
from switchroom.db.base import now
from switchroom.identity.models import MemberInvitation, Person
from switchroom.identity.password_links import write_password
from switchroom.identity.permissions import Standing
from tests.dialects.alfaview_v1.test_authentication import refresh_token
from tests.dialects.alfaview_v1.test_users import (
    MANAGE_COMPANY,
    change,
    events_of,
    is_good,
    sign_in,
    token_of,
    user_of,
)
from tests.dialects.webmeeting_v6.client import Client, instance_key
from tests.mail.outbox import invitation_key, invitation_keys, mails_to
from tests.platform import PASSWORD, Account, RunningPlatform, Tenant, refusal

OTHER_PASSWORD = "battery horse correct"
USER_INVITE = "3"


def address() -> str:
    return f"{secrets.token_hex(6)}@example.org"


def invite(tenant: Tenant, email: str, **fields: Any) -> str:
    return tenant.api("userService/invite", email=email, **fields)["userId"]


def look_up(tenant: Tenant, key: str) -> dict[str, Any]:
    answer = tenant.running.http.post("/client/invitation/look-up", json={"key": key})
    assert answer.status_code == 200, answer.text
    return answer.json()


def accept(tenant: Tenant, key: str, password: str = PASSWORD) -> httpx.Response:
    return tenant.running.http.post("/client/invitation", json={"key": key, "password": password})


def activate(tenant: Tenant, key: str, own_token: str = "") -> httpx.Response:
    body: dict[str, Any] = {"activationTokenCredentials": {"activationToken": key}}
    if own_token:
        body["accessInfo"] = {"accessToken": own_token}
    return tenant.api.post("authenticationService/authenticate", body)


def expire(tenant: Tenant, person_id: str) -> None:
    async def write() -> None:
        async with tenant.running.platform.storage.database.write(None) as session:
            of_person = update(MemberInvitation).where(MemberInvitation.person_id == person_id)
            await session.execute(of_person.values(expires_at=now() - timedelta(seconds=1)))

    tenant.running.run(write())


def write_person(running: RunningPlatform, person_id: str, **values: str) -> None:
    async def write() -> None:
        async with running.platform.storage.database.write(None) as session:
            await session.execute(update(Person).where(Person.id == person_id).values(**values))

    running.run(write())


def read_person(running: RunningPlatform, person_id: str) -> Person:
    async def read() -> Person:
        async with running.platform.storage.database.read(None) as session:
            return await session.get_one(Person, person_id)

    return running.run(read())


def person_with_trap(tenant: Tenant, username: str, email: str, *, has_password: bool) -> str:
    """Somebody whose mail goes to another mailbox than the one that the user name looks like."""
    person_id = tenant.api(
        "userService/create",
        user={"email": email, "userProfile": {"firstname": "Grace"}},
        authenticationRequest={"usernamePasswordCredentials": {"username": username, "password": PASSWORD}},
    )["userId"]
    if not has_password:
        write_person(tenant.running, person_id, password_hash="")
    return person_id


def forget_password(running: RunningPlatform, username: str) -> None:
    assert running.http.post("/client/password/forgotten", json={"username": username}).status_code == 204


def password_key(running: RunningPlatform, recipient: str) -> str:
    """The key in the link for a password that was mailed to somebody."""
    (mail,) = mails_to(running, recipient)
    body = mail.get_body(("plain",))
    assert body is not None
    (key,) = re.findall(r"/#/password/(\w+)", body.get_content())
    return key


def test_from_the_invitation_to_being_signed_in(running: RunningPlatform) -> None:
    tenant, email = running.organization("Universität Köln"), address()

    user_id = invite(
        tenant,
        email.upper(),
        userProfile={"firstname": "Jürgen", "lastname": "Groß", "title": "Dr."},
        locale={"UILanguage": "de_DE"},
    )

    (mail,) = mails_to(running, email)
    assert mail["Subject"] == "Einladung zu Universität Köln"
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Guten Tag Dr. Jürgen Groß" in body.get_content()
    assert "Ada Admin lädt Sie zu Universität Köln ein" in body.get_content()
    assert sign_in(tenant, email).status_code == 401
    key = invitation_key(running, email)
    seen = look_up(tenant, key)
    assert seen.pop("validUntil")
    assert seen == {
        "state": "open",
        "username": email,
        "displayName": "Dr. Jürgen Groß",
        "companyName": "Universität Köln",
        "inviterName": "Ada Admin",
        "hasAccount": False,
    }
    assert accept(tenant, key).json() == {"state": "joined", "username": email}
    assert sign_in(tenant, email).json()["userId"] == user_id
    assert user_of(tenant, user_id) == {
        "email": email,
        "userProfile": {"firstname": "Jürgen", "lastname": "Groß", "title": "Dr."},
        "locale": {"UILanguage": "de"},
    }
    kinds = [kind for kind, _ in events_of(tenant, user_id)]
    assert kinds.index("user.invited") < kinds.index("user.invitation_accepted")


def test_an_invitation_is_accepted_once(tenant: Tenant) -> None:
    email = address()
    invite(tenant, email)
    key = invitation_key(tenant.running, email)

    with ThreadPoolExecutor(2) as both:
        passwords = [PASSWORD, OTHER_PASSWORD]
        answers = [one.json() for one in both.map(partial(accept, tenant, key), passwords)]

    assert sorted(one["state"] for one in answers)[-1] == "joined"
    fits = [sign_in(tenant, email, one).status_code == 200 for one in passwords]
    assert fits == [one["state"] == "joined" for one in answers]
    assert accept(tenant, key, "another password").json() == {"state": "accepted", "username": email}
    assert look_up(tenant, key) == {"state": "accepted", "username": email}
    refused = tenant.api.refused("userService/invite", email=email)
    assert (refused["code"], refused["details"][0]["statusCode"]) == (6, "ALREADY_EXISTS")


def test_an_invitation_that_is_sent_again_voids_the_one_before(tenant: Tenant) -> None:
    email = address()
    user_id = invite(tenant, email, userProfile={"firstname": "Grace"})
    (first,) = invitation_keys(tenant.running, email)
    expire(tenant, user_id)
    assert look_up(tenant, first)["state"] == "expired"
    assert accept(tenant, first).json()["state"] == "expired"

    assert invite(tenant, email, userProfile={"firstname": "Ada"}) == user_id
    (second,) = invitation_keys(tenant.running, email, count=2) - {first}

    assert look_up(tenant, first) == {"state": "unknown"}
    assert look_up(tenant, second)["displayName"] == "Ada"
    assert accept(tenant, first).json() == {"state": "unknown"}
    assert accept(tenant, second).json()["state"] == "joined"
    assert user_of(tenant, user_id)["userProfile"] == {"firstname": "Ada"}


def test_a_person_of_another_company_accepts_with_the_password_they_have(
    tenant: Tenant, running: RunningPlatform
) -> None:
    person = tenant.person(first_name="Emil", last_name="Berliner")
    other = running.organization("Other")

    assert invite(other, person.username, userProfile={"firstname": "Somebody"}) == person.id

    # What the other company knows of them is not to be had by inviting them.
    assert user_of(other, person.id)["userProfile"] == {"firstname": "Somebody"}
    change(other, "userService/update", userId=person.id, user={"metadata": {"staff": "7"}})
    assert {data["username"] for _, data in events_of(other, person.id)} == {person.username}
    key = invitation_key(running, person.username)
    assert look_up(other, key)["hasAccount"] is True
    wrong = accept(other, key, OTHER_PASSWORD)
    assert (wrong.status_code, wrong.json()["details"]["field"]) == (403, "password")
    assert sign_in(other, person.username).status_code == 401
    assert accept(other, key).json() == {"state": "joined", "username": person.username}
    assert is_good(tenant, person.token)
    assert user_of(other, person.id)["userProfile"] == {"firstname": "Emil", "lastname": "Berliner"}
    signed_in = sign_in(other, person.username).json()
    companies = [one["companyId"] for one in signed_in["accessibleAccounts"]]
    assert companies == [tenant.company_id, other.company_id]


def test_that_others_invite_somebody_changes_nothing_for_their_company(
    tenant: Tenant, running: RunningPlatform
) -> None:
    person, email = tenant.person(), address()
    stranger = running.organization("Stranger")
    invite(stranger, person.username)
    invite(stranger, email)

    change(tenant, "userService/updateProfile", userId=person.id, userProfile={"firstname": "Emil"})
    made = tenant.api(
        "userService/create",
        user={"email": email},
        authenticationRequest={"usernamePasswordCredentials": {"password": PASSWORD}},
    )
    assert sign_in(tenant, email).json()["userId"] == made["userId"]
    # Whoever has the mail need not be who was given the password.
    key = invitation_key(running, email)
    assert look_up(stranger, key)["hasAccount"] is True
    assert accept(stranger, key, OTHER_PASSWORD).status_code == 403
    change(tenant, "userService/destroy", userId=person.id)


def test_by_the_api_an_invitation_is_accepted_with_its_activation_token(tenant: Tenant) -> None:
    email, room = address(), tenant.room()
    user_id = invite(tenant, email)
    key = invitation_key(tenant.running, email)

    signed_in = activate(tenant, key).json()
    assert signed_in["accountStatus"] == "PENDING"
    assert (signed_in["userId"], signed_in["companyId"]) == (user_id, tenant.company_id)
    assert not {"permissions", "refreshToken"} & set(signed_in)
    token = signed_in["accessToken"]
    for path, fields in (("roomService/list", {}), ("roomService/permissions", {"roomId": room})):
        assert tenant.api.refused(path, token=token, **fields)["code"] == 7
    assert tenant.api.refused("userService/acceptInvitation")["code"] == 5

    tenant.api("userService/acceptInvitation", token=token)
    again = tenant.api.refused("userService/acceptInvitation", token=token)
    assert (again["code"], again["message"]) == (9, "the invitation has been accepted already")
    assert refusal(activate(tenant, key))["code"] == 9
    assert "user.invitation_accepted" in [kind for kind, _ in events_of(tenant, user_id)]


def test_by_the_api_a_person_of_another_company_shows_that_the_account_is_theirs(
    tenant: Tenant, running: RunningPlatform
) -> None:
    person, somebody_else = tenant.person(), tenant.person()
    other = running.organization("Other")
    invite(other, person.username)
    key = invitation_key(running, person.username)

    for own in ("", somebody_else.token):
        assert refusal(activate(other, key, own))["code"] == 7
    token = activate(other, key, person.token).json()["accessToken"]
    other.api("userService/acceptInvitation", token=token)

    assert sign_in(other, person.username).status_code == 200


def test_a_token_is_void_when_the_invitation_is_sent_again_or_the_account_becomes_anothers(
    tenant: Tenant, running: RunningPlatform
) -> None:
    emails = [address(), address()]
    tokens: list[str] = []
    for email in emails:
        invite(tenant, email)
        tokens.append(activate(tenant, invitation_key(running, email)).json()["accessToken"])
    invite(tenant, emails[0])
    running.organization("Other").api(
        "userService/create",
        user={"email": emails[1]},
        authenticationRequest={"usernamePasswordCredentials": {"password": PASSWORD}},
    )

    for token in tokens:
        assert tenant.api.refused("userService/acceptInvitation", token=token)["code"] in (5, 16)
    for email in emails:
        assert sign_in(tenant, email).status_code == 401


def test_who_is_taken_out_or_disabled_meanwhile_cannot_accept(tenant: Tenant) -> None:
    emails = [address(), address()]
    out, disabled = [invite(tenant, email) for email in emails]
    keys = [invitation_key(tenant.running, email) for email in emails]

    pending = tenant.api.refused(
        "userService/update", userId=out, authenticationRequest={"accountStatus": "ACTIVATED"}
    )
    assert (pending["code"], pending["message"]) == (9, "the person has not accepted the invitation yet")
    change(tenant, "userService/destroy", userId=out)
    request = {"accountStatus": "DEACTIVATED"}
    change(tenant, "userService/update", userId=disabled, authenticationRequest=request)

    for key in keys:
        assert look_up(tenant, key) == {"state": "unknown"}
        assert accept(tenant, key).json() == {"state": "unknown"}
    assert invite(tenant, emails[0]) != out
    assert invite(tenant, emails[1]) == disabled
    (again,) = invitation_keys(tenant.running, emails[1], count=2) - {keys[1]}
    assert accept(tenant, again).json()["state"] == "joined"


def test_who_is_disabled_and_enabled_meanwhile_is_no_member_and_stays_unknown(
    tenant: Tenant, running: RunningPlatform
) -> None:
    person = tenant.person(first_name="Emil", last_name="Berliner")
    other = running.organization("Other")
    invite(other, person.username, userProfile={"firstname": "Somebody"})

    request = {"accountStatus": "DEACTIVATED"}
    change(other, "userService/update", userId=person.id, authenticationRequest=request)
    refused = other.api.refused(
        "userService/update", userId=person.id, authenticationRequest={"accountStatus": "ACTIVATED"}
    )

    assert refused["code"] == 9
    assert sign_in(other, person.username).status_code == 401
    assert user_of(other, person.id)["userProfile"] == {"firstname": "Somebody"}


def test_what_others_call_somebody_who_has_not_accepted_is_not_told(
    tenant: Tenant, running: RunningPlatform
) -> None:
    email, username = address(), f"emil-{secrets.token_hex(4)}"
    credentials = {"username": username, "password": PASSWORD}
    person_id = tenant.api(
        "userService/create",
        user={"email": email, "locale": {"UILanguage": "de", "spokenLanguages": ["de_DE"]}},
        authenticationRequest={"usernamePasswordCredentials": credentials},
    )["userId"]
    other = running.organization("Other")
    assert invite(other, email) == person_id

    for request in (
        {"permissions": {"16": True}},
        {"permissions": {"16": False}},
        {"accountStatus": "DEACTIVATED"},
    ):
        change(other, "userService/update", userId=person_id, authenticationRequest=request)

    assert other.api("userService/getLocale", userId=person_id)["locale"] == {"UILanguage": "en"}
    told = events_of(other, person_id)
    kinds = {"user.role_changed", "user.permissions_changed", "user.disabled"}
    assert kinds <= {kind for kind, _ in told}
    assert {data["username"] for _, data in told if "username" in data} == {email}


def test_who_has_not_accepted_is_changed_in_the_invitation_but_for_where_it_went(tenant: Tenant) -> None:
    email = address()
    user_id = invite(tenant, email, userProfile={"firstname": "Grase"})
    key = invitation_key(tenant.running, email)

    user = {"email": email, "userProfile": {"firstname": "Grace", "lastname": "Hopper"}}
    change(tenant, "userService/update", userId=user_id, user={**user, "locale": {"UILanguage": "de"}})
    refusals: list[dict[str, Any]] = [
        {"user": {"email": address()}},
        {"authenticationRequest": {"usernamePasswordCredentials": {"username": "grace"}}},
        {"authenticationRequest": {"usernamePasswordCredentials": {"password": OTHER_PASSWORD}}},
    ]
    for fields in refusals:
        refused = tenant.api.refused("userService/update", userId=user_id, **fields)
        assert (refused["code"], refused["message"]) == (9, "the person has not accepted the invitation yet")

    expected = {**user, "locale": {"UILanguage": "de"}}
    assert user_of(tenant, user_id) == expected
    assert look_up(tenant, key)["displayName"] == "Grace Hopper"
    assert accept(tenant, key).json() == {"state": "joined", "username": email}
    assert user_of(tenant, user_id) == expected


def test_mail_goes_where_the_link_was_read_and_nowhere_that_another_company_has_named(
    tenant: Tenant, running: RunningPlatform
) -> None:
    """With the password that they have, with one that they set, and with none."""
    for ways_in in ("old", "new", "none"):
        victim, trap = address(), address()
        person_id = person_with_trap(tenant, victim, trap, has_password=ways_in == "old")
        forget_password(running, victim)
        caught = password_key(running, trap)
        other = running.organization("Other")

        assert invite(other, victim, userProfile={"firstname": "Somebody"}) == person_id
        key = invitation_key(running, victim)
        if ways_in == "none":
            token = activate(other, key).json()["accessToken"]
            other.api("userService/acceptInvitation", token=token)
        else:
            assert accept(other, key).json() == {"state": "joined", "username": victim}

        seen = running.http.post("/client/password/look-up", json={"key": caught}).json()
        assert seen == {"state": "unknown"}
        person = read_person(running, person_id)
        assert (person.username, person.email) == (victim, victim)
        assert person.first_name == "Grace"  # they belong to another company, which has said so


def test_an_invitation_is_sent_again_by_an_update(tenant: Tenant) -> None:
    email = address()
    person_id = invite(tenant, email, userProfile={"firstname": "Grace"}, locale={"UILanguage": "de"})
    key = invitation_key(tenant.running, email)
    again = {"activationTokenCredentials": {"resendInvitation": True}}

    change(
        tenant,
        "userService/update",
        userId=person_id,
        user={"userProfile": {"firstname": "Emil"}},
        authenticationRequest=again,
    )

    (other,) = invitation_keys(tenant.running, email, count=2) - {key}
    assert look_up(tenant, key) == {"state": "unknown"}
    assert look_up(tenant, other)["displayName"] == "Emil"
    assert accept(tenant, other).json()["state"] == "joined"
    assert user_of(tenant, person_id)["locale"] == {"UILanguage": "de"}
    accepted = tenant.api.refused("userService/update", userId=person_id, authenticationRequest=again)
    assert accepted["code"] == 9


def test_whoever_has_a_link_that_has_expired_is_sent_another_once(tenant: Tenant) -> None:
    email = address()
    person_id = invite(tenant, email, locale={"UILanguage": "de", "spokenLanguages": ["de_DE"]})
    key = invitation_key(tenant.running, email)
    expire(tenant, person_id)
    assert look_up(tenant, key)["state"] == "expired"

    def again(**more: Any) -> httpx.Response:
        credentials = {"activationToken": key, "resendInvitation": True, **more}
        body = {"requestId": "test", "activationTokenCredentials": credentials}
        return tenant.api.post("authenticationService/authenticate", body)

    assert refusal(again(companyId="01FHHEX2VQQ378MV7Z5NAGHESK"))["code"] == 5
    answer = again(companyId=tenant.company_id)

    assert answer.json() == {
        "replyInfo": {"requestId": "test", "statusMessage": "OK"},
        "userId": person_id,
        "companyId": tenant.company_id,
        "accountStatus": "PENDING",
    }
    assert "set-cookie" not in answer.headers
    (other,) = invitation_keys(tenant.running, email, count=2) - {key}
    assert refusal(again())["code"] == 5
    assert accept(tenant, other).json()["state"] == "joined"
    assert user_of(tenant, person_id)["locale"]["spokenLanguages"] == ["de_DE"]
    key = other
    assert refusal(again())["code"] == 9


def test_who_may_send_an_invitation_again(tenant: Tenant, running: RunningPlatform) -> None:
    person_id = invite(tenant, address())
    again = {"activationTokenCredentials": {"resendInvitation": True}}
    wish: dict[str, Any] = {"userId": person_id, "authenticationRequest": again}

    assert tenant.api.refused("userService/update", token=tenant.person().token, **wish)["code"] == 7
    assert running.organization().api.refused("userService/update", **wish)["code"] == 5
    other = {"activationTokenCredentials": {"resendInvitation": True, "activationToken": "x"}}
    for request in (other, {"activationTokenCredentials": {"activationToken": "x"}}):
        wish["authenticationRequest"] = request
        assert tenant.api.refused("userService/update", **wish)["code"] == 12


def test_spoken_languages_of_an_invitation_become_the_persons(tenant: Tenant) -> None:
    email = address()
    person_id = invite(tenant, email, locale={"UILanguage": "de", "spokenLanguages": ["de_DE", "tr_TR"]})
    assert user_of(tenant, person_id)["locale"]["spokenLanguages"] == ["de_DE", "tr_TR"]

    locale = {"UILanguage": "en", "spokenLanguages": ["en_US"]}
    change(tenant, "userService/update", userId=person_id, user={"locale": locale})
    assert tenant.api("userService/getLocale", userId=person_id)["locale"] == locale
    accept(tenant, invitation_key(tenant.running, email))

    assert user_of(tenant, person_id)["locale"] == locale


def test_a_strangers_invitation_keeps_nobody_from_changing_their_people_and_is_void_then(
    tenant: Tenant, running: RunningPlatform
) -> None:
    other = running.organization("Other")
    ways_in: list[dict[str, Any]] = [
        {"user": {"email": address()}},
        {"authenticationRequest": {"usernamePasswordCredentials": {"username": address()}}},
        {"authenticationRequest": {"usernamePasswordCredentials": {"password": OTHER_PASSWORD}}},
    ]
    for fields in ways_in:
        person = tenant.person()
        invite(other, person.username)
        key = invitation_key(running, person.username)
        change(tenant, "userService/update", userId=person.id, user={"userProfile": {"firstname": "Emil"}})
        assert look_up(other, key)["state"] == "open"

        change(tenant, "userService/update", userId=person.id, **fields)

        assert look_up(other, key) == {"state": "unknown"}
        assert accept(other, key, PASSWORD).json() == {"state": "unknown"}


def test_an_accepted_invitation_makes_where_somebody_signs_in_theirs_to_change(
    tenant: Tenant, running: RunningPlatform
) -> None:
    person, other = tenant.person(), running.organization("Other")
    invite(other, person.username)
    assert accept(other, invitation_key(running, person.username)).json()["state"] == "joined"

    for user in ({"email": address()}, {"userProfile": {"firstname": "Emil"}}):
        assert tenant.api.refused("userService/update", userId=person.id, user=user)["code"] == 7


def test_inviting_who_belongs_nowhere_forgets_what_others_who_invited_them_said(
    tenant: Tenant, running: RunningPlatform
) -> None:
    victim, trap = address(), address()
    person_id = invite(tenant, victim)
    write_person(running, person_id, email=trap)

    assert invite(running.organization("Other"), victim) == person_id

    assert read_person(running, person_id).email == victim


def test_who_was_only_invited_is_no_administrator_to_leave_the_company_to(tenant: Tenant) -> None:
    chief, email = tenant.administrator, address()
    task = tenant.api(
        "businessLogicService/inviteUsers",
        userInvitations=[{"user": {"email": email}}],
        userPermissions={"16": True},
    )
    assert task["trackingInfo"]["taskId"]
    key = invitation_key(tenant.running, email)

    assert tenant.api.refused("userService/destroy", userId=chief.id)["code"] == 9
    accept(tenant, key)
    change(tenant, "userService/destroy", userId=chief.id)
    assert sign_in(tenant, email).json()["permissions"]["16"] is True


def test_guesses_and_bad_passwords(tenant: Tenant) -> None:
    email = address()
    invite(tenant, email)
    key = invitation_key(tenant.running, email)

    assert look_up(tenant, "nothing") == {"state": "unknown"}
    assert tenant.running.http.post("/client/invitation/look-up", json={"key": "x" * 129}).status_code == 400
    for password in ("short", "password1", ""):
        refused = accept(tenant, key, password)
        assert (refused.status_code, refused.json()["details"]["field"]) == (400, "password")
    assert look_up(tenant, key)["state"] == "open"


def test_an_address_that_cannot_be_mailed_to_is_not_invited(tenant: Tenant) -> None:
    for email in ("", "nobody", "jürgen@example.org", "a@b@c", "x" * 250 + "@example.org"):
        refused = tenant.api.refused("userService/invite", email=email)
        assert refused["code"] == 3, email
        assert "email" in refused["message"]
    standing = tenant.person(Standing.MODERATOR)
    assert tenant.api.refused("userService/invite", token=standing.token, email=address())["code"] == 7


def test_names_of_invitees_have_nothing_that_is_not_seen(tenant: Tenant) -> None:
    email = address()
    profile = {"firstname": "A" + "\u200b" * 300, "lastname": "Love\u202elace", "title": "\u2067Dr."}
    user_id = invite(tenant, email, userProfile=profile)

    key = invitation_key(tenant.running, email)
    assert look_up(tenant, key)["displayName"] == "Dr. A Lovelace"
    assert accept(tenant, key).status_code == 200
    seen = user_of(tenant, user_id)["userProfile"]
    assert seen == {"firstname": "A", "lastname": "Lovelace", "title": "Dr."}
    (mail,) = mails_to(tenant.running, email)
    assert "Dr. A Lovelace" in str(mail["To"])


def test_two_companies_invite_the_same_person_at_once(tenant: Tenant, running: RunningPlatform) -> None:
    email, claims = address(), tenant.claims(tenant.administrator)

    async def meet() -> str:
        """Invite somebody whom another transaction is making."""
        async with running.platform.storage.database.write(None) as session:
            person = Person(username=email, email=email, password_hash="", locale="en")
            session.add(person)
            await session.flush()
            draft = InvitationDraft(email=email)
            inviting = asyncio.create_task(running.platform.meetings.member_invitations.invite(claims, draft))
            await asyncio.sleep(0.5)
        assert await inviting == person.id
        return person.id

    assert user_of(tenant, running.run(meet()))["email"] == email


def invite_as(tenant: Tenant, email: str, permissions: dict[str, bool]) -> None:
    tenant.api(
        "businessLogicService/inviteUsers",
        userInvitations=[{"user": {"email": email}}],
        userPermissions=permissions,
    )


def clerk_who_invites(tenant: Tenant) -> str:
    """The token of somebody who may invite people and nothing else."""
    clerk = tenant.person()
    request = {"permissions": {USER_INVITE: True}}
    change(tenant, "userService/update", userId=clerk.id, authenticationRequest=request)
    return token_of(tenant, clerk.username)


def test_what_somebody_is_invited_to_is_nobodys_whom_another_company_calls_by_their_name(
    tenant: Tenant, running: RunningPlatform
) -> None:
    chief, trap = address(), address()
    invite_as(tenant, chief, {MANAGE_COMPANY: True})
    key = invitation_key(running, chief)
    running.organization("Other").api(
        "userService/create",
        user={"email": trap},
        authenticationRequest={"usernamePasswordCredentials": {"username": chief, "password": PASSWORD}},
    )

    # The link went to somebody else than whom the name signs in now.
    assert look_up(tenant, key) == {"state": "unknown"}
    for token in (clerk_who_invites(tenant), tenant.token):
        refused = tenant.api.refused("userService/invite", token=token, email=trap)
        assert (refused["code"], refused["message"]) == (9, "the person has not accepted the invitation yet")
    directory = running.platform.settings.data_directory / "outbox"
    assert not any(trap.encode() in mail.read_bytes() for mail in directory.glob("*.eml"))
    # The invited get another link where they read their mail.
    assert invite(tenant, chief)
    assert len(invitation_keys(running, chief, count=2)) == 2


def test_who_was_invited_to_more_than_one_may_do_is_not_invited_again(tenant: Tenant) -> None:
    chief, other = address(), address()
    invite_as(tenant, chief, {MANAGE_COMPANY: True})
    key = invitation_key(tenant.running, chief)
    token = clerk_who_invites(tenant)
    tenant.api("userService/invite", token=token, email=other)

    refused = tenant.api.refused("userService/invite", token=token, email=chief)
    assert refused["code"] == 7
    assert look_up(tenant, key)["state"] == "open"
    tenant.api("userService/invite", token=token, email=other)


def belongs_to_both(tenant: Tenant, other: Tenant) -> tuple[Account, str]:
    """Somebody of two companies, and the refresh token of a sign-in to the first."""
    person = tenant.person(Standing.MODERATOR)
    invite(other, person.username)
    key = invitation_key(tenant.running, person.username)
    assert accept(other, key).json()["state"] == "joined"
    return person, refresh_token(sign_in(tenant, person.username))


def renewed(tenant: Tenant, refresh: str) -> int:
    credentials = {"refreshToken": refresh, "companyId": tenant.company_id}
    body = {"refreshTokenCredentials": credentials}
    return tenant.api.post("authenticationService/authenticate", body).status_code


def test_who_is_taken_out_of_an_account_is_signed_out_there(tenant: Tenant, running: RunningPlatform) -> None:
    other = running.organization("Other")
    person, refresh = belongs_to_both(tenant, other)
    assert tenant.administrator
    assert renewed(other, refresh) == 200

    hex_id = read_person(running, person.id).hex_id
    by_key = Client(running, instance_key(running))
    by_key.delete(f"/account/{tenant.organization.hex_id}/organizer/{hex_id}")

    assert renewed(other, refresh) == 401
    assert sign_in(other, person.username).status_code == 200


def test_a_password_that_is_set_by_another_ends_sessions_of_all_companies(
    tenant: Tenant, running: RunningPlatform
) -> None:
    other = running.organization("Other")
    person, refresh = belongs_to_both(tenant, other)
    assert renewed(other, refresh) == 200

    async def write() -> None:
        """As administrators do, in a session that sees their own organization only."""
        async with running.platform.storage.database.write(other.organization.id) as session:
            await write_password(session, await session.get_one(Person, person.id), "")

    running.run(write())

    assert renewed(other, refresh) == 401
    assert renewed(tenant, refresh) == 401
