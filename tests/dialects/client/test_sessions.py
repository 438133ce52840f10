"""Sessions of somebody: seen, and ended elsewhere."""

from __future__ import annotations

import httpx

from tests.dialects.alfaview_v1.test_users import change
from tests.platform import PASSWORD, Account, Tenant


def browser(tenant: Tenant, account: Account) -> tuple[str, dict[str, str]]:
    """The access token and the cookie of a browser that somebody signs in with."""
    credentials = {"username": account.username, "password": PASSWORD}
    reply = tenant.api.post(
        "authenticationService/authenticate", {"usernamePasswordCredentials": credentials}
    )
    return reply.json()["accessToken"], {"cookie": f"auth={reply.cookies['auth']}"}


def send(tenant: Tenant, path: str, token: str, cookie: dict[str, str]) -> httpx.Response:
    return tenant.running.http.post(f"/client/{path}", json={"accessToken": token}, headers=cookie)


def renewed(tenant: Tenant, cookie: dict[str, str]) -> httpx.Response:
    renewal = {"refreshTokenCredentials": {"companyId": tenant.company_id}}
    return tenant.api.post("authenticationService/authenticate", renewal, headers=cookie)


def test_sessions_elsewhere_end_and_this_one_goes_on(tenant: Tenant) -> None:
    pat, other = tenant.person(), tenant.person()
    there_token, there = browser(tenant, pat)
    here_token, here = browser(tenant, pat)
    _, others = browser(tenant, other)
    shown = send(tenant, "sessions", here_token, here).json()["sessions"]
    assert [one["isThis"] for one in shown].count(True) == 1
    assert len(shown) == 3  # the builder's as well

    assert send(tenant, "sessions/end-others", here_token, here).status_code == 204
    assert renewed(tenant, there).status_code == 401
    assert renewed(tenant, others).status_code == 200
    for token in (there_token, here_token):
        assert send(tenant, "sessions", token, here).status_code == 401
    token = renewed(tenant, here).json()["accessToken"]
    (only,) = send(tenant, "sessions", token, here).json()["sessions"]
    assert only["isThis"]
    assert send(tenant, "sessions/end-others", token, here).status_code == 204


def test_a_magic_token_that_waits_ends_too(tenant: Tenant) -> None:
    pat, disabled = tenant.person(), tenant.person()
    token, cookie = browser(tenant, pat)
    waiting = [
        tenant.api("authenticationService/createMagicToken", token=one)["magicToken"]
        for one in (token, disabled.token)
    ]

    assert send(tenant, "sessions/end-others", token, cookie).status_code == 204
    for status in ("DEACTIVATED", "ACTIVATED"):
        request = {"accountStatus": status}
        change(tenant, "userService/update", userId=disabled.id, authenticationRequest=request)

    for one in waiting:
        credentials = {"magicTokenCredentials": {"magicToken": one}}
        assert tenant.api.post("authenticationService/authenticate", credentials).status_code == 401


def test_only_people_have_sessions(tenant: Tenant) -> None:
    reply = tenant.api.post(
        "authenticationService/authenticate",
        {
            "authorizationCodeCredentials": {
                "clientId": tenant.api_key.client_id,
                "code": tenant.api_key.code,
                "companyId": tenant.company_id,
            }
        },
    )
    assert reply.status_code == 200, reply.text
    for path in ("sessions", "sessions/end-others"):
        assert send(tenant, path, reply.json()["accessToken"], {}).status_code == 403
        assert send(tenant, path, "", {}).status_code == 401
