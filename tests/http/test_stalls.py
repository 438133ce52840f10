"""What strangers send over HTTP takes the event loop for a moment at most, however it is made up."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from contextlib import closing

import pytest
from msgspec import Struct

from switchroom.dialects.body import LARGEST_BODY
from tests.databases import ON_ONE_DATABASE
from tests.dialects.telephony_v3.client import Api
from tests.dialects.webmeeting_v6.client import Account
from tests.http.test_bodies import status_of
from tests.platform import RunningPlatform, Tenant
from tests.steps import TRIES, Steps

_LIMIT = 60.0
_LONGEST_PATH = 60_000

PATHS: Mapping[str, str] = {
    "slashes": "/" * _LONGEST_PATH + "x",
    "slashes before a calendar": "/" * 30_000 + "calendar" + "/" * 30_000 + "x",
    "one part": "/" + "x" * _LONGEST_PATH,
    "parts": "/x" * (_LONGEST_PATH // 2),
    "parts of an API": "/json/v1" + "/x" * (_LONGEST_PATH // 2),
    "encoded parts of an API": "/v3.0" + "/%20" * (_LONGEST_PATH // 4),
    "an encoded part of an API": "/v3.0/users/" + "%20" * (_LONGEST_PATH // 3),
    "recordings": "/recordings" * (_LONGEST_PATH // 11),
    "calendars": "/api/v6/meeting" + "/calender" * (_LONGEST_PATH // 9),
    "pages": "/client" + "/x" * (_LONGEST_PATH // 2),
}


class Sent(Struct, frozen=True):
    """A request, whose body begins with `head` and ends with `tail`, with as many of `item` between as a body
    of `largest` bytes may have."""

    path: str
    head: str
    item: str
    tail: str
    method: str = "POST"
    headers: Mapping[str, str] = {}
    largest: int = LARGEST_BODY

    @property
    def body(self) -> bytes:
        head, item, tail = (part.encode() for part in (self.head, self.item, self.tail))
        return head + item * ((self.largest - len(head) - len(tail)) // len(item)) + tail


def requests(running: RunningPlatform) -> Mapping[str, Sent]:
    """Requests of every API that are as large as they may be."""
    tenant, account = running.organization(), Account(running)
    telephony = {"x-auth-token": Api.of(running, tenant.organization).token}
    v6 = {"x-api-key": account.instance.key, "x-user-id": account.user_id}
    access = json.dumps({"accessToken": tenant.token})

    def v1(path: str, head: str, item: str, tail: str) -> Sent:
        return Sent(f"/json/v1/{path}", f'{{"accessInfo": {access}, {head}', item, tail)

    def contacts(item: str) -> Sent:
        head, tail = '{"data": {"contacts": [', f"{item[:-1]}]}}}}"
        return Sent("/v3.0/directories", head, item, tail, "PUT", telephony, largest=4 << 20)

    def signs_in(head: str, item: str) -> Sent:
        path, credentials = "/json/v1/authenticationService/authenticate", "usernamePasswordCredentials"
        return Sent(path, f'{{"{credentials}": {{"password": "x", "username": "{head}', item, '"}}')

    return {
        "a text that names places": v1("roomService/availableTypes", '"type": "', " - at `$", '"}'),
        "places, closed": v1("roomService/availableTypes", '"type": "', "` - at `key in $", '`"}'),
        "marks": v1("roomService/availableTypes", '"type": "', "`", '"}'),
        "texts, and a number": v1("roomService/list", '"filterRoomIds": [', '"",', "1]}"),
        "texts": v1("roomService/list", '"filterRoomIds": [', '"",', '""]}'),
        "numbers": v1("roomService/list", '"filterRoomTypes": [', "1,", "1]}"),
        "unknown numbers": v1("roomService/list", '"filterRoomTypes": [', "1,", "99]}"),
        "flags": v1("roomService/list", '"skipFlags": [', "1,", '"x"]}'),
        "drafts of links": v1("guestService.v2/createGuestLinks", '"guestLinkCreations": [', "{},", "1]}"),
        "drafts": v1("guestService.v2/createGroupLinks", '"groupLinkCreations": [', "{},", "{}]}"),
        "moves": v1("roomService/sort", '"roomMoves": [', "{},", '{"roomId": 5}]}'),
        "moves and a null character": v1(
            "roomService/sort", '"roomMoves": [', "{},", '{"roomId": "\\u0000"}]}'
        ),
        "a null character where nothing is read": v1("roomService/sort", '"x": [', '"",', '"\\u0000"]}'),
        "null characters": v1("roomService/list", '"filterRoomIds": [', '"\\u0000",', '""]}'),
        "backslashes": v1("roomService/list", '"x": "', "\\\\", 'u0000"}'),
        "dots in a key": v1("roomService/create", '"room": {"metadata": {"', "a.", '": "\\u0000"}}}'),
        "a key": v1("roomService/create", '"room": {"metadata": {"', "a", '": 5}}}'),
        "deep lists": v1("roomService/list", '"x": [', "[" * 120 + "]" * 120 + ",", "1]}"),
        "lists": v1("roomService/list", '"filterRoomIds": [', "[],", "[]]}"),
        "a name": signs_in("x@", "\u00fc"),
        "a name of marks": signs_in("", "\u0345"),
        "names of a domain": signs_in("x@", "\u00fc."),
        "people": Sent(
            "/api/v6/meeting", '{"topic": "x", "invitedParticipants": [', "{},", "1]}", headers=v6
        ),
        "good people": Sent(
            "/api/v6/meeting", '{"topic": "x", "invitedParticipants": [', '{"email":"x"},', "1]}", headers=v6
        ),
        "documents": Sent("/api/v6/meeting", '{"topic": "x", "documents": [', "[],", "[]]}", headers=v6),
        "documents with a null character": Sent(
            "/api/v6/meeting", '{"topic": "x", "documents": [', '"",', '"\\u0000"]}', headers=v6
        ),
        "types of events": Sent(
            "/v3.0/webhooks", '{"data": {"url": "x", "types": [', '"",', "1]}}", "PUT", telephony
        ),
        "contacts": contacts("{},"),
        "lists of contacts": contacts("[],"),
        "numbers of contacts": contacts('{"details":{"phone_numbers":{"mobiles":["1","2"]}}},'),
        "levels of rooms": Sent("/client/rooms", '{"accessToken": "x", "levels": [', "{},", "1]}"),
        "words": Sent("/client/meeting", '{"number": "', " - at `$", '", "displayName": 5}'),
    }


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    return Steps(monkeypatch)


def least(steps: Steps, ask: Callable[[], int]) -> float:
    """The longest step of the event loop in shares of what one may take; the request is answered or refused
    each time."""

    def answered() -> None:
        assert 200 <= ask() < 500

    return steps.least(answered)


def ask(running: RunningPlatform, request: bytes) -> int:
    address = ("127.0.0.1", running.platform.settings.port)
    with closing(socket.create_connection(address, _LIMIT)) as connection:
        connection.sendall(request)
        status = status_of(connection)
    settle(running)
    return status


def settle(running: RunningPlatform) -> None:
    """Wait for the end of the step that has sent an answer: the answer is here before that."""
    running.run(asyncio.sleep(0))


@ON_ONE_DATABASE
def test_no_path_takes_the_loop_for_long(running: RunningPlatform, steps: Steps) -> None:
    took = {
        name: least(steps, lambda path=path: ask(running, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()))
        for name, path in PATHS.items()
    }
    assert {name: share for name, share in took.items() if share > 1} == {}


def test_no_body_takes_the_loop_for_long(running: RunningPlatform, steps: Steps) -> None:
    took: dict[str, float] = {}
    for name, sent in requests(running).items():
        lines = {"Host": "x", "Content-Length": len(sent.body), **sent.headers}
        head = "".join(f"{field}: {value}\r\n" for field, value in lines.items())
        request = f"{sent.method} {sent.path} HTTP/1.1\r\n{head}\r\n".encode() + sent.body
        took[name] = least(steps, lambda request=request: ask(running, request))
    assert {name: share for name, share in took.items() if share > 1} == {}


def test_no_change_of_ten_thousand_contacts_takes_the_loop_for_long(
    running: RunningPlatform, tenant: Tenant, steps: Steps
) -> None:
    api = Api.of(running, tenant.organization)
    numbers = {"mobiles": ["+3225550100"]}
    contacts = [
        {"details": {"names": {"last": f"Name {n}"}, "phone_numbers": numbers}} for n in range(10_000)
    ]
    took: dict[str, float] = {}

    def measured(what: str, method: str, path: str, data: object) -> list[int]:
        steps.longest = 0.0
        answer = api.send(method, path, data)
        settle(running)
        took[what] = min(steps.share(), took.get(what, float("inf")))
        assert answer.status_code == 200
        return answer.json()["data"]

    for _ in range(TRIES):
        ids = measured("make", "PUT", "/directories", {"contacts": contacts})
        changes = [{"id": one, "phonebook": "x"} for one in ids]
        measured("change", "POST", "/directories", {"contacts": changes})
        measured("delete", "POST", "/directories/delete", {"ids": ids})
        if max(took.values()) <= 1:
            break
    assert {what: share for what, share in took.items() if share > 1} == {}
