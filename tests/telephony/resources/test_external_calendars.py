"""External calendars: fetched with limits, kept when their server fails, asked for only what is new."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import select, update

from switchroom.bus import Bus
from switchroom.db.clock import clock
from switchroom.db.database import Database
from switchroom.events.webhooks.outbound import Outbound
from switchroom.identity.models import Organization
from switchroom.identity.secrets import Passwords
from switchroom.telephony.calls.rows import AccountRows
from switchroom.telephony.resources.actor import Actor, Level
from switchroom.telephony.resources.calendar_fetching import CalendarFetching
from switchroom.telephony.resources.calendars import Calendar, Calendars, ExternalCalendar
from switchroom.telephony.resources.service import Resources
from switchroom.telephony.resources.vault import Vault
from tests.telephony.calls.office import ALWAYS

LOOPBACK = ("127.0.0.0/8",)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class CalendarServer:
    """Somebody's web server, which answers as it is told to."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[web.Request] = []
        self.answer: Handler = self.calendar
        self.ics = ALWAYS

    async def calendar(self, request: web.Request) -> web.StreamResponse:
        etag = f'"{len(self.ics)}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304)
        return web.Response(text=self.ics, content_type="text/calendar", headers={"ETag": etag})

    async def _take(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        return await self.answer(request)

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[CalendarServer]:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._take)
        runner: Any = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()


class Account:
    """An account whose opening hours are a calendar from elsewhere."""

    def __init__(self, database: Database, organization_id: int) -> None:
        self.database = database
        self.kind = Calendars()
        self.resources = Resources(database, Passwords(), Vault(b"secret"), [self.kind], "example.org")
        self.actor = Actor(organization_id, Level.ADMIN)

    async def make(self, url: str) -> int:
        draft = Calendar(name="Hours", is_external_calendar=True, url=url)
        return (await self.resources.make(self.actor, self.kind, draft))["id"]

    async def fetch(self, allowed: tuple[str, ...] = LOOPBACK, limit: float = 60.0) -> None:
        """Fetch all that is due."""
        outbound = Outbound(allowed, timeout=limit)
        fetching = CalendarFetching(self.database, outbound, Bus())
        try:
            for job in await fetching.claim(10):
                await fetching.do(job)
        finally:
            await outbound.close()

    async def let_time_pass(self) -> None:
        async with self.database.write(None) as session:
            await session.execute(update(ExternalCalendar).values(due_at=clock(timedelta(seconds=-1))))

    async def due_in(self) -> timedelta:
        outbound = Outbound((), timeout=1)
        due = await CalendarFetching(self.database, outbound, Bus()).due_in()
        assert due is not None
        return due

    async def view(self, id_: int) -> dict[str, Any]:
        return await self.resources.read(self.actor, self.kind, id_)

    async def hours(self, id_: int) -> str:
        """The text that a call reads."""
        async with self.database.read(self.actor.organization_id) as session:
            rows = AccountRows(session, self.actor.organization_id, {"calendars": self.kind})
            return (await rows.calendar_texts([id_])).get(id_, "")


@pytest.fixture
async def account(database_url: str) -> AsyncGenerator[Account]:
    database = Database(database_url)
    async with database.write(None) as session:
        organization = Organization(ulid="0" * 26, display_name="Acme")
        session.add(organization)
        await session.flush()
    yield Account(database, organization.id)
    await database.close()


@pytest.fixture
async def server() -> AsyncGenerator[CalendarServer]:
    async with CalendarServer().listening() as server:
        yield server


async def test_a_calendar_is_fetched_and_asked_for_what_is_new(
    account: Account, server: CalendarServer
) -> None:
    id_ = await account.make(f"{server.url}/hours.ics")
    assert (await account.view(id_))["fetched_at"] is None
    assert await account.hours(id_) == ""
    await account.fetch()
    assert await account.hours(id_) == ALWAYS
    view = await account.view(id_)
    assert (view["problem"], view["fetched_at"] is not None, view["ics"]) == ("", True, "")
    assert timedelta(minutes=59) < await account.due_in() < timedelta(minutes=67)

    await account.let_time_pass()
    await account.fetch()
    assert server.asked[1].headers["If-None-Match"] == f'"{len(ALWAYS)}"'
    assert await account.hours(id_) == ALWAYS
    server.ics = ALWAYS.replace("UID:1", "UID:another")
    await account.let_time_pass()
    await account.fetch()
    assert await account.hours(id_) == server.ics
    assert len(server.asked) == 3


