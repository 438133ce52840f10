"""What people sign in with, made, changed, listed, and reset by mail."""

from __future__ import annotations

import re
import secrets
from typing import Any

import pytest

from switchroom.identity.permissions import Standing
from tests.dialects.alfaview_v1.test_invitations import address
from tests.dialects.alfaview_v1.test_users import OTHER_PASSWORD, change, is_good, sign_in
from tests.mail.mail_program import part
from tests.mail.outbox import mails_to
from tests.platform import PASSWORD, Account, RunningPlatform, Tenant, refusal

CREATE = "authenticationService/authenticationCreate"
UPDATE = "authenticationService/authenticationUpdate"
INFORMATION = "authenticationService/authenticationInformation"
LIST = "authenticationService/listAuthentications"
RESET = "authenticationService/requestPasswordReset"
AUTHENTICATE = "authenticationService/authenticate"


def credentials_of(**fields: Any) -> dict[str, Any]:
    return {"usernamePasswordCredentials": fields}


def shared_person(tenant: Tenant, other: Tenant) -> Account:
    person = tenant.person()
    tenant.running.run(
        tenant.running.platform.identity.organizations.add_person(
            other.organization, username=person.username, password=None, standing=Standing.PARTICIPANT
        )
    )
    return person


def test_somebody_who_is_made_signs_in(tenant: Tenant) -> None:
    username = secrets.token_hex(6)
    wish = {**credentials_of(username=username, password=PASSWORD), "metadata": {"staff": "7"}}

    made = tenant.api(CREATE, authenticationRequest={**wish, "permissions": {"13": True}})

    assert set(made) == {"replyInfo", "userId"}
    signed_in = sign_in(tenant, username).json()
    assert (signed_in["userId"], signed_in["permissions"]) == (made["userId"], {"13": True})
    told = tenant.api(INFORMATION, userId=made["userId"])
    assert told["userId"] == made["userId"]
    assert told["permissions"] == {"13": True}
    assert told["authenticationMethodInformation"] == {
        "USERNAME_PASSWORD": {
            "type": "USERNAME_PASSWORD",
            "principal": username,
            "companyId": tenant.company_id,
            "userId": made["userId"],
            "permissions": {"13": True},
            "accountStatus": "ACTIVATED",
            "metadata": {"staff": "7"},
        }
    }
    again = tenant.api.refused(CREATE, authenticationRequest=wish)
    assert (again["code"], again["details"][0]["statusCode"]) == (6, "ALREADY_EXISTS")


def test_credentials_of_other_kinds_and_companies_are_refused(tenant: Tenant) -> None:
    assert tenant.api.refused(CREATE)["code"] == 3
    assert tenant.api.refused(CREATE, authenticationRequest={})["code"] == 3
    key = {"authorizationCodeCredentials": {"clientId": "x", "code": "y"}}
    assert tenant.api.refused(CREATE, authenticationRequest=key)["code"] == 12
    elsewhere = credentials_of(username=secrets.token_hex(6), password=PASSWORD, companyId="nope")
    for path, fields in ((CREATE, {}), (UPDATE, {"userId": tenant.person().id})):
        assert tenant.api.refused(path, authenticationRequest=elsewhere, **fields)["code"] == 5


def test_an_update_says_that_it_is_done_in_both_places(tenant: Tenant) -> None:
    person = tenant.person()

    reply = tenant.api(
        UPDATE,
        userId=person.id,
        authenticationRequest={**credentials_of(password=OTHER_PASSWORD), "metadata": {"staff": "8"}},
    )

    info = {"requestId": "test", "statusMessage": "OK"}
    assert reply == {**info, "replyInfo": info}
    assert not is_good(tenant, person.token)
    assert sign_in(tenant, person.username, OTHER_PASSWORD).status_code == 200
    assert tenant.api(INFORMATION, userId=person.id)["authenticationMethodInformation"]["USERNAME_PASSWORD"][
        "metadata"
    ] == {"staff": "8"}


def test_one_changes_ones_own_password_by_the_one_so_far(tenant: Tenant) -> None:
    person = tenant.person()
    for current in ("", "wrong"):
        wish = credentials_of(password=OTHER_PASSWORD, current=current)
        assert tenant.api.refused(UPDATE, token=person.token, authenticationRequest=wish)["code"] == 7

    wish = credentials_of(password=OTHER_PASSWORD, current=PASSWORD)
    tenant.api(UPDATE, token=person.token, authenticationRequest=wish)

    assert not is_good(tenant, person.token)
    assert sign_in(tenant, person.username, OTHER_PASSWORD).status_code == 200


