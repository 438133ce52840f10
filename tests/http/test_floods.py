"""What clients of WebSockets can make a server process keep in memory, by frames written by hand."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from websockets.sync.client import ClientConnection, connect

from switchroom.platform.demo import Demo
from tests import plain_http
from tests.command.running import Running, running

pytestmark = pytest.mark.slow

LIMIT = 60.0
"""Seconds until a connection that is to be cut is; the silent are for other reasons after 10 and 15."""

MIB = 1024 * 1024
CONNECTIONS = 8
GROWTH = 3 * MIB
"""What a connection may cost at most; without bounds each of those here costs some 20 MiB."""

TEXT, CONTINUATION, BINARY, PING = 1, 0, 2, 9


class Platform:
    """A running platform with its demo."""

    def __init__(self, program: Running, demo: Demo) -> None:
        self.address = program.base_url.removeprefix("http://")
        self._base_url = program.base_url
        self._process = psutil.Process(program.process.pid)
        self._demo = demo

    @property
    def join(self) -> bytes:
        """A message that lets its sender into a room."""
        user, room = self._demo.users[0], self._demo.rooms[0]
        credentials = {"username": user.username, "password": user.password}
        reply = plain_http.post(
            f"{self._base_url}/json/v1/authenticationService/authenticate",
            json={"usernamePasswordCredentials": credentials},
        )
        token = reply.json()["accessToken"]
        return json.dumps({"type": "join", "token": token, "roomId": room.id}).encode()

    @contextmanager
    def stays_small(self) -> Generator[None]:
        """Look, while the block runs, how much memory the process takes."""
        before, over = self._process.memory_info().rss, threading.Event()
        peak = before

        def look() -> None:
            nonlocal peak
            while not over.wait(0.02):
                peak = max(peak, self._process.memory_info().rss)

        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
        grown = (peak - before) / CONNECTIONS
        assert grown < GROWTH, f"{grown / MIB:.1f} MiB a connection"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    data: Path = tmp_path_factory.mktemp("floods") / "var"
    with running(data, "--demo") as program:
        yield Platform(program, msgspec.json.decode((data / "demo.json").read_bytes(), type=Demo))


@pytest.fixture(params=["stranger", "participant"])
def connect_socket(request: pytest.FixtureRequest, platform: Platform) -> Callable[[], socket.socket]:
    """Opens a WebSocket: nothing is said yet, or its room has been entered."""

    def open_socket(path: str = "/client/socket") -> socket.socket:
        opened = upgraded(platform.address, path)
        if request.param == "participant":
            opened.sendall(frame(TEXT, platform.join))
            assert b'"joined"' in opened.recv(65536)
        return opened

    return open_socket


def upgraded(address: str, path: str) -> socket.socket:
    host, _, port = address.partition(":")
    opened = socket.create_connection((host, int(port)), LIMIT)
    key = base64.b64encode(os.urandom(16)).decode()
    opened.sendall(
        f"GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += opened.recv(1)
    assert b" 101 " in head, head
    return opened


def frame(opcode: int, data: bytes, *, last: bool = True) -> bytes:
    """A frame of a client, masked with zeros."""
    size = len(data)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 65536:
        length = bytes([0x80 | 126]) + struct.pack("!H", size)
    else:
        length = bytes([0x80 | 127]) + struct.pack("!Q", size)
    return bytes([(0x80 if last else 0) | opcode]) + length + bytes(4) + data


def are_cut(connections: Sequence[socket.socket], flood: Callable[[], Iterable[bytes]]) -> bool:
    """Whether the server cuts connections that are flooded, one after the other, and that nobody reads."""
    for connection in connections:
        with contextlib.suppress(ConnectionError, TimeoutError):
            for piece in flood():
                connection.sendall(piece)
    return all(is_over(connection) for connection in connections)


def is_over(connection: socket.socket) -> bool:
    deadline = time.monotonic() + LIMIT
    try:
        while connection.recv(65536):
            if time.monotonic() > deadline:
                return False
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


def pings() -> Iterable[bytes]:
    return [frame(PING, b"x" * 125) * 500] * 320


def fragments() -> Iterable[bytes]:
    part = b"x" * 65536
    return [frame(TEXT, part, last=False), *[frame(CONTINUATION, part, last=False)] * 320]


def empty_fragments() -> Iterable[bytes]:
    return [frame(BINARY, b"", last=False), *[frame(CONTINUATION, b"", last=False) * 10_000] * 100]


def one_large_frame() -> Iterable[bytes]:
    size = 20 * MIB
    return [bytes([0x80 | BINARY, 0x80 | 127]) + struct.pack("!Q", size) + bytes(4), *[bytes(65536)] * 320]


@pytest.mark.parametrize("flood", [pings, fragments, empty_fragments, one_large_frame])
def test_a_flood_is_cut_and_takes_no_memory(
    platform: Platform, connect_socket: Callable[[], socket.socket], flood: Callable[[], Iterable[bytes]]
) -> None:
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(connect_socket()) for _ in range(CONNECTIONS)]
        with platform.stays_small():
            cut = are_cut(opened, flood)
        assert cut


def test_the_events_of_an_account_are_guarded_too(platform: Platform) -> None:
    with contextlib.ExitStack() as stack:
        opened = [
            stack.enter_context(upgraded(platform.address, "/v3.0/websockets/events"))
            for _ in range(CONNECTIONS)
        ]
        with platform.stays_small():
            cut = are_cut(opened, pings)
        assert cut


def test_whoever_keeps_to_what_is_usual_notices_nothing(platform: Platform) -> None:
    """Those who were cut off before leave the room meanwhile, and this is told."""
    with connect(f"ws://{platform.address}/client/socket") as client:
        client.send(platform.join.decode())
        hears(client, "joined")
        for _ in range(50):
            assert client.ping().wait(LIMIT)
        text = json.dumps({"type": "chat", "text": "Grüße", "id": "1"}) + " " * 200_000
        client.send([text[begin : begin + 1000] for begin in range(0, len(text), 1000)])
        assert hears(client, "chat")["message"]["text"] == "Grüße"
        assert hears(client, "ok") == {"type": "ok", "id": "1"}


def hears(client: ClientConnection, kind: str) -> Any:
    """The next message of a kind, before which none refuses anything."""
    while (heard := json.loads(client.recv(LIMIT)))["type"] != kind:
        assert heard["type"] not in ("error", "ended"), heard
    return heard
