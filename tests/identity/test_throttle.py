"""Whose sign-ins are slowed down by whose failures, over HTTP behind a proxy that says who asks."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Generator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from switchroom.db.base import now
from switchroom.identity.models import SignInFailure
from tests.platform import PASSWORD, Account, RunningPlatform, Tenant, running_platform

STRANGER, HOME, OFFICE = "203.0.113.9", "198.51.100.7", "198.51.100.8"


@pytest.fixture(params=["sqlite", "postgresql"])
def behind_proxy(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[RunningPlatform]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    with running_platform(
        tmp_path, url, trusted_proxies=["127.0.0.1"], account_attempts=3, address_attempts=6
    ) as running:
        yield running


def sign_in(running: RunningPlatform, username: str, password: str, address: str) -> int:
    """The status of an attempt from an address."""
    credentials = {"usernamePasswordCredentials": {"username": username, "password": password}}
    answer = running.http.post(
        "/json/v1/authenticationService/authenticate",
        json=credentials,
        headers={"x-forwarded-for": address},
    )
    return answer.status_code


def guess_keys(running: RunningPlatform, count: int, address: str) -> list[int]:
    """The statuses of answers to keys of password links that do not exist."""
    return [
        running.http.post(
            "/client/password/look-up",
            json={"key": secrets.token_hex(16)},
            headers={"x-forwarded-for": address},
        ).status_code
        for _ in range(count)
    ]


def keep_out(running: RunningPlatform, account: Account) -> None:
    """Strangers fail from everywhere until nobody else gets in."""
    statuses = [
        sign_in(running, account.username, "wrong", f"203.0.113.{number}") for number in range(10, 15)
    ]
    assert statuses[-1] == 429
    running.run(_for_minutes(running))


async def _for_minutes(running: RunningPlatform) -> None:
    """The delay is as long as it becomes by going on."""
    async with running.platform.storage.database.write(None) as session:
        blocked = update(SignInFailure).where(SignInFailure.blocked_until.is_not(None))
        await session.execute(blocked.values(blocked_until=now() + timedelta(minutes=10)))


def person(running: RunningPlatform) -> tuple[Tenant, Account]:
    tenant = running.organization()
    return tenant, tenant.person()


def test_strangers_keep_nobody_out_where_they_have_signed_in_before(behind_proxy: RunningPlatform) -> None:
    _, account = person(behind_proxy)
    assert sign_in(behind_proxy, account.username, PASSWORD, HOME) == 200
    keep_out(behind_proxy, account)
    assert sign_in(behind_proxy, account.username, PASSWORD, STRANGER) == 429
    assert sign_in(behind_proxy, account.username, PASSWORD, HOME) == 200
    # The owner's success is nothing that the strangers gain by.
    assert sign_in(behind_proxy, account.username, "wrong", STRANGER) == 429


def test_others_behind_the_same_address_keep_nobody_out_who_is_known_there(
    behind_proxy: RunningPlatform,
) -> None:
    tenant, account = person(behind_proxy)
    colleague = tenant.person()
    assert sign_in(behind_proxy, account.username, PASSWORD, OFFICE) == 200
    statuses = [sign_in(behind_proxy, f"nobody-{number}@example.org", "wrong", OFFICE) for number in range(8)]
    assert statuses[-1] == 429
    behind_proxy.run(_for_minutes(behind_proxy))
    assert sign_in(behind_proxy, account.username, PASSWORD, OFFICE) == 200
    assert sign_in(behind_proxy, colleague.username, PASSWORD, OFFICE) == 429


def test_nobody_waits_behind_strangers_where_they_are_known(behind_proxy: RunningPlatform) -> None:
    """Strangers' attempts are under way all the time, from everywhere and from behind the same address."""
    _, account = person(behind_proxy)
    assert sign_in(behind_proxy, account.username, PASSWORD, HOME) == 200
    throttle = behind_proxy.platform.identity.throttle
    others = [(f"password:{account.username}", STRANGER)]
    others += [(f"password:nobody-{number}", HOME) for number in range(4)]

    async def while_they_try() -> int:
        async with AsyncExitStack() as under_way:
            for name, address in others:
                await under_way.enter_async_context(throttle.few_at_a_time(name, address))
            async with asyncio.timeout(20):
                return await asyncio.to_thread(sign_in, behind_proxy, account.username, PASSWORD, HOME)

    assert behind_proxy.run(while_they_try()) == 200


def test_a_known_address_is_slowed_down_by_its_own_failures(behind_proxy: RunningPlatform) -> None:
    _, account = person(behind_proxy)
    assert sign_in(behind_proxy, account.username, PASSWORD, HOME) == 200
    statuses = [sign_in(behind_proxy, account.username, "wrong", HOME) for _ in range(3)]
    behind_proxy.run(_for_minutes(behind_proxy))
    assert [*statuses, sign_in(behind_proxy, account.username, PASSWORD, HOME)] == [401, 401, 401, 429]
    assert sign_in(behind_proxy, account.username, PASSWORD, STRANGER) == 200


def test_an_ipv6_network_is_one_address(behind_proxy: RunningPlatform) -> None:
    tenant = behind_proxy.organization()
    names = [f"nobody-{number}@{tenant.company_id}.example" for number in range(6)]
    statuses = [
        sign_in(behind_proxy, name, "wrong", f"2001:db8:1:2:{number:x}::1")
        for number, name in enumerate(names)
    ]
    behind_proxy.run(_for_minutes(behind_proxy))
    assert [*statuses, sign_in(behind_proxy, names[0], "wrong", "2001:db8:1:2::9")] == [401] * 6 + [429]
    assert sign_in(behind_proxy, "another@example.org", "wrong", "2001:db8:1:3::1") == 401


def test_keys_that_do_not_exist_keep_nobody_from_signing_in(behind_proxy: RunningPlatform) -> None:
    _, account = person(behind_proxy)
    assert guess_keys(behind_proxy, 6, STRANGER) == [200] * 6
    behind_proxy.run(_for_minutes(behind_proxy))
    assert guess_keys(behind_proxy, 1, STRANGER) == [429]
    assert sign_in(behind_proxy, account.username, PASSWORD, STRANGER) == 200
    assert sign_in(behind_proxy, account.username, "wrong", STRANGER) == 401