async def test_what_was_fetched_stays_while_its_server_fails(
    account: Account, server: CalendarServer
) -> None:
    id_ = await account.make(f"{server.url}/hours.ics")
    await account.fetch()
    fetched_at = (await account.view(id_))["fetched_at"]
    waits: list[timedelta] = []

    async def fails(reply: Handler, problem: str, limit: float = 60.0) -> None:
        server.answer = reply
        await account.let_time_pass()
        await account.fetch(limit=limit)
        view = await account.view(id_)
        assert problem in view["problem"]
        assert view["fetched_at"] == fetched_at
        assert await account.hours(id_) == ALWAYS
        waits.append(await account.due_in())

    def says(**answer: Any) -> Handler:
        async def reply(request: web.Request) -> web.StreamResponse:
            return web.Response(**answer)

        return reply

    async def hangs(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    async def never_ends(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * 65536)

    async def goes_round(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"{server.url}/again")

    await fails(says(status=503), "status 503")
    await fails(says(status=404), "status 404")
    await fails(says(text="<html>"), "not an iCalendar")
    await fails(says(body=b"\xff\xfe"), "not in UTF-8")
    await fails(hangs, "no answer within 0.5 s", 0.5)
    await fails(never_ends, "more than 400000 bytes")
    await fails(goes_round, "too many redirects")
    assert waits[0] < timedelta(minutes=6) < waits[1] < timedelta(minutes=12) < waits[2]
    assert waits[-1] < timedelta(minutes=67)

    server.answer = server.calendar
    await account.let_time_pass()
    await account.fetch()
    assert (await account.view(id_))["problem"] == ""


async def test_redirects_are_followed_where_they_may_lead(account: Account, server: CalendarServer) -> None:
    async def elsewhere(request: web.Request) -> web.StreamResponse:
        if request.path == "/moved":
            raise web.HTTPMovedPermanently("/hours.ics")
        if request.path == "/inside":
            raise web.HTTPFound("http://[::1]:1/secret")
        if request.path == "/file":
            raise web.HTTPFound("file:///etc/passwd")
        return await server.calendar(request)

    server.answer = elsewhere
    moved, inside, file = [await account.make(f"{server.url}/{name}") for name in ("moved", "inside", "file")]
    await account.fetch()
    assert await account.hours(moved) == ALWAYS
    assert "::1 is not a public address" in (await account.view(inside))["problem"]
    assert "not one of HTTP" in (await account.view(file))["problem"]


async def test_no_private_address_is_asked(account: Account, server: CalendarServer) -> None:
    id_ = await account.make(f"{server.url}/hours.ics")
    await account.fetch(allowed=())
    assert "127.0.0.1 is not a public address" in (await account.view(id_))["problem"]
    assert server.asked == []


async def test_another_address_is_another_calendar(account: Account, server: CalendarServer) -> None:
    id_ = await account.make(f"{server.url}/hours.ics")
    await account.fetch()
    await account.resources.change(account.actor, account.kind, id_, {"name": "Opening hours"})
    assert await account.hours(id_) == ALWAYS
    await account.resources.change(account.actor, account.kind, id_, {"url": f"{server.url}/other.ics"})
    assert await account.hours(id_) == ""
    await account.fetch()
    assert (server.asked[-1].path, await account.hours(id_)) == ("/other.ics", ALWAYS)
    await account.resources.change(account.actor, account.kind, id_, {"is_external_calendar": False})
    assert await account.hours(id_) == ""
    await account.resources.delete(account.actor, account.kind, id_)
    async with account.database.read(None) as session:
        assert (await session.scalars(select(ExternalCalendar.id))).all() == []
