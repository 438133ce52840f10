"""Whoever guesses credentials is slowed down, and learns nothing by the time it takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from switchroom.identity.models import SignInFailure
from tests.identity.delays import delays_are_over, delays_last
from tests.passwords import full_work
from tests.platform import PASSWORD, Tenant, refusal, running_platform

AUTHENTICATE = "authenticationService/authenticate"


def attempt(tenant: Tenant, username: str, password: str) -> tuple[dict[str, Any], float, str | None]:
    body = {"requestId": "r", "usernamePasswordCredentials": {"username": username, "password": password}}
    started = time.perf_counter()
    response = tenant.api.post(AUTHENTICATE, body)
    return refusal(response), time.perf_counter() - started, response.headers.get("retry-after")


@pytest.mark.parametrize("known", [True, False])
def test_after_five_failures_a_delay_begins_and_grows(tenant: Tenant, known: bool):
    username = tenant.person().username if known else f"nobody@{tenant.company_id}.example"

    codes = [attempt(tenant, username, "wrong")[0]["code"] for _ in range(5)]
    delays = [delay_of(tenant)]
    tenant.running.run(delays_last(tenant.running))
    answer, _, retry_after = attempt(tenant, username, PASSWORD)

    assert codes == [16] * 5
    assert answer["code"] == 8
    assert answer["details"][0]["statusCode"] == "RESOURCE_EXHAUSTED"
    assert retry_after is not None
    assert 0 < int(retry_after) <= 600
    for _ in range(2):
        tenant.running.run(delays_are_over(tenant.running))
        answer, _, _ = attempt(tenant, username, "wrong")
        assert answer["code"] == 16
        delays.append(delay_of(tenant))
    assert delays == [timedelta(seconds=one) for one in (1, 2, 4)]


def delay_of(tenant: Tenant) -> timedelta:
    """Of whose failure was the last."""

    async def read() -> timedelta:
        async with tenant.running.platform.storage.database.read(None) as session:
            blocked = select(SignInFailure).where(SignInFailure.blocked_until.is_not(None))
            last = await session.scalar(blocked.order_by(SignInFailure.last_at.desc()).limit(1))
        assert last is not None
        assert last.blocked_until is not None
        return last.blocked_until - last.last_at

    return tenant.running.run(read())


def test_a_success_clears_the_account(tenant: Tenant):
    person = tenant.person()
    for _ in range(4):
        attempt(tenant, person.username, "wrong")
    body = {"usernamePasswordCredentials": {"username": person.username, "password": PASSWORD}}
    assert tenant.api.post(AUTHENTICATE, body).status_code == 200

    assert [attempt(tenant, person.username, "wrong")[0]["code"] for _ in range(4)] == [16] * 4


def test_api_keys_are_guarded_too(tenant: Tenant):
    body = {
        "authorizationCodeCredentials": {
            "clientId": tenant.api_key.client_id,
            "code": "wrong",
            "companyId": tenant.company_id,
        }
    }
    codes = [refusal(tenant.api.post(AUTHENTICATE, body))["code"] for _ in range(5)]
    tenant.running.run(delays_last(tenant.running))
    assert [*codes, refusal(tenant.api.post(AUTHENTICATE, body))["code"]] == [16] * 5 + [8]


@pytest.fixture
def of_full_work(tmp_path: Path) -> Iterator[Tenant]:
    """An organization of a platform that hashes as the product does."""
    with full_work(), running_platform(tmp_path, address_attempts=1_000_000) as running:
        yield running.organization()


def test_an_unknown_user_takes_the_time_of_a_wrong_password(of_full_work: Tenant):
    tenant = of_full_work
    known = [tenant.person().username for _ in range(4)]
    unknown = [f"nobody-{number}@{tenant.company_id}.example" for number in range(4)]
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(3):
        for pair in zip(known, unknown, strict=True):
            for username in pair:
                answer, seconds, _ = attempt(tenant, username, "wrong")
                assert answer["message"] == "the credentials are not valid"
                times[username in known].append(seconds)

    of_known, of_unknown = (statistics.median(times[kind]) for kind in (True, False))
    assert 1 / 3 < of_known / of_unknown < 3
