"""Attack on the WebSocket of the rooms: messages, session descriptions and frames."""

from __future__ import annotations

import json
import os
import random
import socket
import struct
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from fuzz.credentials import Credentials
from fuzz.feeds import EVENTS, SIP
from fuzz.mutation import mutated_sdp, patched, with_other_value, with_overlarge_field
from fuzz.tally import Tally
from fuzz.target import Target

_LIMIT = 30.0
_PATIENCE = 5.0
"""Seconds without a word after which one comes in anew; who is silent for longer is lost to the server."""

_OFFER = Path(__file__).parents[1] / "tests" / "conference" / "offers" / "chromium.sdp"
_INTERNAL_ERROR = 1011
_BEFORE_READING = 5
_FRAMES = 40


class Messages:
    """Attack by people inside a room, with mutated messages of every type."""

    name = "messages and offers in a room"
    share = 2

    def __init__(self, target: Target, tally: Tally, seed: int) -> None:
        self._target = target
        self._tally = tally
        self._chance = random.Random(seed)
        self._offer = _OFFER.read_text()

    def attack(self, known: Credentials, seconds: float) -> None:
        """Join, say what is no message or nearly one, and join again when that was the end."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                with self._joined(known) as connection:
                    self._talk(connection, deadline)
            except ConnectionClosed as closed:
                self._closed(closed)
            except (OSError, TimeoutError, WebSocketException):
                self._tally.case(self.name)

    def _joined(self, known: Credentials) -> ClientConnection:
        url = self._target.base_url.replace("http", "ws") + "/client/socket"
        connection = connect(url, proxy=None, open_timeout=_LIMIT, close_timeout=1, max_size=None)
        token = self._chance.choice(known.tokens)
        join = {"type": "join", "id": "join", "token": token, "roomId": known.room, "displayName": "Fuzz"}
        if self._chance.random() < 0.3:
            connection.send(self._mutated(join))
            self._tally.case(self.name)
        else:
            connection.send(json.dumps(join))
        return connection

    def _talk(self, connection: ClientConnection, deadline: float) -> None:
        self._participant = self._heard(connection) or "x"
        while time.monotonic() < deadline:
            for _ in range(self._chance.randint(1, _BEFORE_READING)):
                connection.send(self._next())
                self._tally.case(self.name)
            # An answer to this one shows that all before it are read. Who has said too much gets none.
            connection.send('{"type":"ping"}')
            while not _is_answer(json.loads(connection.recv(_PATIENCE))):
                pass

    def _heard(self, connection: ClientConnection) -> str:
        return json.loads(connection.recv(_LIMIT)).get("participantId", "")

    def _next(self) -> bytes | str:
        message = self._chance.choice(self._well())
        if message["type"] == "publish" and self._chance.random() < 0.7:
            return json.dumps({**message, "sdp": mutated_sdp(self._offer, self._chance)})
        return self._mutated(message)

    def _mutated(self, message: Mapping[str, Any]) -> bytes | str:
        text = json.dumps(message)
        way = self._chance.randrange(4)
        if way == 0:
            return text
        if way == 1:
            return patched(text.encode(), self._chance)
        if way == 2:
            return json.dumps(with_other_value(dict(message), self._chance))
        return with_overlarge_field(text.encode(), list(message), self._chance)

    def _well(self) -> list[dict[str, Any]]:
        """A message of every type."""
        who = self._participant
        stream = {"participantId": who, "source": "camera", "layer": "low"}
        lines = [{"mid": "0", "source": "microphone"}, {"mid": "1", "source": "camera"}]
        candidate = {
            "candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host",
            "sdpMid": "0",
            "sdpMLineIndex": 0,
        }
        return [
            {"type": "ping"},
            {"type": "media", "id": "1", "microphone": True, "camera": False, "screen": False},
            {"type": "chat", "id": "2", "text": "Grüße", "to": who},
            {"type": "chat", "id": "3", "text": "x" * 4000, "broadcast": True},
            {"type": "hand", "id": "4", "raised": True},
            {"type": "moderate", "id": "5", "participantId": who, "action": "mute"},
            {"type": "permit", "id": "6", "participantId": who, "permissions": {"chat": True}},
            {"type": "moderate-all", "id": "11", "action": "mute"},
            {"type": "permit-all", "id": "12", "permissions": {"voice": False}},
            {"type": "promote", "id": "13", "participantId": who, "moderator": True},
            {"type": "lock", "id": "14", "locked": False},
            {"type": "recording.start", "id": "18"},
            {"type": "recording.answer", "id": "19", "agrees": False},
            {"type": "recording.stop", "id": "20"},
            {"type": "removed", "id": "15"},
            {"type": "readmit", "id": "16", "userId": who},
            {"type": "admit", "id": "7", "participantId": who},
            {"type": "admit-all", "id": "8"},
            {"type": "deny", "id": "9", "participantId": who},
            {"type": "publish", "id": "10", "sdp": self._offer, "streams": lines, "restart": False},
            {"type": "candidate", "pc": "publish", "candidate": candidate, "generation": 1},
            {"type": "subscribe.answer", "negotiation": 1, "sdp": mutated_sdp(self._offer, self._chance)},
            {"type": "subscribe.restart"},
            {"type": "want", "streams": [stream]},
            {"type": "want", "streams": [{**stream, "participantId": str(one)} for one in range(1000)]},
            {"type": "leave"},
            {"type": "end", "id": "17"},
        ]

    def _closed(self, closed: ConnectionClosed) -> None:
        self._tally.case(self.name)
        if closed.rcvd is not None and closed.rcvd.code == _INTERNAL_ERROR:
            self._tally.no_answer(self.name, f"closed with 1011 {closed.rcvd.reason}")


def _is_answer(message: Mapping[str, Any]) -> bool:
    return message.get("type") == "pong" or message.get("code") == "too_many"


class Frames:
    """Attack by somebody who has not joined, on each WebSocket, with frames that must not be, or far too many
    of them."""

    name = "frames"
    share = 1

    def __init__(self, target: Target, tally: Tally, seed: int) -> None:
        self._target = target
        self._tally = tally
        self._chance = random.Random(seed)
        self._ways: tuple[Callable[[], bytes], ...] = (
            self._any_frame,
            self._any_frame,
            self._pings,
            self._unfinished,
            self._wrong_length,
            lambda: self._chance.randbytes(self._chance.randint(1, 4000)),
        )

    def attack(self, known: Credentials, seconds: float) -> None:
        """Open connections, and send frames until they are closed or it was enough."""
        del known
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(self._target.address, _LIMIT) as connection:
                    self._upgrade(connection)
                    for _ in range(self._chance.randint(1, _FRAMES)):
                        self._tally.case(self.name)
                        connection.sendall(self._chance.choice(self._ways)())
            except OSError:  # cut by the other side
                continue

    def _upgrade(self, connection: socket.socket) -> None:
        key = b64encode(self._chance.randbytes(16)).decode()
        path = self._chance.choice(("/client/socket", EVENTS, SIP))
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Protocol: sip\r\n\r\n".encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            more = connection.recv(4096)
            if not more:
                raise ConnectionError
            answer += more
        status = int(answer.split(b" ", 2)[1])
        if status != 101:
            self._tally.answer(self.name, status, f"GET {path}", answer.decode(errors="replace"))

    def _any_frame(self) -> bytes:
        payload = self._chance.randbytes(self._chance.choice((0, 1, 125, 126, 1000, 70_000)))
        return self._frame(
            self._chance.randrange(16),
            payload,
            final=self._chance.random() < 0.7,
            reserved=self._chance.choice((0, 0, 0, 1, 4)),
            masked=self._chance.random() < 0.9,
        )

    def _pings(self) -> bytes:
        return self._frame(9, os.urandom(125)) * self._chance.choice((10, 1000))

    def _unfinished(self) -> bytes:
        return self._frame(1, b"x" * 60_000, final=False) + self._frame(0, b"x" * 60_000, final=False) * 5

    def _wrong_length(self) -> bytes:
        return (
            struct.pack("!BBQ", 0x81, 0xFF, self._chance.choice((0, 5, 2**31, 2**63, 2**64 - 1))) + b"\0" * 10
        )

    def _frame(
        self, opcode: int, payload: bytes, *, final: bool = True, reserved: int = 0, masked: bool = True
    ) -> bytes:
        first, mask = opcode | reserved << 4 | (0x80 if final else 0), 0x80 if masked else 0
        if len(payload) < 126:
            head = struct.pack("!BB", first, mask | len(payload))
        elif len(payload) < 65_536:
            head = struct.pack("!BBH", first, mask | 126, len(payload))
        else:
            head = struct.pack("!BBQ", first, mask | 127, len(payload))
        return head + (b"\0" * 4 if masked else b"") + payload
