"""Signing out of the browser side."""

from __future__ import annotations

import pytest

from tests.platform import PASSWORD, Tenant


def test_signing_out_ends_the_refresh_token(tenant: Tenant) -> None:
    account = tenant.person()
    reply = tenant.api.post(
        "authenticationService/authenticate",
        {"usernamePasswordCredentials": {"username": account.username, "password": PASSWORD}},
    )
    cookie = {"cookie": f"auth={reply.cookies['auth']}"}
    renewal = {"refreshTokenCredentials": {"companyId": tenant.company_id}}
    assert tenant.api.post("authenticationService/authenticate", renewal, headers=cookie).status_code == 200

    answer = tenant.running.http.post("/client/sign-out", headers=cookie)
    assert answer.status_code == 204
    assert 'auth=""; HttpOnly; Max-Age=0; Path=/' in answer.headers["set-cookie"]
    assert tenant.api.post("authenticationService/authenticate", renewal, headers=cookie).status_code == 401


def test_signing_out_twice_is_no_error(tenant: Tenant) -> None:
    assert tenant.running.http.post("/client/sign-out").status_code == 204
    assert tenant.running.http.post("/client/sign-out", headers={"cookie": "auth=nothing"}).status_code == 204


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.example.org"}, 403),
        ({"origin": "https://evil.example.org", "sec-fetch-site": "cross-site"}, 403),
        ({"origin": "https://other.example.org", "sec-fetch-site": "same-site"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "same-origin"}, 204),
        ({}, 204),
    ],
)
def test_a_page_of_another_origin_signs_nobody_out(
    tenant: Tenant, headers: dict[str, str], status: int
) -> None:
    account = tenant.person()
    reply = tenant.api.post(
        "authenticationService/authenticate",
        {"usernamePasswordCredentials": {"username": account.username, "password": PASSWORD}},
    )
    assert "SameSite=Lax" in reply.headers["set-cookie"]
    cookie = {"cookie": f"auth={reply.cookies['auth']}"}
    assert tenant.running.http.post("/client/sign-out", headers={**cookie, **headers}).status_code == status
    renewal = {"refreshTokenCredentials": {"companyId": tenant.company_id}}
    renewed = tenant.api.post("authenticationService/authenticate", renewal, headers=cookie)
    assert (renewed.status_code == 200) == (status == 403)


def test_the_servers_own_page_signs_out_without_saying_that_it_is_one(tenant: Tenant) -> None:
    own = {"origin": tenant.running.base_url}
    assert tenant.running.http.post("/client/sign-out", headers=own).status_code == 204
