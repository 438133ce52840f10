"""Passwords that were forgotten, and passwords that are changed, over HTTP."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from switchroom.db import database as database_module
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import Exhausted, Unauthenticated
from switchroom.identity.models import PasswordLink, Person
from switchroom.identity.password_links import PasswordLinks
from switchroom.identity.permissions import Standing
from switchroom.identity.secrets import Passwords
from switchroom.identity.throttle import Throttle
from switchroom.mail.password_requests import PasswordRequests
from switchroom.mail.password_resets import PasswordResets
from tests.identity.delays import delays_last
from tests.mail.mail_program import part
from tests.mail.outbox import mails_to
from tests.plain_http import NO_CERTIFICATES, PATIENCE
from tests.platform import PASSWORD, Account, RunningPlatform, Tenant, running_platform
from tests.postgresql import PostgresqlServer

NEW_PASSWORD = "Größere Pferde 2"


def forget(running: RunningPlatform, username: str) -> httpx.Response:
    answer = running.http.post("/client/password/forgotten", json={"username": username})
    assert (answer.status_code, answer.content) == (204, b"")
    return answer


def sign_in(tenant: Tenant, account: Account, password: str) -> httpx.Response:
    credentials = {"username": account.username, "password": password}
    return tenant.api.post("authenticationService/authenticate", {"usernamePasswordCredentials": credentials})


def change(tenant: Tenant, token: str, old: str, new: str = NEW_PASSWORD) -> httpx.Response:
    body = {"accessToken": token, "oldPassword": old, "newPassword": new}
    return tenant.running.http.post("/client/password/change", json=body)


def test_a_link_comes_by_mail_and_sets_the_password(tenant: Tenant, running: RunningPlatform) -> None:
    ada = tenant.person()
    forget(running, f" {ada.username.upper()}")
    (mail,) = mails_to(running, ada.username)
    link = re.search(r"/#/password/(\w{32})\s", part(mail, "plain"))
    assert link
    forget(running, ada.username)  # the mail is on its way already: the link in it stays good
    new = {"key": link[1], "password": NEW_PASSWORD}
    assert running.http.post("/client/password", json=new).json()["state"] == "set"
    assert sign_in(tenant, ada, PASSWORD).status_code == 401
    assert sign_in(tenant, ada, NEW_PASSWORD).status_code == 200

    async def later() -> None:
        async with running.platform.storage.database.write(None) as session:
            await session.execute(update(PasswordLink).values(created_at=now() - timedelta(minutes=6)))
            await session.execute(
                update(Person).where(Person.id == ada.id).values(username="ada", email=f"x{ada.username}")
            )

    running.run(later())
    forget(running, f"x{ada.username}")
    assert len(mails_to(running, f"x{ada.username}")) == 1


def _make_older(running: RunningPlatform, person: Account, by: timedelta) -> None:
    """The person's links, as if time had gone by."""

    async def change() -> None:
        async with running.platform.storage.database.write(None) as session:
            for link in await session.scalars(
                select(PasswordLink).where(PasswordLink.person_id == person.id)
            ):
                link.created_at -= by
                link.expires_at -= by

    running.run(change())


