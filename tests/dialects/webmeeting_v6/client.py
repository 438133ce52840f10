"""A client of the Web Meeting API, and an account made with it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import select

from switchroom.identity.keys import KeyPermission
from switchroom.identity.models import PermissionGroup
from tests import schemas
from tests.platform import RunningPlatform

BASE = "/api/v6"
EVERYTHING = KeyPermission.ACCOUNT | KeyPermission.MEETING
_HTTP_STATUS = {-1: {401}, -2: {401}, -3: {403}, -4: {400, 413}, -5: {404, 405}, -10: {409}}


_LONGEST_PART = 1000


class Client:
    """Calls with one key, in the name of one organizer where `user` is given. What comes back is held against
    the API's own documentation."""

    def __init__(self, running: RunningPlatform, key: str = "", *, user: str = "", email: str = "") -> None:
        self.running = running
        self.key = key
        self._headers = {
            name: value
            for name, value in (("x-api-key", key), ("x-user-id", user), ("x-user-email", email))
            if value
        }

    def named(self, *, user: str = "", email: str = "") -> Client:
        """The same key, in the name of somebody else."""
        return Client(self.running, self.key, user=user, email=email)

    def send(
        self, method: str, path: str, body: object = None, *, language: str = "", **query: Any
    ) -> httpx.Response:
        """The response, whatever it is. A body of bytes or text is sent as it is."""
        headers = {**self._headers, **({"accept-language": language} if language else {})}
        content: dict[str, Any] = {}
        if isinstance(body, (bytes, str)):
            content["content"] = body
        elif body is not None:
            content["json"] = body
        parameters = {name.rstrip("_"): str(value) for name, value in query.items()}
        response = self.running.http.request(
            method, BASE + path, headers=headers, params=parameters or None, **content
        )
        schemas.check(self.running.http, f"{BASE}/documentation/swagger", response)
        return response

    def call(self, method: str, path: str, body: object = None, *, language: str = "", **query: Any) -> Any:
        """What stands under `data` of a reply that says success."""
        response = self.send(method, path, body, language=language, **query)
        reply = response.json()
        assert (response.status_code, reply["responseCode"]) == (200, 0), reply
        assert list(reply) == ["responseCode", "data"]
        return reply["data"]

    def refused(
        self, method: str, path: str, body: object = None, *, language: str = "", **query: Any
    ) -> Refusal:
        response = self.send(method, path, body, language=language, **query)
        return Refusal(response)

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, **query)

    def every(self, path: str) -> list[Any]:
        """All parts of a list, however long it is: the platform is that of many tests."""
        found: list[Any] = []
        while part := self.get(path, limit=_LONGEST_PART, offset=len(found)):
            found += part
        return found

    def post(self, path: str, body: object = None) -> Any:
        return self.call("POST", path, body)

    def put(self, path: str, body: object) -> Any:
        return self.call("PUT", path, body)

    def delete(self, path: str) -> Any:
        return self.call("DELETE", path)

    def meeting(self, topic: str = "Planning", **fields: object) -> dict[str, Any]:
        """A new meeting, tomorrow for an hour unless said."""
        start = tomorrow()
        times = {"startTime": text_of(start), "endTime": text_of(start + timedelta(hours=1))}
        if "startTime" in fields and "endTime" not in fields:
            del times["endTime"]
        return self.post("/meeting", {"topic": topic, **times, **fields})


class Refusal:
    """The body of an error, checked for its form."""

    def __init__(self, response: httpx.Response) -> None:
        body = response.json()
        assert list(body) == ["responseCode", "responseMessage", "data"], body
        assert body["responseCode"] in _HTTP_STATUS, body
        assert response.status_code in _HTTP_STATUS[body["responseCode"]], (response.status_code, body)
        assert response.headers["content-type"] == "application/json"
        assert body["responseMessage"]
        self.code: int = body["responseCode"]
        self.message: str = body["responseMessage"]
        self.fields: dict[str, str] = {}
        for one in body["data"] or ():
            assert set(one) == {"field", "reason"}
            assert one["reason"]
            self.fields[one["field"]] = one["reason"]
        assert self.code == -4 or body["data"] is None

    def __repr__(self) -> str:
        return f"{self.code} {self.message} {self.fields}"


class Account:
    """An account made over HTTP, with the keys to work on it."""

    def __init__(self, running: RunningPlatform, **fields: object) -> None:
        self.running = running
        self.instance = Client(running, instance_key(running))
        self.email = f"{secrets.token_hex(6)}@example.org"
        wish = {
            "adminEmail": self.email,
            "adminFirstname": "Ada",
            "adminLastname": "Admin",
            "adminPreferredLanguage": "en",
            **fields,
        }
        self.made = self.instance.post("/account", wish)
        self.id: str = self.made["id"]
        (self.admin,) = self.instance.get(f"/account/admin/{self.id}")
        self.user_id: str = self.admin["id"]
        self.api = self.instance.named(user=self.user_id)
        """An instance's key, in the name of the account's admin."""
        self.organization = running.run(running.platform.meetings.accounts.get(self.id)).organization

    def key(self, permissions: KeyPermission = EVERYTHING) -> str:
        """A new key of this account."""
        platform = self.running.platform
        return self.running.run(platform.identity.keys.create("account", permissions, self.organization))

    def own(self, **names: str) -> Client:
        """A client with a key of this account."""
        return Client(self.running, self.key(), **names)

    def organizer(self, **fields: object) -> dict[str, Any]:
        wish = {"email": f"{secrets.token_hex(6)}@example.org", "firstName": "Otto", **fields}
        return self.instance.post(f"/account/{self.id}/organizer", wish)

    def change(self, **fields: object) -> dict[str, Any]:
        return self.instance.put(f"/account/{self.id}", fields)

    def permission_groups(self) -> dict[str, str]:
        """The ids of the organization's permission groups, by name."""

        async def read() -> dict[str, str]:
            async with self.running.platform.storage.database.read(self.organization.id) as session:
                return {group.name: group.id for group in await session.scalars(select(PermissionGroup))}

        return self.running.run(read())

    def stop_paying(self) -> None:
        self.change(paidUntil="2020-01-01T00:00:00.000Z")


def instance_key(running: RunningPlatform, permissions: KeyPermission = EVERYTHING) -> str:
    return running.run(running.platform.identity.keys.create("test", permissions))


def tomorrow(hour: int = 9) -> datetime:
    day = datetime.now(UTC) + timedelta(days=1)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def text_of(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def invited(email: str, **fields: object) -> dict[str, object]:
    return {"email": email, **fields}
