"""Whose sign-ins are slowed down by whose failures, over HTTP behind a proxy that says who asks."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Generator, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import delete, select, update

from switchroom.db.base import now
from switchroom.errors import ErrorCode, Unavailable
from switchroom.identity.models import SignInDevice, SignInFailure, SignInPlace
from tests.identity.delays import delays_last
from tests.platform import PASSWORD, Account, RunningPlatform, Tenant, running_platform

STRANGER, HOME, OFFICE = "203.0.113.9", "198.51.100.7", "198.51.100.8"


@pytest.fixture(params=["sqlite", "postgresql"])
def behind_proxy(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[RunningPlatform]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    with running_platform(
        tmp_path, url, trusted_proxies=["127.0.0.1"], account_attempts=3, address_attempts=6
    ) as running:
        running.run(_forget(running))
        yield running


async def _forget(running: RunningPlatform) -> None:
    """What earlier tests have left in a database that they share."""
    async with running.platform.storage.database.write(None) as session:
        for table in (SignInFailure, SignInPlace, SignInDevice):
            await session.execute(delete(table))


def attempt(
    running: RunningPlatform, username: str, password: str, address: str, **headers: str
) -> httpx.Response:
    """The answer to an attempt from an address."""
    credentials = {"usernamePasswordCredentials": {"username": username, "password": password}}
    running.http.cookies.clear()
    return running.http.post(
        "/json/v1/authenticationService/authenticate",
        json=credentials,
        headers={"x-forwarded-for": address, **headers},
    )


def sign_in(running: RunningPlatform, username: str, password: str, address: str) -> int:
    """The status of an attempt from an address."""
    return attempt(running, username, password, address).status_code


class Browser:
    """A page of the platform that keeps its cookie `device`, and goes from one address to another."""

    def __init__(self, running: RunningPlatform) -> None:
        self._running = running
        self.device = ""
        self.cookie = ""

    def sign_in(self, username: str, password: str, address: str) -> int:
        cookie = {"cookie": f"device={self.device}"} if self.device else {}
        origin = self._running.base_url
        answer = attempt(self._running, username, password, address, origin=origin, **cookie)
        for line in answer.headers.get_list("set-cookie"):
            if line.startswith("device="):
                self.cookie = line
                self.device = line.removeprefix("device=").split(";")[0]
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
    for number in range(10, 13):
        sign_in(running, account.username, "wrong", f"203.0.113.{number}")
    running.run(delays_last(running))
    assert sign_in(running, account.username, "wrong", "203.0.113.13") == 429


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
    for number in range(6):
        assert sign_in(behind_proxy, f"nobody-{number}@example.org", "wrong", OFFICE) == 401
    behind_proxy.run(delays_last(behind_proxy))
    assert sign_in(behind_proxy, "nobody-6@example.org", "wrong", OFFICE) == 429
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


def test_nobody_waits_for_the_database_behind_those_who_find_it_away(behind_proxy: RunningPlatform) -> None:
    """They would be refused after twice its limit, and without its reason. Afterwards all is well."""
    throttle = behind_proxy.platform.identity.throttle
    is_away = asyncio.Event()

    async def attempt() -> None:
        async with throttle.few_at_a_time(None, STRANGER):
            if not is_away.is_set():
                await is_away.wait()
                raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE)

    async def five_at_once() -> Sequence[BaseException | None]:
        attempts = [asyncio.create_task(attempt()) for _ in range(5)]
        await asyncio.sleep(0)
        is_away.set()
        found = await asyncio.gather(*attempts, return_exceptions=True)
        await attempt()
        return found

    codes = [isinstance(one, Unavailable) and one.code for one in behind_proxy.run(five_at_once())]
    assert codes == [ErrorCode.DATABASE_UNAVAILABLE] * 5


def test_a_row_that_is_locked_puts_nobody_out_who_waits_for_a_turn(behind_proxy: RunningPlatform) -> None:
    throttle = behind_proxy.platform.identity.throttle

    async def attempt(number: int) -> None:
        async with throttle.few_at_a_time(None, STRANGER):
            await asyncio.sleep(0)
            if number < 4:
                raise Unavailable(ErrorCode.DATABASE_LOCKED)

    async def five_at_once() -> Sequence[BaseException | None]:
        return await asyncio.gather(*(attempt(one) for one in range(5)), return_exceptions=True)

    *locked, last = behind_proxy.run(five_at_once())
    assert [isinstance(one, Unavailable) for one in locked] == [True] * 4
    assert last is None


def test_a_known_address_is_slowed_down_by_its_own_failures(behind_proxy: RunningPlatform) -> None:
    _, account = person(behind_proxy)
    assert sign_in(behind_proxy, account.username, PASSWORD, HOME) == 200
    statuses = [sign_in(behind_proxy, account.username, "wrong", HOME) for _ in range(3)]
    behind_proxy.run(delays_last(behind_proxy))
    assert [*statuses, sign_in(behind_proxy, account.username, PASSWORD, HOME)] == [401, 401, 401, 429]
    assert sign_in(behind_proxy, account.username, PASSWORD, STRANGER) == 200


def test_an_ipv6_network_is_one_address(behind_proxy: RunningPlatform) -> None:
    tenant = behind_proxy.organization()
    names = [f"nobody-{number}@{tenant.company_id}.example" for number in range(6)]
    statuses = [
        sign_in(behind_proxy, name, "wrong", f"2001:db8:1:2:{number:x}::1")
        for number, name in enumerate(names)
    ]
    behind_proxy.run(delays_last(behind_proxy))
    assert [*statuses, sign_in(behind_proxy, names[0], "wrong", "2001:db8:1:2::9")] == [401] * 6 + [429]
    assert sign_in(behind_proxy, "another@example.org", "wrong", "2001:db8:1:3::1") == 401


def test_keys_that_do_not_exist_keep_nobody_from_signing_in(behind_proxy: RunningPlatform) -> None:
    _, account = person(behind_proxy)
    assert guess_keys(behind_proxy, 6, STRANGER) == [200] * 6
    behind_proxy.run(delays_last(behind_proxy))
    assert guess_keys(behind_proxy, 1, STRANGER) == [429]
    assert sign_in(behind_proxy, account.username, PASSWORD, STRANGER) == 200
    assert sign_in(behind_proxy, account.username, "wrong", STRANGER) == 401


def test_strangers_keep_nobody_out_whose_browser_has_signed_in_before(behind_proxy: RunningPlatform) -> None:
    tenant, account = person(behind_proxy)
    mallory = tenant.person()
    own, others = Browser(behind_proxy), Browser(behind_proxy)
    assert own.sign_in(account.username, PASSWORD, HOME) == 200
    assert others.sign_in(mallory.username, PASSWORD, STRANGER) == 200
    keep_out(behind_proxy, account)

    # From an address that nobody has been at, and from the attackers' own, which is blocked by itself.
    assert sign_in(behind_proxy, account.username, PASSWORD, "192.0.2.80") == 429
    assert own.sign_in(account.username.upper(), PASSWORD, "192.0.2.80") == 200
    assert others.sign_in(account.username, PASSWORD, STRANGER) == 429
    for number in range(6):
        sign_in(behind_proxy, f"nobody-{number}@example.org", "wrong", STRANGER)
    behind_proxy.run(delays_last(behind_proxy))
    assert others.sign_in(account.username, PASSWORD, STRANGER) == 429
    assert sign_in(behind_proxy, account.username, "wrong", "192.0.2.81") == 429
    assert own.sign_in(account.username, PASSWORD, STRANGER) == 200


def test_a_known_browser_is_slowed_down_by_its_own_failures(behind_proxy: RunningPlatform) -> None:
    """Wherever it goes, and no other with it."""
    _, account = person(behind_proxy)
    stolen, other = Browser(behind_proxy), Browser(behind_proxy)
    assert stolen.sign_in(account.username, PASSWORD, HOME) == 200
    assert other.sign_in(account.username, PASSWORD, HOME) == 200
    statuses = [stolen.sign_in(account.username, "wrong", f"203.0.113.{number}") for number in range(3)]
    behind_proxy.run(delays_last(behind_proxy))
    assert [*statuses, stolen.sign_in(account.username, PASSWORD, STRANGER)] == [401, 401, 401, 429]
    assert other.sign_in(account.username, PASSWORD, STRANGER) == 200


def test_a_key_of_another_account_or_of_ones_own_is_not_taken_over(behind_proxy: RunningPlatform) -> None:
    """Or whoever puts one into a browser would be known to the account that signs in there."""
    tenant, account = person(behind_proxy)
    mallory = Browser(behind_proxy)
    assert mallory.sign_in(tenant.person().username, PASSWORD, STRANGER) == 200
    for planted in (mallory.device, "x" * 32, "x" * 4000):
        own = Browser(behind_proxy)
        own.device = planted
        assert own.sign_in(account.username, PASSWORD, HOME) == 200
        assert own.device != planted
        keep_out(behind_proxy, account)
        mallory.device = planted
        assert mallory.sign_in(account.username, PASSWORD, STRANGER) == 429
        assert own.sign_in(account.username, PASSWORD, STRANGER.replace("9", "99")) == 200


def test_the_key_of_a_browser_is_kept_from_scripts_and_from_the_database(
    behind_proxy: RunningPlatform,
) -> None:
    _, account = person(behind_proxy)
    browser = Browser(behind_proxy)
    assert browser.sign_in(account.username, PASSWORD, HOME) == 200
    attributes = {part.strip() for part in browser.cookie.split(";")}
    assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= attributes
    key = browser.device
    assert len(key) == 32
    assert browser.sign_in(account.username, PASSWORD, HOME) == 200
    assert browser.device == key
    (row,) = behind_proxy.run(_devices(behind_proxy))
    assert key not in (row.key_hash, row.account_hash)
    assert "device" not in attempt(behind_proxy, account.username, PASSWORD, HOME).cookies


def test_ten_browsers_are_known_of_an_account_for_ninety_days(behind_proxy: RunningPlatform) -> None:
    _, account = person(behind_proxy)
    browsers = [Browser(behind_proxy) for _ in range(12)]
    for number, browser in enumerate(browsers):
        assert browser.sign_in(account.username, PASSWORD, f"192.0.2.{number}") == 200
    assert len(behind_proxy.run(_devices(behind_proxy))) == 10
    keep_out(behind_proxy, account)
    assert browsers[0].sign_in(account.username, PASSWORD, "192.0.2.99") == 429
    assert browsers[-1].sign_in(account.username, PASSWORD, "192.0.2.99") == 200
    behind_proxy.run(_ninety_days_later(behind_proxy))
    keep_out(behind_proxy, account)
    assert browsers[-1].sign_in(account.username, PASSWORD, "192.0.2.100") == 429
    assert browsers[-1].sign_in(account.username, PASSWORD, "192.0.2.99") == 200
    assert len(behind_proxy.run(_devices(behind_proxy))) == 1


async def _devices(running: RunningPlatform) -> Sequence[SignInDevice]:
    async with running.platform.storage.database.read(None) as session:
        return (await session.scalars(select(SignInDevice))).all()


async def _ninety_days_later(running: RunningPlatform) -> None:
    async with running.platform.storage.database.write(None) as session:
        await session.execute(update(SignInDevice).values(last_at=now() - timedelta(days=91)))
