"""Calls of every API that ask the database something, and answers to them while it is away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex
from typing import Any

import httpx
from msgspec import Struct

from tests.dialects.telephony_v3.client import Api
from tests.dialects.webmeeting_v6.client import Account
from tests.meetings.planning import plan
from tests.platform import PASSWORD, RunningPlatform

LIMIT = 60.0
AT_ONCE = 28
"""Calls at once: more than there are connections to a database."""


class Call(Struct, frozen=True):
    """A request, and whether it writes."""

    method: str
    path: str
    body: Any = None
    """What is sent, or a function that makes it, where each time needs another."""

    headers: dict[str, str] = {}
    writes: bool = False

    def send(self, http: httpx.Client) -> httpx.Response:
        body = self.body() if callable(self.body) else self.body
        return http.request(self.method, self.path, json=body, headers=self.headers, timeout=LIMIT)


def of_every_api(running: RunningPlatform) -> Sequence[Call]:
    """Calls of an organization, a meeting account and a guest, all of which are good."""
    tenant, account = running.organization(), Account(running)
    room_id, person = tenant.room(), tenant.administrator
    link, planned = tenant.group_link(room_id), plan(tenant)
    phones = {"x-auth-token": Api.of(running, tenant.organization).token}
    credentials = {"username": person.username, "password": PASSWORD}
    access = {"requestId": "test", "accessToken": tenant.token}
    v6 = {"x-api-key": account.instance.key, "x-user-id": account.user_id}
    meeting = account.api.meeting()
    password = {
        "usernamePasswordCredentials": {
            "username": person.username,
            "password": PASSWORD,
            "companyId": tenant.company_id,
        }
    }
    guest = {
        "companyId": tenant.company_id,
        "roomId": room_id,
        "accessKey": link["accessKey"],
        "displayName": "Grace",
    }
    room = {
        "displayName": "New",
        "type": "ROOM_TYPE_ROOM",
        "mode": "ROOM_MODE_NORMAL",
        "defaultPermissions": {"role": "ROLE_PARTICIPANT"},
    }

    def v1(path: str, *, writes: bool = False, **fields: object) -> Call:
        return Call("POST", f"/json/v1/{path}", {"accessInfo": access, **fields}, writes=writes)

    return [
        Call("POST", "/json/v1/authenticationService/authenticate", password, writes=True),
        Call("POST", "/json/v1/guestService.v2/authenticate", guest),
        v1("roomService/permissions", roomId=room_id),
        v1("roomService/create", room=room, writes=True),
        v1("guestService.v2/listGroupLinks", roomId=room_id),
        v1("quotaService/info", quotaId="unknown"),
        v1("userService/list"),
        Call("GET", "/api/v6/account", headers=v6),
        Call("GET", "/api/v6/meeting", headers=v6),
        Call("GET", f"/api/v6/meeting/{meeting['id']}", headers=v6),
        Call("PUT", f"/api/v6/account/{account.id}", {"accountName": "New"}, v6, writes=True),
        Call("GET", account.admin["icsPath"]),
        Call("PUT", "/v3.0/auth/user", {"data": credentials}, writes=True),
        Call("GET", "/v3.0/events", headers=phones),
        Call("GET", "/v3.0/events?type=room.*&from=1700000000", headers=phones),
        Call("GET", "/v3.0/users", headers=phones),
        Call("PUT", "/v3.0/users", _user, phones, writes=True),
        Call("PUT", "/v3.0/menus", {"data": {"name": "New"}}, phones, writes=True),
        Call("GET", "/v3.0/devices", headers=phones),
        Call("GET", "/v3.0/calls_history/all", headers=phones),
        Call("GET", "/v3.0/webhooks", headers=phones),
        *_of_pages(
            running,
            {
                "accessToken": tenant.token,
                "accessKey": link["accessKey"],
                "companyId": tenant.company_id,
                "roomId": room_id,
                "number": planned.number,
                "colour": "#336699",
                "from": "2027-01-01T00:00:00Z",
                "url": "https://hooks.invalid/",
                "meeting": {"topic": "New", "start": "2027-01-01T10:00:00", "minutes": 30, "timezone": "UTC"},
            },
            {
                "/client/branding": {"companyId": tenant.company_id},
                "/client/meeting/enter": {"displayName": "Grace"},
                "/client/keys/create-api-key": {"permissions": ["ROOM_LIST"]},
            },
        ),
        Call("POST", "/client/sign-out", headers={"cookie": "auth=unknown"}),
        Call("GET", "/recordings/65f0c0ffee65f0c0ffee65f0/unknown"),
    ]


LEFT_OUT: Mapping[str, str] = {
    "/client/config": "it asks no database",
    "/client/openapi.json": "it asks no database",
    "/client/meetings/terms": "it asks no database",
    "/client/password/forgotten": "it tells nobody whether there is such a person, and writes later",
    "/client/password/change": "the token is good no more after it",
    "/client/sessions/end-others": "the token is good no more after it",
    "/client/sign-out": "it stands by itself, with a cookie",
}
"""Operations of pages that are not called, and why."""


def _of_pages(
    running: RunningPlatform, known: Mapping[str, object], further: Mapping[str, Mapping[str, object]]
) -> Sequence[Call]:
    """Calls of each operation of pages, with what their messages must have: what is known, and else values
    of nothing that there is. What is said further of some stands by their paths."""
    document = running.http.get("/client/openapi.json").json()
    schemas: Mapping[str, Any] = document["components"]["schemas"]

    def value(name: str, schema: Mapping[str, Any]) -> object:
        if name in known:
            return known[name]
        schema = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        if "enum" in schema:
            return schema["enum"][0]
        match schema["type"]:
            case "object":
                fields: Mapping[str, Any] = schema["properties"]
                return {field: value(field, fields[field]) for field in schema.get("required", ())}
            case "array":
                return [value("", schema["items"])]
            case "integer":
                return 4711
            case "boolean":
                return True
            case _:
                return "unknown"

    def message(path: str, operation: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if "requestBody" not in operation:
            return None
        (content,) = operation["requestBody"]["content"].values()
        said: Any = value("", content["schema"])
        return {**said, **further.get(path, {})}

    return [
        Call(method.upper(), path.format(company_id=known["companyId"]), message(path, operation))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if path not in LEFT_OUT
    ]


def _user() -> dict[str, dict[str, str]]:
    return {"data": {"username": f"{token_hex(6)}@example.org", "first_name": "Ada", "last_name": "New"}}


def answers(http: httpx.Client, calls: Sequence[Call]) -> list[tuple[Call, httpx.Response]]:
    """Their answers, of which many are asked at once."""

    def ask(call: Call) -> httpx.Response:
        return call.send(http)

    with ThreadPoolExecutor(min(len(calls), AT_ONCE)) as threads:
        return list(zip(calls, threads.map(ask, calls), strict=True))


def reason_of(response: httpx.Response) -> str:
    """What an answer says is the matter, in the place that each API has for it."""
    if response.headers["content-type"].startswith("text/plain"):
        return response.text.strip()
    body = response.json()
    return body.get("message") or body.get("responseMessage") or body["error"]["message"]
