"""Every operation of pages, called by those who may not: nothing is told, nothing changes."""

from __future__ import annotations

import json
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from msgspec import structs

from switchroom.identity.permissions import Standing
from tests.dialects.client.test_people import ask
from tests.meetings.planning import plan
from tests.platform import RunningPlatform, Tenant

OF_ONESELF = {
    "/client/rooms": "rooms of the caller's organization that the caller may see",
    "/client/meetings": "meetings that the caller is invited to",
    "/client/meetings/list": "meetings that the caller is invited to",
    "/client/meetings/create": "everybody with an account makes meetings",
    "/client/meetings/terms": "what meetings may be like",
    "/client/meetings/feed": "the caller's own calendar",
    "/client/recordings/list": "recordings that the caller may see",
    "/client/password/change": "the caller's own password",
    "/client/sessions": "the caller's own sessions",
    "/client/sessions/end-others": "the caller's own sessions",
}
"""Operations that every member may call, and what they are about."""

LAST = "/client/sessions/end-others"
"""The caller's token is good no more after it."""

SECRET = "Geheimsache"
"""In every name that only the organization itself may see."""


class House:
    """An organization with one of everything, and the message of each operation that is about these."""

    def __init__(self, running: RunningPlatform) -> None:
        self.running = running
        self.tenant = running.organization()
        tenant = self.tenant
        self.room_id = tenant.room(f"{SECRET} room")
        self.meeting = plan(tenant, f"{SECRET} meeting", invite="nora@example.org")
        self.member = tenant.person(first_name=SECRET, last_name="Member")
        hook = ask(tenant, "webhooks/create", name=f"{SECRET} hook", url=f"https://hooks.invalid/{SECRET}")[
            "hook"
        ]
        ask(tenant, "keys/create-api-key", clientId="integration-key", permissions=[])
        ask(tenant, "keys/create-meeting-key", name=f"{SECRET} key", permissions=["meeting"])
        (key,) = ask(tenant, "keys")["meetingKeys"]
        version = ask(tenant, "organization")["version"]
        document = running.http.get("/client/openapi.json").json()
        self._schemas: Mapping[str, Any] = document["components"]["schemas"]
        self._known: Mapping[str, object] = {
            "roomId": self.room_id,
            "personId": self.member.id,
            "clientId": "integration-key",
            "version": version,
            "from": "2027-01-01T00:00:00Z",
            "url": "https://other.invalid/",
            "number": self.meeting.number,
            "deliveryId": 1,
            "language": "en",
            "newPassword": "seven white geese",
            "meeting": {
                "topic": "Taken over",
                "start": "2027-01-01T10:00:00",
                "minutes": 30,
                "timezone": "UTC",
            },
        }
        self._ids: Mapping[str, object] = {
            "meetings": self.meeting.view.hex_id,
            "webhooks": hook["id"],
            "keys": key["id"],
            "recordings": self.meeting.view.hex_id,
        }
        self.messages = {
            path: message
            for path, operations in sorted(document["paths"].items(), key=lambda one: one[0] == LAST)
            if (message := self._message(path, operations.get("post", {}))) is not None
        }

    def _message(self, path: str, operation: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The message of an operation that a token must come with, without it."""
        if "requestBody" not in operation:
            return None
        (content,) = operation["requestBody"]["content"].values()
        schema = self._resolved(content["schema"])
        if "accessToken" not in schema.get("required", ()):
            return None
        return {
            name: self._value(path, name, schema["properties"][name])
            for name in schema["required"]
            if name != "accessToken"
        }

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema

    def _value(self, path: str, name: str, schema: Mapping[str, Any]) -> object:
        if name == "id":
            return self._ids[path.split("/")[2]]
        if path == "/client/keys/create-api-key" and name == "clientId":
            return "another"
        if name in self._known:
            return self._known[name]
        schema = self._resolved(schema)
        if "enum" in schema:
            return schema["enum"][0]
        match schema["type"]:
            case "array":
                return ["meeting" if path == "/client/keys/create-meeting-key" else "ROOM_LIST"]
            case "integer":
                return 1
            case "boolean":
                return True
            case _:
                return "#336699" if name == "colour" else "unknown"

    def calls(self, token: str) -> Iterator[tuple[str, httpx.Response]]:
        """The answers to all of them with a token."""
        for path, message in self.messages.items():
            self.running.http.cookies.clear()
            yield path, self.running.http.post(path, json={"accessToken": token, **message})

    def is_like(self) -> Mapping[str, Any]:
        """All that its administrator sees of it, but for events and the deliveries of its web hook."""
        tenant = self.tenant
        return {
            "organization": ask(tenant, "organization"),
            "branding": ask(tenant, "organization/branding"),
            "keys": ask(tenant, "keys"),
            "hooks": [{**one, "problem": ""} for one in ask(tenant, "webhooks")["hooks"]],
            "people": ask(tenant, "people"),
            "rooms": ask(tenant, "rooms"),
            "meetings": ask(
                tenant, "meetings/list", **{"from": "2020-01-01T00:00:00Z"}, ofEverybody=True, limit=100
            ),
            "meeting": ask(tenant, "meetings/read", id=self.meeting.view.hex_id),
        }


@pytest.fixture(scope="module")
def house(running: RunningPlatform) -> House:
    return House(running)


def guest_of(tenant: Tenant, room_id: str) -> str:
    link = tenant.group_link(room_id)
    body = {
        "companyId": tenant.company_id,
        "roomId": room_id,
        "accessKey": link["accessKey"],
        "displayName": "Grace",
    }
    return tenant.api.post("guestService.v2/authenticate", body).json()["accessToken"]


def wrongly(house: House, caller: str, allowed: Mapping[str, str] = {}) -> Mapping[str, int]:
    """The operations that were not refused to a caller, with their statuses."""
    return {
        path: answer.status_code
        for path, answer in house.calls(caller)
        if path not in allowed and answer.status_code not in (403, 404)
    }


def test_there_are_as_many_as_the_document_has(house: House) -> None:
    assert len(house.messages) >= 40
    assert OF_ONESELF.keys() <= house.messages.keys()


def test_no_token_that_is_none_is_taken(house: House) -> None:
    tenant = house.tenant
    claims = tenant.claims(tenant.administrator)
    sign = house.running.platform.identity.signer.sign
    raw = b64decode(tenant.token)
    tokens = {
        "none": "",
        "nonsense": "nonsense",
        "expired": sign(structs.replace(claims, expires_at=int(time.time()) - 1)),
        "forged": b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode(),
    }
    before = house.is_like()
    for name, token in tokens.items():
        assert {path: answer.status_code for path, answer in house.calls(token)} == dict.fromkeys(
            house.messages, 401
        ), name
    assert house.is_like() == before


def test_a_guest_gets_nothing(house: House) -> None:
    before = house.is_like()
    assert wrongly(house, guest_of(house.tenant, house.room_id)) == {}
    assert house.is_like() == before


def test_a_member_gets_what_is_their_own(house: House) -> None:
    pat = house.tenant.person()
    before = house.is_like()
    assert wrongly(house, pat.token, OF_ONESELF) == {}
    after = house.is_like()
    theirs = [one for one in after["meetings"]["meetings"] if one["topic"] == "Taken over"]
    assert len(theirs) == 1
    assert {**after, "meetings": None} == {**before, "meetings": None}


def test_an_administrator_of_another_organization_sees_and_changes_nothing(house: House) -> None:
    mallory = house.running.organization("Other").person(Standing.ADMINISTRATOR)
    before = house.is_like()
    for path, answer in house.calls(mallory.token):
        assert SECRET not in json.dumps(answer.text), path
        message = house.messages[path]
        if {"id", "roomId", "personId"} & message.keys() or "revoke" in path:
            assert answer.status_code in (403, 404), (path, answer.text)
        assert answer.status_code < 500, (path, answer.text)
    assert house.is_like() == before
