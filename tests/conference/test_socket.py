"""What a client may send at all, and how fast."""

from __future__ import annotations

import asyncio
import json

import pytest
from msgspec import to_builtins

from switchroom.conference.close_codes import CloseCode
from switchroom.conference.media.publisher import MOST_OFFERS
from switchroom.conference.media.sdp import LARGEST_OFFER
from switchroom.conference.messages import LONGEST_REASON, Pong
from switchroom.conference.signalling import socket
from switchroom.conference.signalling.connection import QueuedConnection
from tests.conference.room import Client, RoomServer
from tests.conference.test_sdp import OFFER, STREAMS


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", None),
        ("hello", None),
        ("[]", None),
        ("{}", "type"),
        ('{"type": "dance"}', "type"),
        ('{"type": "hand"}', "raised"),
        ('{"type": "hand", "raised": "yes"}', "raised"),
        ('{"type": "media", "microphone": true, "camera": true, "screen": 1}', "screen"),
        ('{"type": "moderate", "participantId": 7, "action": "mute"}', "participantId"),
        ('{"type": "moderate", "participantId": "x", "action": "explode"}', "action"),
        ('{"type": "permit", "participantId": "x", "permissions": {"promote": true}}', "permissions.promote"),
        ('{"type": "want", "streams": [{"participantId": "x", "source": "camera", "layer": "best"}]}',
         "streams[0].layer"),
        ('{"type": "join", "token": "t", "roomId": "r"}', "type"),
        ('{"type": "hand", "raised": true, "id": 7}', "id"),
    ],
)  # fmt: skip
async def test_what_is_no_message_is_refused_and_the_connection_stays(
    server: RoomServer, text: str, field: str | None
) -> None:
    ada = await server.enter("Ada")
    await ada.connection.send(text)
    answer = await ada.hears("error")
    assert answer["code"] == "bad_request"
    assert answer.get("details", {}).get("field") == field
    await ada.does("hand", raised=True)


async def test_the_answer_to_a_bad_request_carries_its_id(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    assert await ada.is_refused("hand", raised="yes") == "bad_request"


async def test_binary_frames_are_read_as_text(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    await ada.connection.send(b"\xff\xfe")
    assert (await ada.hears("error"))["code"] == "bad_request"
    await ada.does("hand", raised=True)


@pytest.mark.parametrize(
    "first", ['{"type": "hand", "raised": true}', "nonsense", '{"type": "join", "roomId": "lounge"}']
)
async def test_the_first_message_must_be_a_join(server: RoomServer, first: str) -> None:
    client = await server.connect()
    await client.connection.send(first)
    assert (await client.hears("error"))["code"] == "bad_request"
    assert await client.closed() == 4000


async def test_who_says_nothing_is_not_waited_for(
    server: RoomServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "JOIN_LIMIT", 0.2)
    client = await server.connect()
    assert await client.closed() == 4000


async def test_a_message_that_is_too_large_ends_the_connection(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    await ada.send("chat", text="x" * 300_000)
    assert await ada.closed() == 1009


async def test_talking_too_fast_is_refused_and_then_ended(
    server: RoomServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "RATE", 0.001)
    monkeypatch.setattr(socket, "BURST", 5)
    monkeypatch.setattr(socket, "MOST_REFUSED", 20)
    ada = await server.enter("Ada")
    for _ in range(40):
        await ada.connection.send(json.dumps({"type": "hand", "raised": True}))
    assert (await ada.hears("error"))["code"] == "too_many"
    assert await ada.closed() == 1008


async def test_a_ping_is_answered(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    await ada.ping()
    assert await ada.hears("pong") == {"type": "pong"}


class Stuck:
    """A socket whose reader does not read."""

    async def send_text(self, data: str, /) -> None:
        await asyncio.Event().wait()


async def test_a_reader_that_is_too_slow_is_given_up() -> None:
    connection = QueuedConnection(Stuck())
    for _ in range(5000):
        connection.send(Pong())
    assert connection.ended
    ready = QueuedConnection(Ready())
    ready.end(CloseCode.TOO_SLOW)
    assert await ready.write() == CloseCode.TOO_SLOW


class Ready:
    async def send_text(self, data: str, /) -> None: ...


async def test_few_offers_may_wait_for_the_media_server(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    streams = to_builtins(STREAMS)
    for number in range(10):
        await ada.send("publish", id=f"offer {number}", sdp=OFFER, streams=streams)
    refused = [one["id"] for one in await ada.everything() if one.get("code") == "too_many"]
    # One is being served, and waits for the server.
    assert refused == [f"offer {number}" for number in range(MOST_OFFERS + 1, 10)]
    assert await ada.is_refused("publish", sdp="x" * (LARGEST_OFFER + 1), streams=streams) == "bad_request"


async def test_what_is_said_of_a_bad_message_is_short(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    await ada.connection.send(json.dumps({"type": "x" * 200_000}))
    assert len((await ada.hears("error"))["message"]) <= LONGEST_REASON
    await ada.connection.send('{"type": "hand", "raised": ' + "[" * 100_000)
    assert (await ada.hears("error"))["code"] == "bad_request"
    await ada.does("hand", raised=True)


async def test_a_slow_reader_does_not_hold_up_the_others(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    ben = await server.enter("Ben")
    await stop_reading(ada)
    for n in range(30):
        await ben.does("hand", raised=n % 2 == 0)


async def stop_reading(client: Client) -> None:
    client.connection.transport.pause_reading()
