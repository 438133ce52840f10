"""Setting a password by the link that came by mail, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import Invalid, Unauthenticated
from switchroom.events.models import Event
from switchroom.identity.authentication import Authentication
from switchroom.identity.models import Organization, PasswordLink, Person, RefreshToken
from switchroom.identity.permissions import Standing
from switchroom.identity.throttle import Throttle
from tests.mail.outbox import mails_to
from tests.platform import PASSWORD, Account, RunningPlatform, Tenant, running_platform

NEW_PASSWORD = "Größere Pferde 2"
AUTHENTICATE = "authenticationService/authenticate"


def link_of(tenant: Tenant, account: Account, *, days: int = 7) -> str:
    """The key in the link of the mail that the person gets."""
    return tenant.running.run(_ask(tenant, account.id, days))


async def _ask(tenant: Tenant, person_id: str, days: int) -> str:
    platform = tenant.running.platform
    async with platform.storage.database.write(None) as session:
        person = await session.get_one(Person, person_id)
        link = await platform.identity.password_links.create(session, person, days=days)
    return link.key


def look_up(tenant: Tenant, key: str) -> dict[str, Any]:
    answer = tenant.running.http.post("/client/password/look-up", json={"key": key})
    assert answer.status_code == 200, answer.text
    return answer.json()


def set_password(tenant: Tenant, key: str, password: str = NEW_PASSWORD) -> dict[str, Any]:
    answer = tenant.running.http.post("/client/password", json={"key": key, "password": password})
    assert answer.status_code == 200, answer.text
    return answer.json()


def sign_in(tenant: Tenant, account: Account, password: str) -> httpx.Response:
    credentials = {"username": account.username, "password": password}
    return tenant.api.post(AUTHENTICATE, {"usernamePasswordCredentials": credentials})


def expire(tenant: Tenant, account: Account, ago: timedelta) -> datetime:
    moment = now() - ago

    async def change() -> None:
        async with tenant.running.platform.storage.database.write(None) as session:
            await session.execute(
                update(PasswordLink).where(PasswordLink.person_id == account.id).values(expires_at=moment)
            )

    tenant.running.run(change())
    return moment


def test_the_link_says_whom_it_is_for_and_sets_the_password(running: RunningPlatform) -> None:
    tenant = running.organization("Universität Köln")
    person = tenant.person(first_name="Jürgen", last_name="Groß")
    key = link_of(tenant, person)

    seen = look_up(tenant, key)
    until = datetime.fromisoformat(seen.pop("validUntil"))
    assert seen == {
        "state": "valid",
        "username": person.username,
        "displayName": "Jürgen Groß",
        "companyNames": ["Universität Köln"],
    }
    assert abs(until - now() - timedelta(days=7)) < timedelta(minutes=1)
    assert set_password(tenant, key) == {"state": "set", "username": person.username}
    assert sign_in(tenant, person, NEW_PASSWORD).status_code == 200
    assert sign_in(tenant, person, PASSWORD).status_code == 401


def test_the_link_works_once(tenant: Tenant) -> None:
    person = tenant.person()
    key = link_of(tenant, person)
    set_password(tenant, key)

    assert look_up(tenant, key) == {"state": "unknown"}
    assert set_password(tenant, key, "another password") == {"state": "unknown"}
    assert sign_in(tenant, person, NEW_PASSWORD).status_code == 200


def test_of_two_who_click_at_once_one_wins(tenant: Tenant) -> None:
    person = tenant.person()
    for _ in range(5):
        key = link_of(tenant, person)
        passwords = ["the first password", "the second password"]
        with ThreadPoolExecutor(2) as both:
            answers = list(both.map(partial(set_password, tenant, key), passwords))
        states = [answer["state"] for answer in answers]

        assert sorted(states) == ["set", "unknown"]
        fits = [sign_in(tenant, person, password).status_code == 200 for password in passwords]
        assert fits == [state == "set" for state in states]


def test_a_newer_link_voids_the_older(tenant: Tenant) -> None:
    person, other = tenant.person(), tenant.person()
    older, of_other = link_of(tenant, person), link_of(tenant, other)
    newer = link_of(tenant, person)

    assert look_up(tenant, older) == {"state": "unknown"}
    assert look_up(tenant, newer)["state"] == "valid"
    assert look_up(tenant, of_other)["username"] == other.username


def test_an_expired_link_is_said_to_be(tenant: Tenant) -> None:
    person = tenant.person()
    key = link_of(tenant, person)
    moment = expire(tenant, person, timedelta(seconds=1))

    for answer in (look_up(tenant, key), set_password(tenant, key)):
        assert answer["state"] == "expired"
        assert datetime.fromisoformat(answer["validUntil"]) == moment
    assert sign_in(tenant, person, PASSWORD).status_code == 200


def test_what_expired_long_ago_is_forgotten_when_the_next_link_is_made(tenant: Tenant) -> None:
    lately, long_ago = tenant.person(), tenant.person()
    keys = [link_of(tenant, lately), link_of(tenant, long_ago)]
    expire(tenant, lately, timedelta(days=29))
    expire(tenant, long_ago, timedelta(days=31))
    assert [look_up(tenant, key)["state"] for key in keys] == ["expired", "expired"]
    link_of(tenant, tenant.person())

    assert [look_up(tenant, key)["state"] for key in keys] == ["expired", "unknown"]


@pytest.mark.parametrize("password", ["", "1234567", "x" * 1001])
def test_a_password_that_is_none_leaves_the_link_good(tenant: Tenant, password: str) -> None:
    key = link_of(tenant, tenant.person())

    refused = tenant.running.http.post("/client/password", json={"key": key, "password": password})
    assert refused.status_code == 400
    assert "characters" in refused.json()["message"]
    assert set_password(tenant, key)["state"] == "set"


def test_a_password_of_the_common_list_leaves_the_link_good(tenant: Tenant) -> None:
    key = link_of(tenant, tenant.person())
    for password in ("password1", "Football2026!"):
        refused = tenant.running.http.post("/client/password", json={"key": key, "password": password})
        assert refused.status_code == 400
        assert "guessed first" in refused.json()["message"]
    assert set_password(tenant, key)["state"] == "set"


LONG = "x" * 129


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("look-up", "{"),
        ("look-up", "{}"),
        ("look-up", '{"key": 7}'),
        ("look-up", '{"key": "\\ud800"}'),
        ("look-up", f'{{"key": "{LONG}"}}'),
        ("", "[]"),
        ("", '{"key": "k"}'),
        ("", '{"key": "k", "password": null}'),
        ("", f'{{"key": "k", "password": "{LONG}\\ud800"}}'),
        ("", f'{{"key": "{LONG}", "password": "{LONG}"}}'),
    ],
)
def test_what_is_no_request_is_refused(tenant: Tenant, path: str, body: str) -> None:
    answer = tenant.running.http.post(
        f"/client/password/{path}".rstrip("/"), content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("key", ["", "nothing", "%00", "x" * 128, "' OR 1=1 --", "ключ"])
def test_a_key_that_nobody_has(tenant: Tenant, key: str) -> None:
    assert look_up(tenant, key) == {"state": "unknown"}
    assert set_password(tenant, key) == {"state": "unknown"}


def test_whoever_was_signed_in_is_not_any_more(running: RunningPlatform) -> None:
    tenant, second = running.organization("First"), running.organization("Second")
    person = tenant.person()
    running.run(
        running.platform.identity.organizations.add_person(
            second.organization, username=person.username, password=None, standing=Standing.PARTICIPANT
        )
    )
    cookies = [
        {"cookie": f"auth={sign_in(tenant, person, PASSWORD).cookies['auth']}"},
        {"cookie": f"auth={sign_in(second, person, PASSWORD).cookies['auth']}"},
    ]
    other = tenant.person()
    set_password(tenant, link_of(tenant, person))

    assert tenant.api.refused("roomService/list", token=person.token)["code"] == 16
    renewal = {"refreshTokenCredentials": {"companyId": tenant.company_id}}
    for cookie in cookies:
        assert tenant.api.post(AUTHENTICATE, renewal, headers=cookie).status_code == 401
    assert tenant.api.send("roomService/list", token=other.token).status_code == 200
    token = sign_in(tenant, person, NEW_PASSWORD).json()["accessToken"]
    assert tenant.api.send("roomService/list", token=token).status_code == 200
    assert running.run(_count(running, select(func.count(RefreshToken.token_hash)), person.id)) == 1


@pytest.mark.parametrize("way", ["password", "refresh token"])
def test_who_is_just_signing_in_while_the_password_changes_is_not(tenant: Tenant, way: str) -> None:
    person = tenant.person()
    token = sign_in(tenant, person, PASSWORD).cookies["auth"]
    tenant.running.run(
        _overtaken(tenant, person, token if way == "refresh token" else "", link_of(tenant, person))
    )


async def _overtaken(tenant: Tenant, person: Account, refresh_token: str, key: str) -> None:
    """Sign in with a database that lets a new password through before it takes in anything."""
    platform = tenant.running.platform

    class Overtaken(Database):
        @asynccontextmanager
        async def write(self, organization_id: int | None) -> AsyncGenerator[AsyncSession]:
            await platform.identity.password_links.set_password(key, NEW_PASSWORD, "192.0.2.1")
            async with super().write(organization_id) as session:
                yield session

    database = Overtaken(platform.settings.database_url)
    authentication = Authentication(
        database,
        platform.identity.passwords,
        platform.identity.signer,
        Throttle(platform.storage.database, account_attempts=10, address_attempts=10),
        access_token_lifetime=60,
        refresh_token_lifetime=60,
    )
    attempt = (
        authentication.with_refresh_token(refresh_token, None, "192.0.2.1")
        if refresh_token
        else authentication.with_password(person.username, PASSWORD, None, "192.0.2.1")
    )
    try:
        with pytest.raises(Unauthenticated):
            await attempt
    finally:
        await database.close()


async def _count(running: RunningPlatform, query: Any, person_id: str) -> int:
    async with running.platform.storage.database.read(None) as session:
        return await session.scalar(query.where(RefreshToken.person_id == person_id)) or 0


def test_every_organization_of_the_person_has_it_in_its_log(running: RunningPlatform) -> None:
    first, second, third = (running.organization(name) for name in ("First", "Second", "Third"))
    person = first.person()
    running.run(
        running.platform.identity.organizations.add_person(
            second.organization, username=person.username, password=None, standing=Standing.PARTICIPANT
        )
    )
    key = link_of(first, person)
    assert look_up(first, key)["companyNames"] == ["First", "Second"]
    set_password(first, key)

    async def events(organization: Organization) -> list[tuple[str, dict[str, Any]]]:
        async with running.platform.storage.database.read(organization.id) as session:
            rows = await session.scalars(select(Event).where(Event.type == "user.password_set"))
            return [(row.object_id, row.data) for row in rows]

    expected = [(person.id, {"username": person.username})]
    logged = [running.run(events(one.organization)) for one in (first, second, third)]
    assert logged == [expected, expected, []]


def test_a_person_without_an_address_cannot_be_written_to(tenant: Tenant) -> None:
    platform = tenant.running.platform

    async def ask() -> None:
        async with platform.storage.database.write(tenant.organization.id) as session:
            await platform.identity.password_requests.enqueue(
                session, tenant.organization, Person(username="nameless", password_hash="")
            )

    with pytest.raises(Invalid):
        tenant.running.run(ask())


def test_somebody_new_gets_the_link_with_the_transaction_that_makes_them(tenant: Tenant) -> None:
    platform = tenant.running.platform
    username = f"ada-{tenant.company_id.lower()}@example.org"

    async def make(*, fails: bool) -> None:
        async with platform.storage.database.write(tenant.organization.id) as session:
            person = Person(
                username=username, email=username, password_hash="", first_name="Ada", locale="de-AT"
            )
            session.add(person)
            await platform.identity.password_requests.enqueue(session, tenant.organization, person)
            if fails:
                raise LookupError

    with pytest.raises(LookupError):
        tenant.running.run(make(fails=True))
    tenant.running.run(make(fails=False))

    (mail,) = mails_to(tenant.running, username)
    assert mail["Subject"] == "Ihr Passwort für Acme"


def test_guesses_are_slowed_down_by_address(tmp_path: Path) -> None:
    with running_platform(tmp_path, address_attempts=3) as running:
        tenant = running.organization()
        person = tenant.person()
        key = link_of(tenant, person)
        assert [look_up(tenant, f"guess-{number}")["state"] for number in range(3)] == ["unknown"] * 3

        ways: list[Callable[[str], httpx.Response]] = [
            lambda key: running.http.post("/client/password/look-up", json={"key": key}),
            lambda key: running.http.post("/client/password", json={"key": key, "password": NEW_PASSWORD}),
        ]
        for way in ways:
            for tried in ("another guess", key):
                answer = way(tried)
                assert answer.status_code == 429
                assert int(answer.headers["retry-after"]) >= 1


def test_looking_at_a_good_link_and_at_an_expired_one_is_no_guess(tmp_path: Path) -> None:
    with running_platform(tmp_path, address_attempts=3) as running:
        tenant = running.organization()
        good, late = tenant.person(), tenant.person()
        keys = [link_of(tenant, good), link_of(tenant, late)]
        expire(tenant, late, timedelta(days=1))
        for _ in range(5):
            assert [look_up(tenant, key)["state"] for key in keys] == ["valid", "expired"]


def test_the_key_is_not_kept(tenant: Tenant) -> None:
    person = tenant.person()
    key = link_of(tenant, person)

    async def kept() -> PasswordLink:
        async with tenant.running.platform.storage.database.read(None) as session:
            return (
                await session.scalars(select(PasswordLink).where(PasswordLink.person_id == person.id))
            ).one()

    row = tenant.running.run(kept())
    assert len(key) == 32
    assert row.key_hash != key
    assert row.created_at.tzinfo is UTC
