"""What a client says takes the event loop for a moment at most: each message at its largest and nastiest."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec import Struct, to_builtins
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from switchroom.conference.media.sdp import read_publish_offer
from switchroom.conference.messages import (
    LONGEST_TEXT,
    AnyClientMessage,
    BadMessage,
    Join,
    ServerMessage,
    StreamLine,
    Want,
    WantedStream,
    decode,
    encode,
)
from switchroom.conference.room.permission_overrides import MOST_REMOVED, Removal
from switchroom.http.websocket import LARGEST_MESSAGE
from switchroom.rooms.permissions import MODERATOR, PARTICIPANT
from tests.conference.room import RoomServer
from tests.steps import TRIES, Steps

pytestmark = pytest.mark.slow

INSIDE, BEFORE = 1000, 400
"""People in the room, half of them moderators who want to see everybody; and people who wait before it."""

LIMIT = 60.0
ROOM = "lounge"
MEETING = "5f2c8d6a-0000-4000-8000-000000000001"
OFFER = (Path(__file__).parent / "offers" / "chromium.sdp").read_text("utf-8").replace("\n", "\r\n")
STREAMS = [
    StreamLine(mid, source)
    for mid, source in zip("0123", ("microphone", "camera", "screen", "screen-audio"), strict=True)
]
NAME = 500 * "\u200d\u0915"
Fields = dict[str, Any]


class Audience:
    """The connection of somebody else inside, who is told everything."""

    def send(self, message: ServerMessage) -> None:
        self.send_encoded(encode(message))

    def send_encoded(self, text: str) -> None: ...

    def end(self, code: int) -> None: ...


class Crowd(Struct):
    """The ids of those inside, and of those who wait."""

    inside: list[str]
    waiting: list[str]


async def fill(server: RoomServer) -> Crowd:
    crowd = Crowd([], [])
    for number in range(INSIDE):
        permissions = MODERATOR if number % 2 else PARTICIPANT
        token = server.admit(f"Inside {number}", permissions, meeting_id=MEETING)
        arrival = await server.service.join(Join(token=token, room_id=ROOM), Audience())
        assert arrival.stay is not None
        crowd.inside.append(arrival.stay.participant.id)
    live = server.service.find(ROOM)
    assert live is not None
    everybody = Want(streams=[WantedStream(one, "camera", "high") for one in crowd.inside])
    for participant in live.conference.participants.values():
        live.media.subscribing(participant).want(everybody)
    for number in range(BEFORE):
        token = server.admit(f"Before {number}", waits=True, meeting_id=MEETING)
        arrival = await server.service.join(Join(token=token, room_id=ROOM), Audience())
        assert arrival.waiting is not None
        crowd.waiting.append(arrival.waiting.id)
    for number in range(MOST_REMOVED):
        removal = Removal(
            until=int(time.time()) + 3600, display_name=NAME, is_guest=True, browser="x" * 32, by_name=NAME
        )
        live.conference.overrides.remove(f"removed {number}", removal)
    server.admit("Eve", MODERATOR, meeting_id=MEETING)
    return crowd


def offers() -> Iterator[str]:
    """Session descriptions as large as a message may have, and as an offer may be."""
    size = 127 * 1024
    head, _, rest = OFFER.partition("m=video")
    maps = "".join(f"a=rtpmap:{number} opus/48000\r\n" for number in range(90))
    options = "".join(f"a=fmtp:{number % 90} x=1\r\n" for number in range(2000))
    yield f"{head}{maps}{options}m=video{rest}"
    for line in ("a=rtpmap:1 opus/48000\r\n", "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n", "a=mid:0\r\n", "a=mid:"):
        yield OFFER + line * ((size - len(OFFER)) // len(line))
    for piece in ("m=\n", "\r\n", "\n", "v=0\r\no=x x x\r\nm=audio "):
        yield piece * (size // len(piece))


def nasty(crowd: Crowd) -> Mapping[str, Sequence[Fields]]:
    """Messages by their type, each after the one before it."""
    wide, marks, turned = "\U0001f600", "a\u0300", "\u202e"
    texts = [LONGEST_TEXT * wide, LONGEST_TEXT // 2 * marks, LONGEST_TEXT * turned, LONGEST_TEXT * "\u200d"]
    first, second, *_ = crowd.inside
    everything = dict.fromkeys(("voice", "video", "screen", "chat"), True)
    nobody = [f"{number:0128}" for number in range(1000)]
    return {
        "ping": [{}],
        "media": [dict.fromkeys(("microphone", "camera", "screen"), on) for on in (True, False)],
        "chat": [{"text": text, "broadcast": text == texts[0]} for text in texts]
        + [{"text": texts[0], "to": first}],
        "hand": [{"raised": True}, {"raised": False}],
        "moderate": [
            {"participantId": first, "action": action}
            for action in ("mute", "stop-video", "stop-screen", "lower-hand")
        ],
        "permit": [
            {"participantId": second, "permissions": everything},
            {"participantId": second, "permissions": dict.fromkeys(everything, False)},
        ],
        "moderate-all": [{"action": action} for action in ("mute", "lower-hand")],
        "permit-all": [{"permissions": dict.fromkeys(everything, allowed)} for allowed in (False, True)],
        "promote": [{"participantId": second, "moderator": on} for on in (True, False)],
        "lock": [{"locked": locked} for locked in (True, False)],
        "recording.start": [{}],
        "recording.answer": [{"agrees": True}],
        "recording.stop": [{}],
        "removed": [{}],
        "readmit": [{"userId": "x" * 128}],
        "deny": [{"participantId": one} for one in crowd.waiting[0 : 2 * TRIES : 2]],
        "admit": [{"participantId": one} for one in crowd.waiting[1 : 2 * TRIES : 2]],
        "publish": [{"sdp": sdp, "streams": to_builtins(STREAMS), "restart": True} for sdp in offers()],
        "candidate": [
            {"pc": kind, "candidate": {"candidate": wide * 1024, "sdpMid": "y" * 16}, "generation": 1 << 62}
            for kind in ("publish", "subscribe")
        ],
        "subscribe.answer": [{"negotiation": number, "sdp": sdp} for number in (0, 1) for sdp in offers()],
        "subscribe.restart": [{}],
        "want": [
            {"streams": [{"participantId": one, "source": "camera", "layer": "low"} for one in those]}
            for those in (crowd.inside, nobody, [])
        ],
        "join": [{"token": "x" * 8192, "roomId": ROOM}],
        "moderate remove": [
            {"participantId": one, "action": "remove"} for one in crowd.inside[2 : 2 + TRIES]
        ],
        "admit-all": [{}],
        "leave": [{}],
    }


END: Mapping[str, Sequence[Fields]] = {"end": [{}]}
"""What nobody is left after."""


ONCE = ("admit", "deny", "moderate remove", "admit-all")
"""What is done once to somebody: to others the other times."""

ANSWERED = {one.__struct_config__.tag for one in get_args(AnyClientMessage) if "id" in one.__struct_fields__}


BAD = [
    '{"type": "' + 10_000 * " - at `$" + '"}',
    '{"type": "hand", "raised": ' + 100_000 * "[",
    '{"type": "hand", "id": ' + 40_000 * '{"id":' + "1",
    "[" * LARGEST_MESSAGE,
    '"' + 40_000 * "\\u0000",
    '{"type": "hand", "raised": 1, "x": [' + 60_000 * "{}, " + "1]}",
    '{"type": "want", "streams": [' + 20_000 * "{}, " + "{}]}",
    '{"type": "moderate", "participantId": "x", "action": "' + 60_000 * "\U0001f600" + '"}',
]
"""Texts that are no messages."""


def test_every_kind_of_message_is_tried() -> None:
    crowd = Crowd(["a", "b", "c"], ["d", "e"])
    tried = {kind.split()[0] for kind in {**nasty(crowd), **END}}
    assert tried == {one.__struct_config__.tag for one in get_args(AnyClientMessage)}
    for kind, those in nasty(crowd).items():
        for fields in those:
            text = json.dumps({"type": kind.split()[0], **fields}, ensure_ascii=False)
            assert len(text.encode()) <= LARGEST_MESSAGE
            decode(text)
    read_publish_offer(next(offers()), STREAMS)
    for text in BAD:
        assert len(text.encode()) <= LARGEST_MESSAGE
        with pytest.raises(BadMessage):
            decode(text)


class Attacker:
    """Somebody in the room, in another thread than the event loop's."""

    def __init__(self, client: ClientConnection, steps: Steps) -> None:
        self._client = client
        self._steps = steps

    def takes(self, message: str, until: Callable[[Fields], bool] | None = None) -> float:
        """The longest step of the loop until a message is answered, and what it leaves to be done, in shares
        of what one may take."""
        self._steps.longest = 0.0
        self._client.send(message)
        if until is not None:
            self._hears(until)
        for _ in range(2):
            self._client.send('{"type": "ping"}')
            self._hears(lambda heard: heard["type"] == "pong")
        return self._steps.share()

    def joins(self) -> float:
        join = {"type": "join", "token": "Eve", "roomId": ROOM, "displayName": NAME}
        return self.takes(json.dumps(join), lambda heard: heard["type"] == "joined")

    def goes(self, how: str) -> float:
        self._steps.longest = 0.0
        self._client.send(json.dumps({"type": how}))
        with pytest.raises(ConnectionClosed):
            self._hears(lambda _: False)
        return self._steps.share()

    def says(self, kind: str, fields: Fields) -> float:
        """As `takes`, of a message of this kind. What others do in return is waited for as well."""
        message = json.dumps({"type": kind, "id": "its", **fields}, ensure_ascii=False)
        return self.takes(message, (lambda heard: heard.get("id") == "its") if kind in ANSWERED else None)

    def _hears(self, wanted: Callable[[Fields], bool]) -> None:
        while True:
            heard = json.loads(self._client.recv(LIMIT))
            assert heard.get("code") != "too_many", heard
            if wanted(heard):
                return


