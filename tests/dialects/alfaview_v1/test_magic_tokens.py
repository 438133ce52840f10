"""Magic tokens: somebody who is signed in is signed in once more, elsewhere."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from sqlalchemy import select, update

from switchroom.db.base import now
from switchroom.identity.models import MagicToken
from switchroom.identity.secrets import key_hash
from tests.dialects.alfaview_v1.test_authentication import refresh_token
from tests.dialects.alfaview_v1.test_signed_tokens import key_token, sign
from tests.dialects.alfaview_v1.test_users import OTHER_PASSWORD, change, is_good, sign_in
from tests.platform import Account, RunningPlatform, Tenant, refusal

CREATE = "authenticationService/createMagicToken"
AUTHENTICATE = "authenticationService/authenticate"


def enter(tenant: Tenant, token: str) -> httpx.Response:
    body = {"requestId": "r", "magicTokenCredentials": {"magicToken": token}}
    return tenant.api.post(AUTHENTICATE, body)


def make(tenant: Tenant, account: Account, refresh: str = "") -> str:
    return tenant.api(CREATE, token=account.token, refreshToken=refresh)["magicToken"]


def test_a_token_made_by_a_whole_sign_in_brings_another(tenant: Tenant, running: RunningPlatform) -> None:
    person = tenant.person()
    own = refresh_token(sign_in(tenant, person.username))

    made = tenant.api(CREATE, token=person.token, refreshToken=own, vanitySubdomain="acme")

    assert set(made) == {"replyInfo", "launchURL", "magicToken"}
    assert made["launchURL"] == f"{running.base_url}/#/magic/{made['magicToken']}"
    answer = enter(tenant, made["magicToken"])
    reply = answer.json()
    assert (reply["userId"], reply["companyId"]) == (person.id, tenant.company_id)
    assert is_good(tenant, reply["accessToken"])
    other = refresh_token(answer)
    assert other != own
    renewed = {"refreshTokenCredentials": {"refreshToken": other}}
    assert tenant.api.post(AUTHENTICATE, renewed).status_code == 200
    by_cookie = tenant.api.post(
        CREATE, {"accessInfo": {"accessToken": person.token}}, headers={"cookie": f"auth={own}"}
    )
    assert refresh_token(enter(tenant, by_cookie.json()["magicToken"]))


def test_a_token_made_by_an_access_token_leads_no_further(tenant: Tenant) -> None:
    person = tenant.person()
    until = tenant.api("authenticationService/accessTokenInformation", token=person.token)["expiresAt"]

    answer = enter(tenant, make(tenant, person))

    assert answer.json()["expiresAt"] == until
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("auth=; Path=/; Expires=")  # nobody goes on as who signed in here before
    expires = re.search(r"Expires=([^;]+);", cookie)
    assert expires
    assert parsedate_to_datetime(expires[1]) <= now()


def test_a_token_works_once(tenant: Tenant) -> None:
    token = make(tenant, tenant.person())

    with ThreadPoolExecutor(4) as threads:
        entering = [threads.submit(enter, tenant, token) for _ in range(4)]
        answers = [one.result().status_code for one in entering]

    assert sorted(answers) == [200, 401, 401, 401]
    assert enter(tenant, token).status_code == 401


def test_tokens_that_are_none_are_answered_alike(tenant: Tenant, running: RunningPlatform) -> None:
    old = make(tenant, tenant.person())
    used = make(tenant, tenant.person())
    enter(tenant, used)
    _write(running, old, expires_at=now() - timedelta(seconds=1))

    bodies = [refusal(enter(tenant, one)) for one in (old, used, "nonsense", "", "x" * 100_000)]

    assert {body["message"] for body in bodies} == {bodies[0]["message"]}
    assert {body["code"] for body in bodies} == {16}


def test_tokens_are_short_lived_and_not_kept_in_the_clear(tenant: Tenant, running: RunningPlatform) -> None:
    token = make(tenant, tenant.person())

    async def rows() -> list[MagicToken]:
        async with running.platform.storage.database.read(tenant.organization.id) as session:
            return list(await session.scalars(select(MagicToken)))

    (row,) = running.run(rows())
    assert row.key_hash == key_hash(token)
    assert timedelta() < row.expires_at - now() <= timedelta(minutes=2)


def test_a_token_is_void_with_the_sign_in_that_made_it(tenant: Tenant, running: RunningPlatform) -> None:
    signed_out, changed, disabled = (tenant.person() for _ in range(3))
    own = refresh_token(sign_in(tenant, signed_out.username))
    tokens = [make(tenant, signed_out, own), make(tenant, changed), make(tenant, disabled)]
    running.run(running.platform.identity.authentication.sign_out(own))
    password = {"usernamePasswordCredentials": {"password": OTHER_PASSWORD}}
    change(tenant, "userService/update", userId=changed.id, authenticationRequest=password)
    status = {"accountStatus": "DEACTIVATED"}
    change(tenant, "userService/update", userId=disabled.id, authenticationRequest=status)

    for token in tokens:
        assert refusal(enter(tenant, token))["code"] == 16


def test_only_people_with_a_whole_token_make_one(tenant: Tenant) -> None:
    person, other = tenant.person(), tenant.person()
    narrowed = sign(tenant, token=person.token)["accessToken"]

    for token in (narrowed, key_token(tenant)):
        assert tenant.api.refused(CREATE, token=token)["code"] == 7
    foreign = refresh_token(sign_in(tenant, other.username))
    for refresh in (foreign, "nonsense", "x" * 100_000):
        assert tenant.api.refused(CREATE, token=person.token, refreshToken=refresh)["code"] == 16


def test_few_wait_to_be_used(tenant: Tenant) -> None:
    person = tenant.person()
    tokens = [make(tenant, person) for _ in range(10)]

    refused = tenant.api.refused(CREATE, token=person.token)
    assert (refused["code"], refused["details"][0]["statusCode"]) == (8, "RESOURCE_EXHAUSTED")
    assert enter(tenant, tokens[0]).status_code == 200
    assert make(tenant, person)


def _write(running: RunningPlatform, token: str, **values: Any) -> None:
    async def work() -> None:
        async with running.platform.storage.database.write(None) as session:
            query = update(MagicToken).where(MagicToken.key_hash == key_hash(token))
            await session.execute(query.values(**values))

    running.run(work())