def test_credentials_are_taken_away_and_set_again_by_mail(tenant: Tenant, running: RunningPlatform) -> None:
    person = tenant.person()
    renewed = sign_in(tenant, person.username)

    tenant.api(UPDATE, userId=person.id, removeAll=True)

    assert not is_good(tenant, person.token)
    cookie = re.match(r"auth=([0-9a-f-]{36});", renewed.headers["set-cookie"])
    assert cookie
    refresh = {"refreshTokenCredentials": {"refreshToken": cookie[1]}}
    assert tenant.api.post(AUTHENTICATE, refresh).status_code == 401
    for password in (PASSWORD, ""):
        assert sign_in(tenant, person.username, password).status_code == 401
    tenant.api.post(RESET, {"username": person.username})
    _set_by_mail(tenant, person.username)
    assert sign_in(tenant, person.username, OTHER_PASSWORD).status_code == 200


def test_credentials_are_replaced_as_a_whole(tenant: Tenant) -> None:
    person = tenant.person()
    wish = credentials_of(username=f"x{person.username}", password=OTHER_PASSWORD)

    tenant.api(UPDATE, userId=person.id, removeAll=True, authenticationRequest=wish)

    assert sign_in(tenant, f"x{person.username}", OTHER_PASSWORD).status_code == 200
    assert sign_in(tenant, person.username).status_code == 401


def test_nobody_takes_credentials_that_are_not_theirs_to_take(
    tenant: Tenant, running: RunningPlatform
) -> None:
    clerk, other = tenant.person(), running.organization("Other")
    rights = {"permissions": {"5": True}}
    change(tenant, "userService/update", userId=clerk.id, authenticationRequest=rights)
    token = sign_in(tenant, clerk.username).json()["accessToken"]
    shared = shared_person(tenant, other)
    tenant.api("userService/invite", email=(email := address()))
    users = tenant.api("userService/list")["users"]
    invited = next(user_id for user_id, user in users.items() if user["email"] == email)

    for caller, user_id, code in (
        (tenant.token, tenant.administrator.id, 7),
        (token, tenant.administrator.id, 7),
        (token, clerk.id, 7),
        (tenant.token, shared.id, 7),
        (tenant.token, invited, 9),
        (other.token, clerk.id, 5),
        (clerk.token, clerk.id, 7),
        (tenant.token, "nope", 5),
    ):
        assert tenant.api.refused(UPDATE, token=caller, userId=user_id, removeAll=True)["code"] == code
    assert sign_in(tenant, tenant.administrator.username).status_code == 200
    assert tenant.api.refused(UPDATE, userId=clerk.id)["code"] == 3


def test_one_sees_ones_own_credentials_and_others_with_permission(
    tenant: Tenant, running: RunningPlatform
) -> None:
    person, other = tenant.person(), running.organization("Other")

    own = tenant.api(INFORMATION, token=person.token)
    assert own["userId"] == person.id
    assert own["authenticationMethodInformation"]["USERNAME_PASSWORD"]["principal"] == person.username
    assert tenant.api.refused(INFORMATION, token=person.token, userId=tenant.administrator.id)["code"] == 7
    assert tenant.api.refused(INFORMATION, token=other.token, userId=person.id)["code"] == 5
    key = {
        "authorizationCodeCredentials": {
            "clientId": tenant.api_key.client_id,
            "code": tenant.api_key.code,
            "companyId": tenant.company_id,
        }
    }
    token = tenant.api.post(AUTHENTICATE, key).json()["accessToken"]
    of_key = tenant.api(INFORMATION, token=token)
    assert of_key["authenticationMethodInformation"]["AUTHORIZATION_CODE"]["principal"] == "integration"


