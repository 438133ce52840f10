"""Reading the events log over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from switchroom.identity.keys import KeyPermission
from switchroom.identity.permissions import Standing
from tests.dialects.telephony_v3.client import Reader, sign_in
from tests.platform import PASSWORD, RunningPlatform, Tenant


@pytest.fixture
def reader(running: RunningPlatform, tenant: Tenant) -> Reader:
    return Reader.of(running, tenant.organization)


def test_what_has_happened_oldest_first(reader: Reader, tenant: Tenant) -> None:
    first, second = tenant.room("Übungsraum"), tenant.room("Second")

    events = reader.events(type="room.*")

    assert [(event["type"], event["object"]) for event in events] == [
        ("room.created", first),
        ("room.created", second),
    ]
    event = events[0]
    assert list(event) == ["id", "type", "timestamp", "account", "object", "data"]
    assert event["account"] == tenant.organization.id
    assert event["data"]["display_name"] == "Übungsraum"
    assert abs(datetime.fromisoformat(event["timestamp"]) - datetime.now(UTC)) < timedelta(minutes=5)
    assert events[0]["id"] < events[1]["id"]


def test_page_after_page(reader: Reader, tenant: Tenant) -> None:
    rooms = [tenant.room(f"Room {number}") for number in range(5)]
    found: list[str] = []
    cursor = ""
    while page := (answer := reader.get(type="room.created", limit=2, cursor=cursor).json())["data"]:
        found += [event["object"] for event in page]
        cursor = answer["cursor"]

    assert found == rooms
    assert answer["cursor"] == cursor
    late = tenant.room("Late")
    assert [event["object"] for event in reader.events(type="room.created", cursor=cursor)] == [late]


def test_some_of_it(reader: Reader, tenant: Tenant) -> None:
    room, other = tenant.room("One"), tenant.room("Two")
    link = tenant.group_link(room)["id"]
    kinds = {event["type"] for event in reader.events(type="link.created, room.created")}
    assert kinds == {"link.created", "room.created"}
    assert [event["type"] for event in reader.events(object_id=room)] == ["room.created"]
    assert [event["object"] for event in reader.events(type="link.*")] == [link]
    assert {event["object"] for event in reader.events(type="*")} >= {room, other, link}

    moment = datetime.now(UTC)
    assert reader.events(from_=(moment + timedelta(hours=1)).isoformat()) == []
    assert reader.events(to=int(moment.timestamp()) - 3600) == []
    around = {"from_": int(moment.timestamp()) - 3600, "to": (moment + timedelta(hours=1)).isoformat()}
    assert {event["object"] for event in reader.events(**around)} >= {room, other, link}


def test_nobody_reads_anothers(running: RunningPlatform, reader: Reader, tenant: Tenant) -> None:
    other = running.organization("Other")
    room = other.room("Secret")
    assert reader.events(object_id=room) == []
    assert {event["account"] for event in reader.events()} == {tenant.organization.id}

    whole = Reader.of(running, None)
    assert [event["account"] for event in whole.events(object_id=room)] == [other.organization.id]


def test_a_person_who_administers(running: RunningPlatform, tenant: Tenant) -> None:
    def put(account: Any, password: str) -> Any:
        data = {"data": {"username": account.username, "password": password}}
        return running.http.put("/v3.0/auth/user", json=data)

    whole = put(tenant.administrator, PASSWORD).json()
    answer = whole["data"]
    assert whole["auth_token"] == answer["auth_token"]
    assert (answer["account_id"], answer["priv_level"]) == (tenant.organization.id, "admin")
    room = tenant.room()
    reader = Reader(running, answer["auth_token"])
    assert [event["object"] for event in reader.events(type="room.created")] == [room]

    refused = put(tenant.administrator, "wrong")
    assert (refused.status_code, refused.json()["error"]["type"]) == (401, "invalid_credentials")
    moderator = tenant.person(Standing.MODERATOR)
    assert put(moderator, PASSWORD).json()["data"]["priv_level"] == "user"
    assert Reader(running, moderator.token).refused()[0] == 403


def test_keys(running: RunningPlatform, tenant: Tenant) -> None:
    keys = running.platform.identity.keys
    key = running.run(keys.create("reader", KeyPermission.EVENTS, tenant.organization))
    granted = sign_in(running, key)
    assert (granted["account_id"], granted["priv_level"]) == (tenant.organization.id, "admin")
    reader = Reader(running, granted["auth_token"])
    assert reader.get().status_code == 200

    holder = running.run(keys.authenticate(key))
    running.run(keys.delete(holder.key_id))
    assert reader.refused()[0] == 401
    without = running.run(keys.create("meetings", KeyPermission.MEETING, tenant.organization))
    answer = running.http.put("/v3.0/auth/account", json={"data": {"api_key": without}})
    assert (answer.status_code, answer.json()["error"]["type"]) == (403, "forbidden")


def test_a_closed_account(running: RunningPlatform, reader: Reader, tenant: Tenant) -> None:
    running.run(running.platform.meetings.accounts.close(tenant.organization.hex_id))
    assert reader.refused()[0] == 401


def test_a_keys_token_is_good_for_this_api_only(running: RunningPlatform, reader: Reader) -> None:
    for token in (reader.token, reader.token.removeprefix("key.")):
        answer = running.http.post("/json/v1/roomService/list", json={"accessInfo": {"accessToken": token}})
        assert answer.status_code == 401, answer.text


@pytest.mark.parametrize("token", ["", "x", "key.", "key.x", "ü", "key." + "A" * 200])
def test_without_a_token(running: RunningPlatform, token: str) -> None:
    answer = running.http.get("/v3.0/events", headers=[(b"X-Auth-Token", token.encode())])
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_credentials"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"limit": "1_0"}, "limit"),
        ({"cursor": "-1"}, "cursor"),
        ({"cursor": "9" * 30}, "cursor"),
        ({"from_": "yesterday"}, "from"),
        ({"from_": "9" * 30}, "from"),
        ({"to": "2026-13-01"}, "to"),
        ({"type": "ROOM"}, "type"),
        ({"type": "room*"}, "type"),
        ({"type": "a," * 51 + "b"}, "type"),
        ({"object_id": "x" * 37}, "object_id"),
        ({"object_id": "\0"}, "object_id"),
    ],
)
def test_what_is_wrong_is_named(reader: Reader, query: dict[str, str], field: str) -> None:
    status, error = reader.refused(**query)
    assert (status, error["type"], list(error["fields"])) == (400, "validation_error", [field])


def test_all_that_is_wrong_is_named_at_once(reader: Reader) -> None:
    wrong = {
        "limit": "0",
        "cursor": "x",
        "type": "ROOM",
        "object_id": "x" * 37,
        "from_": "now",
        "to": "9" * 30,
    }
    status, error = reader.refused(**wrong)
    assert (status, error["type"]) == (400, "validation_error")
    assert list(error["fields"]) == ["limit", "cursor", "type", "object_id", "from", "to"]


@pytest.mark.parametrize(
    "body", ["", "x", "[]", "{}", '{"data": 1}', '{"data": {}}', '{"data": {"api_key": 1}}', "\xff"]
)
def test_a_body_that_is_none(running: RunningPlatform, body: str) -> None:
    answer = running.http.put("/v3.0/auth/account", content=body.encode("latin-1"))
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["type"] == "validation_error"


def test_a_body_that_is_too_large(running: RunningPlatform) -> None:
    answer = running.http.put("/v3.0/auth/account", content=b" " * (1 << 20) + b"{}")
    assert (answer.status_code, answer.json()["error"]["type"]) == (413, "too_large")


def test_what_there_is_not(running: RunningPlatform) -> None:
    answer = running.http.get("/v3.0/nothing")
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "not_found")
    answer = running.http.delete("/v3.0/events")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
