"""From credentials to access tokens."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from switchroom.identity.permissions import Standing
from tests.platform import PASSWORD, Account, RunningPlatform, Tenant, refusal

AUTHENTICATE = "authenticationService/authenticate"
ALL_PERMISSIONS = {str(number): True for number in (1, 2, 3, 4, 5, 6, 8, 9, 10, 13, 15, 16, 17)}


def sign_in(tenant: Tenant, account: Account, company_id: str | None = None) -> httpx.Response:
    credentials = {"username": account.username, "password": account.password}
    if company_id is not None:
        credentials["companyId"] = company_id
    return tenant.api.post(AUTHENTICATE, {"requestId": "r1", "usernamePasswordCredentials": credentials})


def refresh_token(response: httpx.Response) -> str:
    match = re.match(r"auth=([0-9a-f-]{36});", response.headers["set-cookie"])
    assert match
    return match[1]


def test_an_api_key_brings_an_access_token(tenant: Tenant):
    response = tenant.api.post(
        AUTHENTICATE,
        {
            "requestId": "r1",
            "authorizationCodeCredentials": {
                "clientId": tenant.api_key.client_id,
                "code": tenant.api_key.code,
                "companyId": tenant.company_id,
            },
        },
    )

    reply = response.json()
    assert response.status_code == 200
    assert set(reply) == {
        "replyInfo",
        "accessToken",
        "expiresAt",
        "userId",
        "permissions",
        "accountStatus",
        "companyId",
        "accessibleAccounts",
    }
    assert reply["replyInfo"] == {"requestId": "r1", "statusMessage": "OK"}
    assert abs(int(reply["expiresAt"]) - time.time() - 3600) < 60
    assert isinstance(reply["expiresAt"], str)
    assert reply["permissions"] == ALL_PERMISSIONS
    assert reply["accountStatus"] == "ACTIVATED"
    assert reply["companyId"] == tenant.company_id
    assert reply["accessibleAccounts"] == [{"companyId": tenant.company_id}]
    assert tenant.api("roomService/list", token=reply["accessToken"])


def test_a_password_brings_an_access_token_and_a_cookie(tenant: Tenant):
    person = tenant.person(Standing.PARTICIPANT)

    response = sign_in(tenant, person, tenant.company_id)

    reply = response.json()
    assert reply["userId"] == person.id
    assert "permissions" not in reply
    cookie = response.headers["set-cookie"]
    assert re.fullmatch(
        r"auth=[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}; Path=/; Expires=[^;]+ GMT; HttpOnly; Secure; "
        r"SameSite=Lax",
        cookie,
    )
    expires = re.search(r"Expires=([^;]+)", cookie)
    assert expires
    assert parsedate_to_datetime(expires[1]).timestamp() > time.time() + 86_400


def test_the_user_name_is_the_same_in_capitals(tenant: Tenant):
    person = tenant.person()
    shouting = Account(person.id, person.username.upper(), person.password, "")

    assert sign_in(tenant, shouting).json()["userId"] == person.id


def test_without_a_company_the_first_is_entered_and_all_are_named(running: RunningPlatform, tenant: Tenant):
    person, second = tenant.person(), running.organization("Zweite")
    running.run(
        running.platform.identity.organizations.add_person(
            second.organization, username=person.username, password=None, standing=Standing.ADMINISTRATOR
        )
    )

    reply = sign_in(tenant, person).json()

    assert reply["companyId"] == tenant.company_id
    accounts = [tenant.company_id, second.company_id]
    assert [account["companyId"] for account in reply["accessibleAccounts"]] == accounts
    companies = tenant.api("companyService/list", token=reply["accessToken"], companyIdList=accounts)
    assert companies["orderedCompanyIDs"] == accounts
    assert companies["companies"][second.company_id]["displayName"] == "Zweite"


def test_signing_in_again_with_a_company_switches_to_it(running: RunningPlatform, tenant: Tenant):
    person, second = tenant.person(), running.organization("Second")
    running.run(
        running.platform.identity.organizations.add_person(
            second.organization, username=person.username, password=None, standing=Standing.ADMINISTRATOR
        )
    )
    first = sign_in(tenant, person)

    by_password = sign_in(tenant, person, second.company_id).json()
    by_cookie = tenant.api.post(
        AUTHENTICATE,
        {"refreshTokenCredentials": {"companyId": second.company_id}},
        headers={"cookie": f"auth={refresh_token(first)}"},
    )
    by_switch = tenant.api.post(
        AUTHENTICATE,
        {
            "companySwitchCredentials": {
                "accessToken": first.json()["accessToken"],
                "companyId": second.company_id,
            }
        },
    ).json()

    for reply in (by_password, by_cookie.json(), by_switch):
        assert reply["companyId"] == second.company_id
        assert reply["permissions"] == ALL_PERMISSIONS
    assert refresh_token(by_cookie) != refresh_token(first)


def test_an_access_token_that_somebody_found_leads_to_no_longer_access(
    running: RunningPlatform, tenant: Tenant
):
    person, stranger = tenant.person(), tenant.person()
    first, others = sign_in(tenant, person), sign_in(tenant, stranger)
    token = first.json()["accessToken"]
    switch = {"companySwitchCredentials": {"accessToken": token, "companyId": tenant.company_id}}

    for headers in ({}, {"cookie": f"auth={refresh_token(others)}"}, {"cookie": "auth=unknown"}):
        found = tenant.api.post(AUTHENTICATE, switch, headers=headers)
        assert found.json()["userId"] == person.id
        assert int(found.json()["expiresAt"]) <= int(first.json()["expiresAt"])
        assert "set-cookie" not in found.headers

    own = tenant.api.post(AUTHENTICATE, switch, headers={"cookie": f"auth={refresh_token(first)}"})
    assert refresh_token(own) == refresh_token(first)


def test_a_refresh_token_brings_access_again_and_again(tenant: Tenant):
    first = sign_in(tenant, tenant.person())
    token = refresh_token(first)
    credentials = {"refreshTokenCredentials": {"companyId": tenant.company_id}}

    for _ in range(2):
        response = tenant.api.post(AUTHENTICATE, credentials, headers={"cookie": f"x=1; auth={token}; y=2"})
        assert response.status_code == 200
        assert refresh_token(response) == token
    in_body = {"refreshTokenCredentials": {"companyId": tenant.company_id, "refreshToken": token}}

    assert tenant.api.post(AUTHENTICATE, in_body).json()["userId"] == first.json()["userId"]


def test_a_refresh_token_serves_only_its_person(tenant: Tenant, running: RunningPlatform):
    token = refresh_token(sign_in(tenant, tenant.person()))
    stranger = running.organization()

    for company_id, value in ((stranger.company_id, token), (tenant.company_id, "1" * 36)):
        response = tenant.api.post(
            AUTHENTICATE,
            {"refreshTokenCredentials": {"companyId": company_id}},
            headers={"cookie": f"auth={value}"},
        )
        assert refusal(response)["code"] == 16
    no_cookie = tenant.api.post(AUTHENTICATE, {"refreshTokenCredentials": {"companyId": tenant.company_id}})
    assert refusal(no_cookie)["code"] == 16


def test_wrong_credentials_are_all_answered_alike(tenant: Tenant, running: RunningPlatform):
    person, stranger = tenant.person(), running.organization()
    key, other = tenant.api_key, stranger.company_id
    attempts: list[dict[str, Any]] = [
        {"usernamePasswordCredentials": {"username": person.username, "password": "wrong"}},
        {"usernamePasswordCredentials": {"username": "nobody@example.org", "password": PASSWORD}},
        {"usernamePasswordCredentials": {"username": person.username}},
        {"usernamePasswordCredentials": {}},
        {
            "usernamePasswordCredentials": {
                "username": person.username,
                "password": PASSWORD,
                "companyId": other,
            }
        },
        {
            "authorizationCodeCredentials": {
                "clientId": key.client_id,
                "code": "x",
                "companyId": tenant.company_id,
            }
        },
        {"authorizationCodeCredentials": {"clientId": "x", "code": key.code, "companyId": tenant.company_id}},
        {"authorizationCodeCredentials": {"clientId": key.client_id, "code": key.code, "companyId": other}},
        {"authorizationCodeCredentials": {"clientId": key.client_id, "companyId": tenant.company_id}},
    ]

    answers = [refusal(tenant.api.post(AUTHENTICATE, {"requestId": "r", **attempt})) for attempt in attempts]

    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["code"] == 16
    assert answers[0]["details"][0]["statusCode"] == "AUTHENTICATION_ERROR"
    assert answers[0]["details"][0]["requestId"] == "r"


def test_credentials_are_required_and_of_one_kind(tenant: Tenant):
    bodies: list[dict[str, Any]] = [
        {},
        {"usernamePasswordCredentials": {}, "refreshTokenCredentials": {}},
        {"authorizationCodeCredentials": {"clientId": "x", "code": "y"}},
        {"companySwitchCredentials": {}},
    ]
    for body in bodies:
        assert refusal(tenant.api.post(AUTHENTICATE, body))["code"] == 3


def test_other_kinds_of_credentials_are_not_implemented(tenant: Tenant):
    answer = refusal(tenant.api.post(AUTHENTICATE, {"ldapCredentials": {}}))
    assert answer["code"] == 12
    assert answer["details"][0]["statusCode"] == "NOT_IMPLEMENTED"


def test_is_authenticated_takes_the_access_info_itself(tenant: Tenant):
    path = "authenticationService/isAuthenticated"
    good = tenant.api.post(path, {"requestId": "r9", "accessToken": tenant.token})
    assert good.json() == {"requestId": "r9", "statusMessage": "You were authenticated successfully"}
    assert refusal(tenant.api.post(path, {"requestId": "r9", "accessToken": "abcd"}))["code"] == 16
    assert refusal(tenant.api.post(path, {}))["code"] == 16


def test_access_token_information_says_who_one_is(tenant: Tenant):
    reply = tenant.api("authenticationService/accessTokenInformation")

    assert reply["userId"] == tenant.administrator.id
    assert reply["companyId"] == tenant.company_id
    assert reply["permissions"] == ALL_PERMISSIONS
    assert reply["accessibleAccounts"] == [{"companyId": tenant.company_id}]
    assert int(reply["expiresAt"]) > time.time()
    assert "accessToken" not in reply