@pytest.fixture(params=["sqlite", "postgresql"])
def behind_proxy(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[RunningPlatform]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    with running_platform(tmp_path, url, trusted_proxies=["127.0.0.1"]) as running:
        yield running


def test_strangers_who_ask_void_no_link_and_send_few_mails(behind_proxy: RunningPlatform) -> None:
    """A link for a week comes with an invitation, and one is handed over; strangers know the address."""
    running, tenant = behind_proxy, behind_proxy.organization()
    ada, last = tenant.person(), tenant.person()
    identity = running.platform.identity

    async def welcome() -> str:
        async with running.platform.storage.database.write(None) as session:
            person = await session.get_one(Person, ada.id)
            link = await identity.password_links.create(session, person, days=7)
        return link.key

    key = running.run(welcome())
    for number in range(10):
        _make_older(running, ada, timedelta(minutes=6))
        stranger = {"x-forwarded-for": f"203.0.113.{number}"}
        body = {"username": ada.username}
        assert running.http.post("/client/password/forgotten", json=body, headers=stranger).status_code == 204
        # Those asked for before were looked at before.
        forget(running, last.username)
        mails_to(running, last.username, count=number + 1)
        _make_older(running, last, timedelta(days=2))
    mails = mails_to(running, ada.username, count=2)
    assert len(mails) == 2
    links = [key]
    for mail in mails:
        found = re.search(r"/#/password/(\w{32})\s", part(mail, "plain"))
        assert found
        links.append(found[1])

    def looked_up(one: str) -> str:
        own = {"x-forwarded-for": f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"}
        answer = running.http.post("/client/password/look-up", json={"key": one}, headers=own)
        return answer.json()["state"]

    assert [looked_up(one) for one in links] == ["valid"] * 3
    new = {"key": key, "password": NEW_PASSWORD}
    assert running.http.post("/client/password", json=new).json()["state"] == "set"
    assert [looked_up(one) for one in links] == ["unknown"] * 3


def test_who_was_asked_for_all_day_can_ask_the_day_after(behind_proxy: RunningPlatform) -> None:
    running, tenant = behind_proxy, behind_proxy.organization()
    ada = tenant.person()
    for number in range(3):
        forget(running, ada.username)
        mails_to(running, ada.username, count=number + 1)
        _make_older(running, ada, timedelta(minutes=6))
    _make_older(running, ada, timedelta(days=1))
    forget(running, ada.username)
    assert len(mails_to(running, ada.username, count=4)) == 4


def test_nobody_is_told_whether_there_is_somebody(tenant: Tenant, running: RunningPlatform) -> None:
    disabled, known = tenant.person(), tenant.person()
    running.run(running.platform.identity.members.disable(tenant.organization, disabled.username))
    answers = [forget(running, one) for one in (disabled.username, "nobody@example.org", known.username)]
    told = [{name: value for name, value in one.headers.items() if name != "date"} for one in answers]
    assert told[0] == told[1] == told[2]
    mails_to(running, known.username)
    # Those asked for before were looked at before.
    outbox = running.platform.settings.data_directory / "outbox"
    assert not [path for path in outbox.glob("*.eml") if disabled.username.encode() in path.read_bytes()]


def test_the_answer_does_not_wait_for_what_is_looked_up(
    tenant: Tenant, running: RunningPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever measures it learns nothing: the database is not even asked before."""
    monkeypatch.setattr(database_module, "LOCK_LIMIT", 4 * PATIENCE * 1000)  # who waited would get no answer
    known = tenant.person()

    async def while_nobody_can_write() -> None:
        async with running.platform.storage.database.write(None) as session:
            await session.execute(update(Person).where(Person.id == known.id).values(title="Dr."))
            for username in (known.username, "nobody@example.org"):
                async with httpx.AsyncClient(
                    verify=NO_CERTIFICATES, base_url=running.base_url, trust_env=False, timeout=PATIENCE / 2
                ) as http:
                    body = {"username": username}
                    answer = await http.post("/client/password/forgotten", json=body)
                assert answer.status_code == 204

    running.run(while_nobody_can_write())
    mails_to(running, known.username)


def _resets(tmp_path: Path, clock: Callable[[], float] = time.monotonic) -> PasswordResets:
    """Resets that nobody carries out."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'none.db'}")
    throttle = Throttle(database, account_attempts=1, address_attempts=1)
    links = PasswordLinks(database, Passwords(), throttle)
    return PasswordResets(database, PasswordRequests(links, "http://localhost"), clock=clock)


def test_one_address_asks_so_often_whomever_it_asks_for(tmp_path: Path) -> None:
    resets = _resets(tmp_path)
    for number in range(20):
        resets.ask_for(f"person-{number}", f"2001:db8::{number}")
    with pytest.raises(Exhausted):
        resets.ask_for("nobody", "2001:db8::ffff")
    resets.ask_for("nobody", "2001:db8:0:1::1")
    resets.ask_for("nobody", "192.0.2.1")


def test_an_address_of_ipv4_is_one_also_where_ipv6_is_listened_on(tmp_path: Path) -> None:
    resets = _resets(tmp_path)
    for _ in range(20):
        resets.ask_for("nobody", "::ffff:192.0.2.1")
    for same in ("::ffff:192.0.2.1", "192.0.2.1"):
        with pytest.raises(Exhausted):
            resets.ask_for("nobody", same)
    resets.ask_for("nobody", "::ffff:192.0.2.2")


def test_who_asks_again_and_again_may_ask_when_the_time_is_over(tmp_path: Path) -> None:
    moment = 1000.0
    resets = _resets(tmp_path, lambda: moment)
    for _ in range(20):
        resets.ask_for("nobody", "192.0.2.1")
    for minutes in range(1, 10):
        moment = 1000.0 + 60 * minutes
        with pytest.raises(Exhausted) as refused:
            resets.ask_for("nobody", "192.0.2.1")
        assert refused.value.facts["retry_after"] == 600 - 60 * minutes + 1
    moment = 1601.0
    resets.ask_for("nobody", "192.0.2.1")


def test_who_cannot_be_kept_is_told_so(tmp_path: Path) -> None:
    resets = _resets(tmp_path)
    for number in range(1000):
        resets.ask_for("nobody", f"192.0.{number // 100}.{number % 100}")
    with pytest.raises(Exhausted):
        resets.ask_for("nobody", "198.51.100.1")


@pytest.mark.postgresql
def test_what_is_asked_for_while_the_database_is_away_is_sent_after(tmp_path: Path) -> None:
    with TemporaryDirectory() as directory:
        server = PostgresqlServer(Path(directory))
        server.start()
        try:
            with running_platform(tmp_path, f"postgresql+asyncpg://{server.address}") as running:
                ada = running.organization().person()
                server.stop()
                with capture_logs() as logged:
                    forget(running, ada.username)
                    deadline = time.monotonic() + 20
                    while not any("password" in str(entry) for entry in logged):
                        assert time.monotonic() < deadline, "nobody tried to write it"
                        time.sleep(0.02)
                server.start()
                mails_to(running, ada.username)
        finally:
            if server.is_running:
                server.stop()


def test_a_password_is_changed_and_every_session_ends(tenant: Tenant, running: RunningPlatform) -> None:
    ada = tenant.person()
    elsewhere = running.organization("Elsewhere")
    added = running.platform.identity.organizations.add_person(
        elsewhere.organization, username=ada.username, password=None, standing=Standing.PARTICIPANT
    )
    running.run(added)
    there = tenant.running.run(
        running.platform.identity.authentication.with_password(
            ada.username, PASSWORD, elsewhere.company_id, "192.0.2.1"
        )
    )
    signed_in = sign_in(tenant, ada, PASSWORD)
    token = signed_in.json()["accessToken"]

    wrong = change(tenant, token, "guessed")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "password_wrong")
    short = change(tenant, token, PASSWORD, "short")
    assert (short.status_code, short.json()["code"]) == (400, "bad_request")
    assert tenant.api.post("authenticationService/isAuthenticated", {"accessToken": token}).status_code == 200

    done = change(tenant, token, PASSWORD)
    assert (done.status_code, done.json()) == (200, {"username": ada.username})
    for old in (token, ada.token, there.token):
        with pytest.raises(Unauthenticated):
            running.platform.identity.signer.verify(old)
    refresh = {"refreshToken": signed_in.cookies["auth"]}
    again = tenant.api.post("authenticationService/authenticate", {"refreshTokenCredentials": refresh})
    assert again.status_code == 401
    assert change(tenant, token, NEW_PASSWORD).status_code == 401
    assert sign_in(tenant, ada, PASSWORD).status_code == 401
    signed_in = sign_in(tenant, ada, NEW_PASSWORD)
    assert change(tenant, signed_in.json()["accessToken"], PASSWORD).status_code == 403


def test_of_two_changes_at_once_one_holds(tenant: Tenant) -> None:
    ada = tenant.person()

    def attempt(new: str) -> int:
        return change(tenant, ada.token, PASSWORD, new).status_code

    with ThreadPoolExecutor(2) as at_once:
        answers = list(at_once.map(attempt, ("seven white geese", "nine white geese")))
    assert sorted(answers) in ([200, 401], [200, 403])


def test_only_people_have_a_password(tenant: Tenant, running: RunningPlatform) -> None:
    key = {
        "clientId": tenant.api_key.client_id,
        "code": tenant.api_key.code,
        "companyId": tenant.company_id,
    }
    signed_in = tenant.api.post("authenticationService/authenticate", {"authorizationCodeCredentials": key})
    assert change(tenant, signed_in.json()["accessToken"], "", NEW_PASSWORD).status_code == 403


def test_who_guesses_the_password_so_far_is_slowed_down(tmp_path: Path) -> None:
    with running_platform(tmp_path, account_attempts=3) as running:
        tenant = running.organization()
        ada = tenant.person()
        assert [change(tenant, ada.token, "guessed").status_code for _ in range(3)] == [403] * 3
        running.run(delays_last(running))
        assert change(tenant, ada.token, "guessed").status_code == 429
        assert sign_in(tenant, ada, PASSWORD).status_code == 429