def test_those_of_the_company_are_listed_by_page_and_filter(tenant: Tenant, running: RunningPlatform) -> None:
    stranger = running.organization("Other").administrator
    people = [tenant.administrator, *(tenant.person() for _ in range(3))]
    off = people[1]
    rights = {"accountStatus": "DEACTIVATED"}
    change(tenant, "userService/update", userId=off.id, authenticationRequest=rights)
    tenant.api("userService/invite", email=(email := address()))

    def listed(**asked: Any) -> list[str]:
        reply = tenant.api(LIST, **asked)
        methods = [one for found in reply.get("results", {}).values() for one in found["list"]]
        return sorted(one["principal"] for one in methods)

    everybody = sorted([*(one.username for one in people), email])
    assert listed() == everybody
    assert tenant.api(LIST, limit=1)["maxOffset"] == 5
    pages = [listed(limit=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert sorted(name for page in pages for name in page) == everybody
    assert listed(principal=[people[2].username.upper(), "nobody"]) == [people[2].username]
    assert listed(principal=[email]) == [email]
    assert listed(userIdList=[off.id, stranger.id, "nope"]) == [off.username]
    assert listed(accountStatus=["DEACTIVATED"]) == [off.username]
    assert listed(accountStatus=["PENDING"]) == [email]
    assert listed(accountStatus=["DELETED"]) == []
    assert len(listed(accountStatus=["ACTIVATED", 4])) == 4
    assert listed(keyType=["USERNAME_PASSWORD"]) == everybody
    assert listed(keyType=["LDAP"]) == []
    assert listed(companyId=[tenant.company_id]) == everybody
    assert listed(companyId=["nope"]) == []


def test_what_others_call_somebody_invited_is_not_found_out(tenant: Tenant, running: RunningPlatform) -> None:
    other = running.organization("Other")
    person = other.person()
    name = secrets.token_hex(6)
    change(
        other,
        "userService/update",
        userId=person.id,
        authenticationRequest=credentials_of(username=name),
    )
    tenant.api("userService/invite", email=person.username)

    assert "results" not in tenant.api(LIST, principal=[name])
    reply = tenant.api(LIST, principal=[person.username])
    assert [one["principal"] for one in reply["results"][person.id]["list"]] == [person.username]


def test_without_permission_one_lists_oneself(tenant: Tenant, running: RunningPlatform) -> None:
    other = running.organization("Other")
    person = shared_person(tenant, other)

    own = tenant.api(LIST, token=person.token, userIdList=[person.id])
    assert [one["companyId"] for one in own["results"][person.id]["list"]] == [tenant.company_id]
    for asked in ([], [tenant.administrator.id], [person.id, tenant.administrator.id]):
        assert tenant.api.refused(LIST, token=person.token, userIdList=asked)["code"] == 7
    all_own = tenant.api(LIST, token=person.token, onlyEligibleForCompanySwitch=True)
    companies = [one["companyId"] for one in all_own["results"][person.id]["list"]]
    assert companies == [tenant.company_id, other.company_id]
    one = tenant.api(LIST, token=person.token, onlyEligibleForCompanySwitch=True, companyId=companies[1:])
    assert [found["companyId"] for found in one["results"][person.id]["list"]] == companies[1:]


def test_there_are_no_identity_providers(tenant: Tenant) -> None:
    for domain in ("", "example.org", "x" * 1000):
        reply = tenant.api("authenticationService/listIdentityProviders", domain=domain)
        assert reply == {"replyInfo": {"requestId": "test", "statusMessage": "OK"}}


def test_a_reset_is_answered_alike_whoever_it_is_for(tenant: Tenant, running: RunningPlatform) -> None:
    person, other = tenant.person(), running.organization("Other")

    answers = [
        tenant.api.post(RESET, {"accessInfo": {"requestId": "r"}, "username": username, "companyId": company})
        for username, company in (
            ("nobody@example.org", ""),
            (person.username, other.company_id),
            (person.username, "nope"),
            (person.username, tenant.company_id),
        )
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.text for answer in answers} == {'{"replyInfo":{"requestId":"r","statusMessage":"OK"}}'}
    _set_by_mail(tenant, person.username)
    assert sign_in(tenant, person.username, OTHER_PASSWORD).status_code == 200
    for wrong in ({}, {"username": ""}, {"username": "x" * 255}, {"username": 7}):
        assert refusal(tenant.api.post(RESET, wrong))["code"] == 3


@pytest.mark.parametrize("username", ["", "other", "own"])
def test_a_reset_token_sets_a_password_once(tenant: Tenant, username: str) -> None:
    person = tenant.person()
    tenant.api.post(RESET, {"username": person.username})
    token = _reset_token(tenant, person.username)
    named = {"": "", "other": tenant.person().username, "own": person.username}[username]
    wish = credentials_of(username=named, password=OTHER_PASSWORD, passwordResetToken=token)

    answer = tenant.api.post(AUTHENTICATE, wish)

    if username == "other":
        assert refusal(answer)["code"] == 5
        assert sign_in(tenant, person.username).status_code == 200
        return
    assert answer.json()["userId"] == person.id
    assert refusal(tenant.api.post(AUTHENTICATE, wish))["code"] == 5
    assert not is_good(tenant, person.token)
    assert is_good(tenant, answer.json()["accessToken"])


def test_a_reset_token_that_is_none(tenant: Tenant) -> None:
    wish = credentials_of(password=OTHER_PASSWORD, passwordResetToken="nonsense")
    assert refusal(tenant.api.post(AUTHENTICATE, wish))["code"] == 5
    person = tenant.person()
    tenant.api.post(RESET, {"username": person.username})
    token = _reset_token(tenant, person.username)
    short = credentials_of(password="short", passwordResetToken=token)
    assert refusal(tenant.api.post(AUTHENTICATE, short))["code"] == 3
    assert sign_in(tenant, person.username).status_code == 200


def _reset_token(tenant: Tenant, email: str) -> str:
    (mail,) = mails_to(tenant.running, email)
    found = re.search(r"/#/password/(\w{32})\s", part(mail, "plain"))
    assert found
    return found[1]


def _set_by_mail(tenant: Tenant, email: str) -> None:
    new = {"key": _reset_token(tenant, email), "password": OTHER_PASSWORD}
    assert tenant.running.http.post("/client/password", json=new).json()["state"] == "set"
