"""Signing out of the browser side."""

from __future__ import annotations

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
