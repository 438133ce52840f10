"""Access tokens that are signed for fewer permissions, which never bring more than their signer has."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from switchroom.identity.permissions import Standing
from tests.dialects.alfaview_v1.test_users import change, is_good, sign_in
from tests.platform import PASSWORD, RunningPlatform, Tenant, refusal

SIGN = "authenticationService/signAccessToken"
USER_LIST, USER_ADMIN, ROOM_LIST, ROOM_CREATE, ROOM_ADMIN = "4", "5", "13", "10", "15"


def sign(tenant: Tenant, *, token: str | None = None, **fields: Any) -> dict[str, Any]:
    return tenant.api(SIGN, token=token, accessToken=fields)


def key_token(tenant: Tenant) -> str:
    credentials = {
        "clientId": tenant.api_key.client_id,
        "code": tenant.api_key.code,
        "companyId": tenant.company_id,
    }
    body = {"authorizationCodeCredentials": credentials}
    return tenant.api.post("authenticationService/authenticate", body).json()["accessToken"]


def test_a_signed_token_may_do_what_it_says_and_nothing_else(tenant: Tenant) -> None:
    for token in (tenant.token, key_token(tenant)):
        signed = sign(tenant, token=token, permissions={USER_LIST: True})

        assert signed["permissions"] == {USER_LIST: True}
        assert signed["companyId"] == tenant.company_id
        told = tenant.api("authenticationService/accessTokenInformation", token=signed["accessToken"])
        whole = tenant.api("authenticationService/accessTokenInformation", token=token)
        assert told["permissions"] == {USER_LIST: True}
        assert (told["userId"], told["expiresAt"]) == (whole["userId"], whole["expiresAt"])
        assert tenant.api("userService/list", token=signed["accessToken"])["users"]
        room = {"displayName": "x"}
        assert tenant.api.refused("roomService/create", token=signed["accessToken"], room=room)["code"] == 7


def test_a_permission_brings_its_children_and_false_takes_one(tenant: Tenant) -> None:
    signed = sign(tenant, permissions={ROOM_ADMIN: True, ROOM_CREATE: False})

    assert set(signed["permissions"]) == {ROOM_ADMIN, ROOM_LIST}
    assert "permissions" not in sign(tenant)


def test_nobody_signs_what_they_do_not_have(tenant: Tenant) -> None:
    clerk = tenant.person()
    rights = {"permissions": {USER_ADMIN: True, "6": False}}
    change(tenant, "userService/update", userId=clerk.id, authenticationRequest=rights)
    rights = {"permissions": {"6": False}}
    change(tenant, "userService/update", userId=clerk.id, authenticationRequest=rights)
    token = sign_in(tenant, clerk.username).json()["accessToken"]

    signed = sign(tenant, token=token, permissions={USER_ADMIN: True})
    assert "6" not in signed["permissions"]  # a child that its parent's holder does not have
    again = tenant.api.refused(
        SIGN, token=sign(tenant, token=token)["accessToken"], accessToken={"permissions": {USER_LIST: True}}
    )
    assert again["code"] == 7
    for wanted in ({ROOM_CREATE: True}, {"16": True}, {"GRANT_PERMISSIONS": True}):
        refused = tenant.api.refused(SIGN, token=token, accessToken={"permissions": wanted})
        assert (refused["code"], refused["details"][0]["statusCode"]) == (7, "INSUFFICIENT_PERMISSIONS")
    for wanted in ({"7": True}, {"999": True}, {"nonsense": True}, {"": True}):
        assert tenant.api.refused(SIGN, token=token, accessToken={"permissions": wanted})["code"] == 3


def test_a_signed_token_is_of_oneself_and_ones_company(tenant: Tenant, running: RunningPlatform) -> None:
    other = running.organization("Other")
    person = tenant.person()

    assert tenant.api.refused(SIGN, accessToken={"userId": person.id})["code"] == 7
    assert tenant.api.refused(SIGN, accessToken={"companyId": other.company_id})["code"] == 5
    for field, value in (("isGuest", True), ("basePermissionsId", tenant.permission_group())):
        refused = tenant.api.refused(SIGN, accessToken={field: value})
        assert refused["code"] == 3
        assert field in refused["message"]
    assert tenant.api.refused(SIGN)["code"] == 3


def test_a_signed_token_lives_no_longer_than_its_signer(tenant: Tenant) -> None:
    whole = tenant.api("authenticationService/accessTokenInformation")["expiresAt"]
    soon = int(time.time()) + 60

    assert sign(tenant, expiresAt=str(soon))["expiresAt"] == str(soon)
    assert sign(tenant, expiresAt=4102444800)["expiresAt"] == whole
    for past in (1, int(time.time()) - 1, -5):
        refused = tenant.api.refused(SIGN, accessToken={"expiresAt": past})
        assert refused["code"] == 3
        assert "expiresAt" in refused["message"]


def test_a_signed_token_is_void_when_its_signer_is(tenant: Tenant) -> None:
    person = tenant.person(Standing.ADMINISTRATOR)
    signed = sign(tenant, token=person.token, permissions={USER_LIST: True})["accessToken"]
    twice = sign(tenant, token=signed)["accessToken"]
    assert is_good(tenant, signed)
    assert is_good(tenant, twice)

    rights = {"accountStatus": "DEACTIVATED"}
    change(tenant, "userService/update", userId=person.id, authenticationRequest=rights)

    for token in (person.token, signed, twice):
        assert not is_good(tenant, token)


def test_a_signed_token_leads_to_no_other(tenant: Tenant, running: RunningPlatform) -> None:
    """Neither to one of the whole permissions, nor to another company."""
    person, other = tenant.person(Standing.ADMINISTRATOR), running.organization("Other")
    running.run(
        running.platform.identity.organizations.add_person(
            other.organization, username=person.username, password=None, standing=Standing.PARTICIPANT
        )
    )
    signed = sign(tenant, token=person.token)["accessToken"]

    for company_id in (tenant.company_id, other.company_id):
        for credentials, info in (
            ({"accessToken": signed, "companyId": company_id}, {}),
            ({"companyId": company_id}, {"accessInfo": {"accessToken": signed}}),
        ):
            answer = _authenticate(tenant, {"companySwitchCredentials": credentials, **info})
            assert refusal(answer)["code"] == 7
    told = tenant.api("authenticationService/accessTokenInformation", token=signed)
    assert told["accessibleAccounts"] == [{"companyId": tenant.company_id}]
    own = tenant.api(
        "authenticationService/listAuthentications", token=signed, onlyEligibleForCompanySwitch=True
    )
    assert [one["companyId"] for one in own["results"][person.id]["list"]] == [tenant.company_id]


def _authenticate(tenant: Tenant, body: dict[str, Any]) -> httpx.Response:
    return tenant.api.post("authenticationService/authenticate", body)


@pytest.mark.parametrize("wrong", [{"permissions": {"4": "yes"}}, {"expiresAt": "soon"}, []])
def test_a_wish_of_the_wrong_type_is_refused(tenant: Tenant, wrong: object) -> None:
    assert tenant.api.refused(SIGN, accessToken=wrong)["code"] == 3


def test_ones_password_is_needed_for_another(tenant: Tenant) -> None:
    """A signed token is not enough for what takes the password; with it, it is as good as any."""
    person = tenant.person()
    signed = sign(tenant, token=person.token)["accessToken"]
    credentials = {"usernamePasswordCredentials": {"password": PASSWORD + "!", "current": "wrong"}}
    body = {"userId": person.id, "authenticationRequest": credentials}

    assert tenant.api.refused("userService/update", token=signed, **body)["code"] == 7