def comes_in(port: int, steps: Steps, stack: ExitStack) -> tuple[Attacker, float]:
    """Somebody inside, and the longest step that it took, at the best of some times."""
    shares: list[float] = []
    while True:
        client = stack.enter_context(connect(f"ws://127.0.0.1:{port}/client/socket", max_size=None))
        eve = Attacker(client, steps)
        shares.append(eve.joins())
        if shares[-1] <= 1 or len(shares) == TRIES:
            return eve, min(shares)


def attack(
    port: int, attacks: Mapping[str, Sequence[Fields] | Sequence[str]], steps: Steps
) -> Mapping[str, float]:
    """The longest step that each kind of message takes, for somebody who comes in anew before each kind."""
    took: dict[str, float] = {}
    for name, those in attacks.items():
        with ExitStack() as stack:
            kind = name.split()[0]
            eve, took[f"join before {name}"] = comes_in(port, steps, stack)

            def say(one: Fields | str, eve: Attacker = eve, kind: str = kind) -> float:
                return eve.takes(one) if isinstance(one, str) else eve.says(kind, one)

            if kind in ("leave", "end"):
                took[name] = eve.goes(kind)
            elif name in ONCE:
                took[name] = min(map(say, those))
            else:
                # A second time what was switched on is switched on again: all are repeated, not each.
                shares = [max(map(say, those))]
                while shares[-1] > 1 and len(shares) < TRIES:
                    shares.append(max(map(say, those)))
                took[name] = min(shares)
    return took


@pytest.mark.janus
@pytest.mark.timeout(600)
@pytest.mark.asyncio(loop_scope="module")
async def test_no_message_takes_the_loop_for_long(
    server_with_media: RoomServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = server_with_media
    crowd = await fill(server)
    steps = Steps(monkeypatch)
    took = await asyncio.to_thread(attack, server.port, {**nasty(crowd), "bad": BAD}, steps)
    assert {kind: share for kind, share in took.items() if share > 1} == {}
    live = server.service.find(ROOM)
    assert live is not None
    others = [one for one in live.conference.participants.values() if one.display_name != NAME]
    assert len(others) == INSIDE + BEFORE - 2 * TRIES, "some were denied, some were put out"
    took = await asyncio.to_thread(attack, server.port, END, steps)
    async with asyncio.timeout(3 * LIMIT):
        while server.service.find(ROOM) is not None:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    longest = {**took, "after the end": steps.share()}
    assert {kind: share for kind, share in longest.items() if share > 1} == {}
