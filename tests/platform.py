"""Builders: a running platform, an organization with its people, and a client of the v1 API."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Coroutine, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
from msgspec import Struct
from sqlalchemy import update

from switchroom.identity.models import Organization, Person
from switchroom.identity.permissions import Standing
from switchroom.identity.tokens import AccessToken
from switchroom.platform.build import Platform
from switchroom.rooms.models import QuotaSet
from switchroom.settings import (
    DatabaseSettings,
    EventSettings,
    SecuritySettings,
    Settings,
    TelephonySettings,
)
from tests import schemas
from tests.plain_http import NO_CERTIFICATES
from tests.ports import free_port

T = TypeVar("T")
_LIMIT = 120.0
PASSWORD = "correct horse battery"


class RunningPlatform:
    """The real application on a real port, in an event loop and a thread of its own."""

    def __init__(self, platform: Platform, loop: asyncio.AbstractEventLoop) -> None:
        self.platform = platform
        self.loop = loop
        self.base_url = platform.settings.base_url
        self.http = httpx.Client(
            verify=NO_CERTIFICATES, base_url=self.base_url, timeout=_LIMIT, trust_env=False
        )

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Await `work` in the platform's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(_LIMIT)

    def organization(self, name: str = "Acme") -> Tenant:
        """A new organization with an administrator and an API key."""
        organization = self.run(self.platform.found_organization(name))
        code = self.run(self.platform.identity.api_keys.create(organization, "integration"))
        return Tenant(self, organization, ApiKey("integration", code))


class ApiKey(Struct, frozen=True):
    client_id: str
    code: str


class Account(Struct, frozen=True):
    """A person of an organization who can sign in."""

    id: str
    username: str
    password: str
    token: str


class Tenant:
    """An organization made for one test."""

    def __init__(self, running: RunningPlatform, organization: Organization, api_key: ApiKey) -> None:
        self.running = running
        self.organization = organization
        self.company_id = organization.ulid
        self.api_key = api_key
        self.api = Api(running, self)
        self._administrator: Account | None = None

    @property
    def administrator(self) -> Account:
        if self._administrator is None:
            self._administrator = self.person(Standing.ADMINISTRATOR, first_name="Ada", last_name="Admin")
        return self._administrator

    @property
    def token(self) -> str:
        """The administrator's access token."""
        return self.administrator.token

    def person(
        self, standing: Standing = Standing.PARTICIPANT, *, first_name: str = "Pat", last_name: str = "Person"
    ) -> Account:
        username = f"{secrets.token_hex(6)}@example.org"
        person = self.running.run(
            self.running.platform.identity.organizations.add_person(
                self.organization,
                username=username,
                password=PASSWORD,
                standing=standing,
                first_name=first_name,
                last_name=last_name,
            )
        )
        return self.sign_in(person)

    def sign_in(self, person: Person) -> Account:
        signed_in = self.running.run(
            self.running.platform.identity.authentication.with_password(
                person.username, PASSWORD, self.company_id, "192.0.2.1"
            )
        )
        return Account(person.id, person.username, PASSWORD, signed_in.token)

    def claims(self, account: Account) -> AccessToken:
        return self.running.platform.identity.signer.verify(account.token)

    def room(self, name: str = "Lounge", **fields: object) -> str:
        """The id of a new room that everybody of the organization may enter as a participant."""
        wish = {
            "displayName": name,
            "type": "ROOM_TYPE_ROOM",
            "mode": "ROOM_MODE_NORMAL",
            "defaultPermissions": {"role": "ROLE_PARTICIPANT"},
            **fields,
        }
        return self.api("roomService/create", room=wish)["roomId"]

    def department(self, name: str = "Sales", **fields: object) -> str:
        return self.room(name, type="ROOM_TYPE_DEPARTMENT", **fields)

    def limit_rooms(self, quota_name: str, number: int) -> None:
        """Allow so many rooms of this size."""

        async def write() -> None:
            async with self.running.platform.storage.database.write(self.organization.id) as session:
                change = update(QuotaSet).where(QuotaSet.name == quota_name)
                await session.execute(change.values(room_limit=number))

        self.running.run(write())

    def permission_group(self, name: str = "Participant") -> str:
        groups = self.api("businessLogicService/permissionGroups/list")["permissionGroups"]
        return next(group_id for group_id, group in groups.items() if group["name"] == name)

    def group_link(self, room_id: str, group: str = "Participant", **fields: object) -> dict[str, Any]:
        wish = {"description": "Everybody", "permissionGroupId": self.permission_group(group), **fields}
        reply = self.api("guestService.v2/createGroupLinks", roomId=room_id, groupLinkCreations=[wish])
        return reply["groupLinks"][0]

    def guest_link(self, room_id: str, group: str = "Participant", **fields: object) -> dict[str, Any]:
        wish = {
            "displayName": "Grace Guest",
            "email": "grace@example.org",
            "permissionGroupId": self.permission_group(group),
            **fields,
        }
        reply = self.api("guestService.v2/createGuestLinks", roomId=room_id, guestLinkCreations=[wish])
        return reply["guestLinks"][0]


