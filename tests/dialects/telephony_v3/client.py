"""A program that reads the events log as the API's page says."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from switchroom.identity.keys import KeyPermission
from switchroom.identity.models import Organization
from tests import schemas
from tests.platform import RunningPlatform

LIMIT = 60.0
DOCUMENT = "/v3.0/documentation/swagger"


class Reader:
    """Calls with a token, which may be none."""

    def __init__(self, running: RunningPlatform, token: str = "") -> None:
        self.running = running
        self.token = token

    @classmethod
    def of(cls, running: RunningPlatform, organization: Organization | None) -> Reader:
        """With a new key for the events of an account, or for those of all."""
        key = running.run(running.platform.identity.keys.create("reader", KeyPermission.EVENTS, organization))
        return cls(running, sign_in(running, key)["auth_token"])

    def get(self, path: str = "/events", **query: Any) -> httpx.Response:
        query = {name.rstrip("_"): value for name, value in query.items()}
        headers = {"X-Auth-Token": self.token} if self.token else {}
        answer = self.running.http.get(f"/v3.0{path}", params=query, headers=headers)
        schemas.check(self.running.http, DOCUMENT, answer)
        return answer

    def events(self, **query: Any) -> list[dict[str, Any]]:
        answer = self.get(**query)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def refused(self, **query: Any) -> tuple[int, dict[str, Any]]:
        answer = self.get(**query)
        return answer.status_code, answer.json()["error"]

    @contextmanager
    def socket(self) -> Generator[Follower]:
        address = self.running.base_url.replace("http://", "ws://") + "/v3.0/websockets/events"
        with connect(address, open_timeout=LIMIT, proxy=None) as connection:
            yield Follower(connection, self.token)


class Api:
    """Calls of the configuration with a token, which may be none. What is answered is held against the API's
    own document."""

    def __init__(self, running: RunningPlatform, token: str = "", **query: Any) -> None:
        self.running = running
        self.token = token
        self._query = query

    @classmethod
    def of(cls, running: RunningPlatform, organization: Organization | None, **query: Any) -> Api:
        """With a new key for the telephony of an account, or of all."""
        permissions = KeyPermission.TELEPHONY | KeyPermission.EVENTS
        key = running.run(running.platform.identity.keys.create("telephony", permissions, organization))
        return cls(running, sign_in(running, key)["auth_token"], **query)

    def send(self, method: str, path: str, data: Any = None, **query: Any) -> httpx.Response:
        headers = {"X-Auth-Token": self.token} if self.token else {}
        content = None if data is None else json.dumps({"data": data})
        answer = self.running.http.request(
            method, f"/v3.0{path}", content=content, headers=headers, params={**self._query, **query}
        )
        schemas.check(self.running.http, DOCUMENT, answer)
        return answer

    def __call__(self, method: str, path: str, data: Any = None, **query: Any) -> Any:
        """What is under `data` of an answer that is one of success."""
        answer = self.send(method, path, data, **query)
        assert answer.status_code == 200, f"{method} {path}: {answer.text}"
        return answer.json()["data"]

    def refused(self, method: str, path: str, data: Any = None, **query: Any) -> tuple[int, dict[str, str]]:
        """The status of an error, and the fields that it names."""
        answer = self.send(method, path, data, **query)
        error = answer.json()["error"]
        assert isinstance(error["details"], str)
        return answer.status_code, error["fields"]

    def make(self, kind: str, **data: Any) -> int:
        """The id of a new one."""
        return self("PUT", f"/{kind}", data)["id"]


class Follower:
    """One WebSocket."""

    def __init__(self, connection: ClientConnection, token: str) -> None:
        self.connection = connection
        self._token = token

    def send(self, **message: Any) -> None:
        self.connection.send(json.dumps(message))

    def subscribe(self, *bindings: str, **data: Any) -> dict[str, Any]:
        """The reply."""
        self.send(
            action="subscribe", auth_token=self._token, request_id="7", data={"bindings": bindings, **data}
        )
        return self.next()

    def next(self) -> dict[str, Any]:
        return json.loads(self.connection.recv(LIMIT))


def sign_in(running: RunningPlatform, api_key: str) -> dict[str, Any]:
    answer = running.http.put("/v3.0/auth/account", content=json.dumps({"data": {"api_key": api_key}}))
    schemas.check(running.http, DOCUMENT, answer)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]
