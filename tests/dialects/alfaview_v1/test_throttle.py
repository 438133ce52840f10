"""Whoever guesses credentials is slowed down, and learns nothing by the time it takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.passwords import full_work
from tests.platform import PASSWORD, Tenant, refusal, running_platform

AUTHENTICATE = "authenticationService/authenticate"


def attempt(tenant: Tenant, username: str, password: str) -> tuple[dict[str, Any], float, str | None]:
    body = {"requestId": "r", "usernamePasswordCredentials": {"username": username, "password": password}}
    started = time.perf_counter()
    response = tenant.api.post(AUTHENTICATE, body)
    return refusal(response), time.perf_counter() - started, response.headers.get("retry-after")


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.slow
def test_after_five_failures_a_delay_begins_and_grows(tenant: Tenant, known: bool):
    username = tenant.person().username if known else f"nobody@{tenant.company_id}.example"

    codes = [attempt(tenant, username, "wrong")[0]["code"] for _ in range(5)]
    answer, _, retry_after = attempt(tenant, username, PASSWORD)

    assert codes == [16] * 5
    assert answer["code"] == 8
    assert answer["details"][0]["statusCode"] == "RESOURCE_EXHAUSTED"
    assert retry_after is not None
    delays = [int(retry_after)]
    while len(delays) < 3:
        answer, _, retry_after = attempt(tenant, username, "wrong")
        if answer["code"] == 16:
            _, _, retry_after = attempt(tenant, username, "wrong")
            assert retry_after is not None
            delays.append(int(retry_after))
        else:
            time.sleep(0.05)
    assert delays == sorted(delays)
    assert delays[-1] > delays[0]


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
    codes = [refusal(tenant.api.post(AUTHENTICATE, body))["code"] for _ in range(6)]
    assert codes == [16] * 5 + [8]


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