class Api:
    """Calls of the v1 API. Called as a function it expects success and returns the reply. What comes back is
    held against the API's own documentation."""

    def __init__(self, running: RunningPlatform, tenant: Tenant) -> None:
        self._running = running
        self._tenant = tenant

    def __call__(self, path: str, *, token: str | None = None, **fields: object) -> dict[str, Any]:
        response = self.send(path, token=token, **fields)
        assert response.status_code == 200, response.text
        reply = response.json()
        assert reply["replyInfo"]["statusMessage"] == "OK"
        return reply

    def refused(self, path: str, *, token: str | None = None, **fields: object) -> dict[str, Any]:
        """The body of an error, which has the form that all errors have."""
        return refusal(self.send(path, token=token, **fields))

    def send(self, path: str, *, token: str | None = None, **fields: object) -> httpx.Response:
        access = {"requestId": "test", "accessToken": self._tenant.token if token is None else token}
        return self.post(path, {"accessInfo": access, **fields})

    def post(self, path: str, body: object, **options: Any) -> httpx.Response:
        content: dict[str, Any] = {"content" if isinstance(body, (bytes, str)) else "json": body}
        response = self._running.http.post(f"/json/v1/{path}", **content, **options)
        schemas.check(self._running.http, "/json/v1/documentation/swagger", response)
        return response


_HTTP_STATUS = {3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 12: 501, 13: 500, 14: 503, 16: 401}


def refusal(response: httpx.Response) -> dict[str, Any]:
    """The error body, checked for its form."""
    body = response.json()
    assert set(body) == {"code", "message", "details"}, body
    assert response.status_code == _HTTP_STATUS[body["code"]], body
    assert response.headers["content-type"] == "application/json"
    (detail,) = body["details"]
    assert set(detail) == {"@type", "requestId", "statusCode", "statusMessage"}
    assert detail["@type"] == "type.googleapis.com/common.ReplyInfo"
    assert detail["requestId"]
    assert detail["statusMessage"] == body["message"]
    return body


@contextmanager
def running_platform(
    data: Path,
    database_url: str = "",
    *,
    engines: bool = False,
    webhook_networks: Sequence[str] = (),
    telephony: TelephonySettings | None = None,
    **security: Any,
) -> Generator[RunningPlatform]:
    """A platform while the block runs; with `engines`, also with its media server, and with telephones where
    they are set up: only one can have the port of SIP."""
    settings = Settings(
        host="127.0.0.1",
        port=free_port(),
        data=str(data),
        database=DatabaseSettings(url=database_url),
        security=SecuritySettings(**security),
        events=EventSettings(webhook_networks=list(webhook_networks)),
        telephony=telephony or TelephonySettings(enabled=False),
    )
    platform = Platform(settings, engines=engines)
    ready: threading.Event = threading.Event()
    failure: list[BaseException] = []
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with platform.running(), platform.online():
            ready.set()
            await stop.wait()

    def work() -> None:
        try:
            loop.run_until_complete(serve())
        except BaseException as error:
            failure.append(error)
            raise
        finally:
            ready.set()
            loop.close()

    thread = threading.Thread(target=work, name="platform")
    thread.start()
    assert ready.wait(_LIMIT), "the platform did not start"
    if failure:
        raise failure[0]
    running = RunningPlatform(platform, loop)
    try:
        yield running
    finally:
        running.http.close()
        loop.call_soon_threadsafe(stop.set)
        thread.join(_LIMIT)
        assert not thread.is_alive(), "the platform did not stop"
