"""Requests whose bodies are broken, cut off, too slow or too large, byte by byte, at every API."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPResponse
from pathlib import Path

import pytest
from msgspec import Struct
from structlog.testing import capture_logs

from switchroom.http import observation
from tests.dialects.webmeeting_v6.client import Account
from tests.platform import RunningPlatform, running_platform

_LIMIT = 90.0
_V6, _V3 = "/api/v6/meeting", "/v3.0"
_PATHS = (
    "/client/link",
    "/client/meeting",
    "/client/rooms",
    "/client/password/look-up",
    "/json/v1/roomService/list",
    _V6,
    f"{_V3}/auth/user",
    f"{_V3}/auth/account",
)
_DEEP = 50_000
_MEETING = b'{"topic": "x", "startTime": "2027-01-01T10:00:00.000Z", "documents": %s}'
BODIES = [
    b"\xff\xfe",
    b'{"number": "\xff", "key": "\xff", "accessToken": "\xff"}',
    b"[" * _DEEP,
    b'{"a":' * _DEEP,
    b"[" * _DEEP + b"]" * _DEEP,
    b'{"number": "\\ud800", "key": "\\ud800", "accessToken": "\\ud800", "topic": "\\ud800"}',
    _MEETING % (b"[" * _DEEP + b"]" * _DEEP),
    _MEETING % b'["\xff"]',
    _MEETING % b'["\\ud800"]',
    _MEETING % b'["\\u0000"]',
    _MEETING % b"[1e999]",
    _MEETING % (b"[" + b"9" * 5000 + b"]"),
]


class Wire(Struct, frozen=True):
    """The platform's port, and the headers of an API's caller."""

    port: int
    headers: bytes

    def begun(self, path: str, *more: bytes) -> socket.socket:
        """A connection on which the head of a request has been sent."""
        method = b"PUT" if path.startswith(_V3) else b"POST"
        headers = self.headers if path == _V6 else b""
        head = b"%s %s HTTP/1.1\r\nHost: x\r\n%s" % (method, path.encode(), headers)
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=_LIMIT)
        connection.sendall(head + b"".join(line + b"\r\n" for line in more) + b"\r\n")
        return connection

    def status(self, path: str, body: bytes, *more: bytes) -> int:
        with closing(self.begun(path, *(more or (b"Content-Length: %d" % len(body),)))) as connection:
            connection.sendall(body)
            return status_of(connection)


def status_of(connection: socket.socket) -> int:
    """The status of the answer that comes."""
    answer = b""
    while b"\r\n" not in answer:
        part = connection.recv(4096)
        assert part, f"the connection ended after {answer!r}"
        answer += part
    return int(answer.split()[1])


@pytest.fixture
def wire(running: RunningPlatform) -> Wire:
    return wire_of(running)


def wire_of(running: RunningPlatform) -> Wire:
    account = Account(running)
    headers = f"x-api-key: {account.instance.key}\r\nx-user-id: {account.user_id}\r\n"
    return Wire(running.platform.settings.port, headers.encode())


@pytest.mark.parametrize("path", _PATHS)
def test_what_cannot_be_read_is_refused(wire: Wire, path: str) -> None:
    statuses = [wire.status(path, body) for body in BODIES]
    refused = {400, 401} if "v1" in path else {400}  # what is in order otherwise has no token
    assert set(statuses) <= refused, statuses


@pytest.mark.parametrize("path", _PATHS)
@pytest.mark.parametrize("body", [b"zz\r\nabc", b"5\r\nabcdefgh\r\n0\r\n\r\n", b"-1\r\n\r\n"])
def test_chunks_that_are_none(wire: Wire, path: str, body: bytes) -> None:
    assert wire.status(path, body, b"Transfer-Encoding: chunked") == 400


@pytest.mark.parametrize("path", _PATHS)
def test_who_leaves_within_a_body_is_no_error(wire: Wire, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observation, "log", observation.structlog.get_logger())
    with capture_logs() as logs:
        for framing in (b"Content-Length: 100", b"Transfer-Encoding: chunked"):
            with closing(wire.begun(path, framing)) as connection:
                connection.sendall(b'5\r\n{"ab')
                connection.shutdown(socket.SHUT_WR)
                assert status_of(connection) == 400
            wire.begun(path, framing).close()
        deadline = time.monotonic() + _LIMIT
        while len(failed := [one for one in logs if one["event"] == "request failed"]) < 4:
            assert time.monotonic() < deadline, logs
            time.sleep(0.01)
    assert {entry["log_level"] for entry in failed} == {"info"}, logs
    assert [entry for entry in logs if entry["log_level"] in ("error", "critical")] == []


@pytest.mark.parametrize("size", [(1 << 20) + 1, 40 << 20])
@pytest.mark.parametrize("path", _PATHS)
def test_who_sends_too_much_gets_an_answer(wire: Wire, path: str, size: int) -> None:
    too_large = 429 if "v1" in path else 413
    for framing in (b"Content-Length: %d" % size, b""):
        piece = bytes(1 << 20)
        with closing(wire.begun(path, framing or b"Transfer-Encoding: chunked")) as connection:
            left = size
            while left:
                part = piece[:left]
                connection.sendall(part if framing else b"%x\r\n%s\r\n" % (len(part), part))
                left -= len(part)
            if not framing:
                connection.sendall(b"0\r\n\r\n")
            assert status_of(connection) == too_large


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nothing", 405), ("/", 405), ("/client/nothing", 404), ("/client/config", 405), ("/health/live", 405)],
)
def test_who_sends_a_lot_where_nothing_is_read_gets_an_answer(wire: Wire, path: str, status: int) -> None:
    assert wire.status(path, bytes(40 << 20)) == status


def test_who_sends_a_lot_without_a_good_key_gets_an_answer(wire: Wire) -> None:
    stranger = Wire(wire.port, b"x-api-key: none\r\n")
    assert stranger.status(_V6, bytes(40 << 20)) == 401


def test_who_asks_before_sending_a_lot_is_answered_before(wire: Wire) -> None:
    asks = (b"Content-Length: 99999999", b"Expect: 100-continue")
    with closing(wire.begun("/client/nothing", *asks)) as connection:
        assert status_of(connection) == 404


def test_nobody_may_take_for_ever_to_send_a_body(tmp_path: Path) -> None:
    """Somebody who sends a byte a second is answered when an operation's time is over."""
    with running_platform(tmp_path) as running:
        found = dripped(wire_of(running))
    reasons = {
        503: "the request took too long: it may have been carried out all the same",
        504: "context deadline exceeded",
    }
    assert [one for one in found if reasons.get(one[0], "another status") not in one[1]] == []


def dripped(wire: Wire) -> Sequence[tuple[int, str]]:
    """The statuses and bodies of the answers to bodies of which a byte comes each second."""

    def drip(path: str) -> tuple[int, str]:
        with closing(wire.begun(path, b"Content-Length: 100")) as connection:
            deadline = time.monotonic() + _LIMIT
            while time.monotonic() < deadline:
                connection.sendall(b" ")
                if select.select([connection], [], [], 1.0)[0]:
                    answer = HTTPResponse(connection)
                    answer.begin()
                    return answer.status, answer.read().decode()
        return 0, ""

    with ThreadPoolExecutor(len(_PATHS)) as threads:
        return list(threads.map(drip, _PATHS))
