"""An organization with so much in it, on a platform in this process, and what it is asked."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from litestar.types import ASGIApp
from msgspec import Struct
from sqlalchemy import select

from benchmarks.growth_filling import SECOND, Filling, Kind, fill, room_of_link
from benchmarks.growth_rows import Size, id_of, key_of
from switchroom.identity.keys import KeyPermission
from switchroom.identity.models import Organization
from switchroom.identity.permissions import Role, Standing
from switchroom.identity.tokens import AccessToken, SubjectKind
from switchroom.platform.build import Platform
from switchroom.platform.schema import bring_up_to_date
from switchroom.rooms.notices import RoomsChanged
from switchroom.settings import DatabaseSettings, Settings

PASSWORD = "correct horse battery"
MEMBER = 1
"""The number of a person without any administration."""
LISTED = 100
_HOUR = 3600
_NAME = "The one that grew"


class AnswerError(Exception):
    """A request was refused."""


class Tenant(Struct, frozen=True):
    """An organization with very much in it, alone on a platform but for small ones. `moment` is, in
    microseconds, when it was filled."""

    platform: Platform
    app: ASGIApp
    size: Size
    organization: Organization
    permission_group_id: str
    client_id: str
    api_key: str
    meeting_key: str
    moment: int

    def token(self, person: int | None = None, *, agent: bool = False) -> str:
        """Of the person with this number, or of the agent; without one, of a program nobody has seen before,
        which may do everything."""
        subject = (
            id_of(Kind.PERSON, person) if person is not None else id_of(Kind.OTHER, time.perf_counter_ns())
        )
        administers = person in (None, 0) and not agent
        now = time.time()
        claims = AccessToken(
            organization_id=self.organization.id,
            company_id=self.organization.ulid,
            subject_id=id_of(Kind.AGENT, 0) if agent else subject,
            kind=SubjectKind.API_KEY if person is None and not agent else SubjectKind.PERSON,
            issued_at=now,
            expires_at=int(now) + 4 * _HOUR,
            administration=int(Standing.ADMINISTRATOR.administration) if administers else 0,
            display_name="Bench",
        )
        return self.platform.identity.signer.sign(claims)

    async def forget_lists(self) -> None:
        """As after any change of a room."""
        await self.platform.storage.bus.publish(RoomsChanged(self.organization.id))

    def person_id(self, number: int) -> str:
        return id_of(Kind.PERSON, number)

    def room_id(self, number: int) -> str:
        """Of the number-th room; one in ten, beginning with 0, is a department."""
        return id_of(Kind.ROOM, number)

    def link_key(self, number: int) -> str:
        return key_of(Kind.LINK, number, 32)

    def link_room(self, number: int) -> str:
        return self.room_id(room_of_link(number, self.size))

    async def v1(self, path: str, token: str = "", **fields: object) -> Any:
        """A call of the v1 API."""
        access = {"accessInfo": {"accessToken": token}} if token else {}
        return await self.ask("POST", f"/json/v1/{path}", {**access, **fields})

    async def client(self, path: str, token: str, **fields: object) -> Any:
        """A call of the browser's own API."""
        return await self.ask("POST", f"/client/{path}", {"accessToken": token, **fields})

    async def v6(
        self, method: str, path: str, body: object = None, *, of_organizer: bool = True, query: str = ""
    ) -> Any:
        """A call of the Web Meeting API, in the organizer's name."""
        headers = {"x-api-key": self.meeting_key}
        if of_organizer:
            headers["x-user-id"] = key_of(Kind.PERSON, 0, 24)
        return await self.ask(method, f"/api/v6{path}", body, headers, query)

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        query: str = "",
    ) -> Any:
        """What the platform answers, in this process: everything but the socket. Raises AnswerError."""
        content = b"" if body is None else msgspec.json.encode(body)
        scope: Any = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": quote(path).encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(content)).encode()),
                *((name.encode(), value.encode()) for name, value in (headers or {}).items()),
            ],
            "client": ("192.0.2.1", 0),
            "server": ("127.0.0.1", 80),
            "extensions": {},
        }
        status, received = 0, b""

        async def receive() -> Any:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status, received
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                received += message.get("body", b"")

        await self.app(scope, receive, send)
        if not 200 <= status < 300:
            raise AnswerError(f"{method} {path}: {status} {received[:500]!r}")
        return received


@asynccontextmanager
async def filled_tenant(
    directory: Path, size: Size, url: str = "", *, whole: bool = True
) -> AsyncGenerator[Tenant]:
    """The organization of a platform on the database at `url`, without one on SQLite in `directory`, which is
    filled when it is empty; unless `whole`, without links, events and deliveries. No background work is going
    on."""
    settings = Settings(data=str(directory), database=DatabaseSettings(url=url))
    platform = Platform(settings)
    try:
        await bring_up_to_date(platform.storage.database)
        async with platform.storage.database.read(None) as session:
            is_empty = await session.scalar(select(Organization.id).limit(1)) is None
        if is_empty:
            await platform.found_organization(_NAME)
        organization = await platform.identity.organizations.find(_NAME)
        client_id = f"bench {time.time_ns()}"
        tenant = Tenant(
            platform=platform,
            app=platform.asgi(),
            size=size,
            organization=organization,
            permission_group_id=await _participants(platform, organization),
            client_id=client_id,
            api_key=await platform.identity.api_keys.create(organization, client_id),
            meeting_key=await platform.identity.keys.create(
                "bench", KeyPermission.ACCOUNT | KeyPermission.MEETING
            ),
            moment=int(organization.created_at.timestamp()) * SECOND,
        )
        if is_empty:
            filling = Filling(
                size=size,
                organization_id=organization.id,
                permission_group_id=tenant.permission_group_id,
                password_hash=await platform.identity.passwords.hash_chosen(PASSWORD),
                moment=tenant.moment,
                whole=whole,
            )
            await fill(platform.storage.database, filling)
        yield tenant
    finally:
        platform.identity.passwords.close()
        await platform.storage.database.close()


async def _participants(platform: Platform, organization: Organization) -> str:
    claims = AccessToken(organization.id, organization.ulid, "", SubjectKind.API_KEY, 0, 0, 0, "")
    groups = await platform.identity.organizations.permission_groups(claims)
    return next(group.id for group in groups if group.role == Role.PARTICIPANT)
