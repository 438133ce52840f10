"""Attack on the WebSockets of the Telephony API: the events log, and SIP."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from typing import Any

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from fuzz.credentials import Credentials
from fuzz.mutation import patched, with_other_value, with_overlarge_field
from fuzz.sip import corpus, mutated
from fuzz.tally import Tally
from fuzz.target import Target

EVENTS, SIP = "/v3.0/websockets/events", "/v3.0/websockets/sip"
_LIMIT = 30.0
_PATIENCE = 0.02
"""Seconds for which an answer is waited for: many of what is said have none."""

_MESSAGES = 30
_INTERNAL_ERROR = 1011


class Feeds:
    """Attack with mutated messages of both, over connections of a few messages each."""

    name = "messages to the events log and SIP"
    share = 1

    def __init__(self, target: Target, tally: Tally, seed: int) -> None:
        self._url = target.base_url.replace("http", "ws")
        self._tally = tally
        self._chance = random.Random(seed)
        self._sip = corpus()

    def attack(self, known: Credentials, seconds: float) -> None:
        """Connect, say what is no message or nearly one, and connect again."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            path = self._chance.choice((EVENTS, SIP))
            try:
                with self._connected(path) as connection:
                    for _ in range(self._chance.randint(1, _MESSAGES)):
                        self._tally.case(self.name)
                        connection.send(self._sip_message() if path == SIP else self._event_message(known))
                        self._hear(connection)
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code == _INTERNAL_ERROR:
                    self._tally.no_answer(self.name, f"{path} closed with 1011 {closed.rcvd.reason}")
            except (OSError, TimeoutError, WebSocketException):
                self._tally.case(self.name)

    def _connected(self, path: str) -> ClientConnection:
        protocols = [Subprotocol("sip")] if path == SIP else None
        return connect(
            self._url + path,
            subprotocols=protocols,
            proxy=None,
            open_timeout=_LIMIT,
            close_timeout=1,
            max_size=None,
        )

    def _hear(self, connection: ClientConnection) -> None:
        try:
            while True:
                connection.recv(_PATIENCE)
        except TimeoutError:
            return

    def _sip_message(self) -> str | bytes:
        message = mutated(self._chance.choice(self._sip), self._chance.choice(self._sip), self._chance)
        return message if self._chance.random() < 0.1 else message.decode(errors="replace")

    def _event_message(self, known: Credentials) -> str | bytes:
        message = self._chance.choice(_well(known))
        way = self._chance.randrange(4)
        text = json.dumps(message)
        if way == 0:
            return text
        if way == 1:
            return patched(text.encode(), self._chance)
        if way == 2:
            return json.dumps(with_other_value(message, self._chance))
        # More than this is not read at all.
        return with_overlarge_field(text.encode(), list(message), self._chance)[: 1 << 16]


def _well(known: Credentials) -> list[Mapping[str, Any]]:
    who = {"auth_token": known.headers["X-Auth-Token"], "request_id": "1"}
    types = ["room.*", "call.created", "user.signed_in"]
    return [
        {"action": "subscribe", **who, "data": {"bindings": types}},
        {"action": "subscribe", **who, "data": {"bindings": types, "since": "0"}},
        {"action": "subscribe", **who, "data": {"bindings": types * 40}},
        {"action": "unsubscribe", **who, "data": {"bindings": types[:1]}},
        {"action": "ping", **who},
    ]
