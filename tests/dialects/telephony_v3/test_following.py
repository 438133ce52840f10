"""Following the events log over a WebSocket."""

from __future__ import annotations

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from switchroom.dialects.telephony_v3 import following
from switchroom.identity.keys import KeyPermission
from tests.dialects.telephony_v3.client import LIMIT, Reader, sign_in
from tests.platform import RunningPlatform, Tenant


@pytest.fixture
def reader(running: RunningPlatform, tenant: Tenant) -> Reader:
    return Reader.of(running, tenant.organization)


def test_what_happens_comes_in_order(reader: Reader, tenant: Tenant) -> None:
    tenant.room("Before")
    with reader.socket() as follower:
        reply = follower.subscribe("room.*")
        assert reply == {
            "action": "reply",
            "request_id": "7",
            "status": "success",
            "data": {"subscribed": ["room.*"]},
        }
        rooms = [tenant.room(f"Room {number}") for number in range(3)]
        messages = [follower.next() for _ in rooms]
    assert [message["data"]["object"] for message in messages] == rooms
    assert {(one["action"], one["subscribed_key"], one["name"]) for one in messages} == {
        ("event", "room.*", "room.created")
    }
    assert messages[0]["data"] == reader.events(object_id=rooms[0])[0]


def test_what_was_missed_is_sent(reader: Reader, tenant: Tenant) -> None:
    known = tenant.room("Known")
    missed = [tenant.room("Missed"), tenant.room("Missed too")]
    (last,) = reader.events(object_id=known)
    with reader.socket() as follower:
        assert follower.subscribe("*", since=last["id"])["status"] == "success"
        found = [follower.next()["data"]["object"] for _ in missed]
        assert found == missed
        live = tenant.room("Live")
        assert follower.next()["data"]["object"] == live


def test_bindings_change(reader: Reader, tenant: Tenant) -> None:
    room = tenant.room()
    with reader.socket() as follower:
        follower.subscribe("link.*")
        assert follower.subscribe("room.updated", "room.created")["data"]["subscribed"] == [
            "link.*",
            "room.updated",
            "room.created",
        ]
        second = tenant.room("Second")
        assert follower.next()["data"]["object"] == second
        follower.send(action="unsubscribe", data={"bindings": ["room.created", "room.updated"]})
        assert follower.next()["data"]["subscribed"] == ["link.*"]
        tenant.room("Third")
        link = tenant.group_link(room)["id"]
        message = follower.next()
        assert (message["name"], message["data"]["object"]) == ("link.created", link)


def test_nobody_follows_anothers(running: RunningPlatform, reader: Reader, tenant: Tenant) -> None:
    other = running.organization("Other")
    with reader.socket() as follower:
        follower.subscribe("room.*")
        other.room("Secret")
        own = tenant.room("Own")
        assert follower.next()["data"]["object"] == own


def test_a_token_that_is_withdrawn(
    running: RunningPlatform, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "ASK_AGAIN_EVERY", 0.1)
    keys = running.platform.identity.keys
    key = running.run(keys.create("reader", KeyPermission.EVENTS, tenant.organization))
    reader = Reader(running, sign_in(running, key)["auth_token"])
    with reader.socket() as follower:
        follower.subscribe("room.*")
        running.run(keys.delete(running.run(keys.authenticate(key)).key_id))
        assert _closed(follower.connection) == 4401


def test_without_a_good_token(running: RunningPlatform) -> None:
    for token in ("", "key.x"):
        with Reader(running, token).socket() as follower:
            reply = follower.subscribe("*")
            assert (reply["status"], reply["data"]["error"]["type"]) == ("error", "invalid_credentials")
            assert _closed(follower.connection) == 4000


def test_who_says_nothing(running: RunningPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "FIRST_LIMIT", 0.2)
    with Reader(running).socket() as follower:
        assert _closed(follower.connection) == 4000


def test_what_is_wrong_is_said_and_harms_nothing(reader: Reader, tenant: Tenant) -> None:
    with reader.socket() as follower:
        for text in ("x", "[]", "{}", '{"action": "dance"}'):
            follower.connection.send(text)
            assert follower.next()["data"]["error"]["type"] == "validation_error"
        wrong: list[object] = [[], "*", [1], ["Room"], None]
        for bindings in wrong:
            follower.send(action="subscribe", auth_token=reader.token, data={"bindings": bindings})
            assert list(follower.next()["data"]["error"]["fields"]) == ["data.bindings"]
        follower.send(action="subscribe", auth_token=reader.token, data={"bindings": ["*"], "since": "x"})
        assert list(follower.next()["data"]["error"]["fields"]) == ["data.since"]
        follower.send(action="ping", request_id="p")
        assert follower.next() == {"action": "pong", "request_id": "p"}
        assert follower.subscribe("room.*")["status"] == "success"
        follower.send(action="subscribe", data={"bindings": [f"a{'b' * n}.*" for n in range(50)]})
        follower.send(action="subscribe", data={"bindings": [f"c{'d' * n}.*" for n in range(50)]})
        assert follower.next()["status"] == "success"
        assert follower.next()["status"] == "error"
        follower.send(action="subscribe", data={"bindings": ["*"], "since": 1})
        assert list(follower.next()["data"]["error"]["fields"]) == ["data.since"]
        room = tenant.room()
        assert follower.next()["data"]["object"] == room
        follower.connection.send("x" * 70_000)
        assert _closed(follower.connection) == 1009


def _closed(connection: ClientConnection) -> int:
    """The code with which the server closes."""
    with pytest.raises(ConnectionClosed) as closed:
        connection.recv(LIMIT)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code
