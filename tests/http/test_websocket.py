"""WebSockets between an application and its clients."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
from collections import Counter
from collections.abc import Generator

import pytest
import structlog
from litestar.types import Receive, Scope, Send
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from switchroom.http import descriptors, server
from switchroom.http.websocket import LARGEST_MESSAGE
from tests.ports import free_port


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Say again what is said, until it is “close”."""
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
    while (event := await receive())["type"] == "websocket.receive":
        if event["text"] == "close":
            await send({"type": "websocket.close", "code": 4001, "reason": None})
            return
        await send({"type": "websocket.send", "text": event["text"], "bytes": event["bytes"]})


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::"])
async def test_what_is_said_arrives_and_so_does_the_end(host: str) -> None:
    port = free_port()
    address = {"127.0.0.1": "127.0.0.1", "::1": "[::1]", "::": "127.0.0.1"}[host]
    async with server.serving(echo, host, port), connect(f"ws://{address}:{port}/") as client:
        for said in ("Grüße", "", b"\x00\xff", "x" * LARGEST_MESSAGE):
            await client.send(said)
            assert await client.recv() == said
        for _ in range(500):
            await client.send("many at once")
        assert [await client.recv() for _ in range(500)] == ["many at once"] * 500
        await client.send("close")
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert client.close_code == 4001


@pytest.mark.parametrize(
    ("message", "code"),
    [(b"x" * (LARGEST_MESSAGE + 1), 1009), ([b"x" * 1000] * 300, 1009), (["x"] * 2100, 1008)],
    ids=["too large", "too large in parts", "too many parts"],
)
async def test_the_client_is_told_what_it_may_not(
    message: bytes | list[bytes] | list[str], code: int
) -> None:
    port = free_port()
    async with server.serving(echo, "127.0.0.1", port), connect(f"ws://127.0.0.1:{port}/") as client:
        with contextlib.suppress(ConnectionClosed):
            await client.send(message)
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert client.close_code == code


async def test_text_that_is_not_utf_8_ends_the_connection() -> None:
    port = free_port()
    async with server.serving(echo, "127.0.0.1", port), connect(f"ws://127.0.0.1:{port}/") as client:
        await client.send(b"\xff\xfe", text=True)
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert client.close_code == 1007


async def test_the_end_arrives_though_the_client_goes_on_talking() -> None:
    port = free_port()
    async with server.serving(echo, "127.0.0.1", port), connect(f"ws://127.0.0.1:{port}/") as client:
        await client.send("close")
        with contextlib.suppress(ConnectionClosed):
            for _ in range(1000):
                await client.send("x" * 10_000)
        await client.wait_closed()
        assert client.close_code == 4001


async def test_without_descriptors_a_connection_ends_and_the_server_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_left(descriptor: int) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    port = free_port()
    async with server.serving(echo, "127.0.0.1", port):
        with monkeypatch.context() as patched:
            patched.setattr(descriptors.os, "dup", none_left)
            async with connect(f"ws://127.0.0.1:{port}/") as client:
                with pytest.raises(ConnectionClosed):
                    await client.recv()
        async with connect(f"ws://127.0.0.1:{port}/") as client:
            await client.send("still here")
            assert await client.recv() == "still here"


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
async def test_a_connection_is_not_taken_for_another_of_the_same_client_port(host: str) -> None:
    port = free_port()
    async with server.serving(echo, host, port):
        with _from_one_port(port) as (idle, upgraded), structlog.testing.capture_logs() as logs:
            async with connect(f"ws://127.0.0.2:{port}/", sock=upgraded) as client:
                with pytest.raises(ConnectionClosed):
                    await client.recv()
            with pytest.raises(BlockingIOError):
                idle.recv(1)
        told = [(one["log_level"], one["event"]) for one in logs if one["event"].startswith("websocket")]
        assert told == [("warning", "websocket not told from another connection")]


async def test_connections_from_one_client_port_that_are_told_apart_are_served() -> None:
    port = free_port()
    async with server.serving(echo, "0.0.0.0", port):
        with _from_one_port(port, at_once=1) as (one,):
            async with connect(f"ws://127.0.0.1:{port}/", sock=one) as first:
                await first.send("first")
                assert await first.recv() == "first"
                with _from_one_port(port, at_once=1, local=one.getsockname(), first=2) as (other,):
                    async with connect(f"ws://127.0.0.2:{port}/", sock=other) as second:
                        await second.send("second")
                        assert await second.recv() == "second"
                        await first.send("again")
                        assert await first.recv() == "again"


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
async def test_idle_connections_are_looked_at_once(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: Counter[int] = Counter()

    class Counting(socket.socket):
        def detach(self) -> int:
            looked_at[self.fileno()] += 1
            return super().detach()

    port = free_port()
    async with server.serving(echo, host, port), contextlib.AsyncExitStack() as stack:
        idle: list[int] = []
        for _ in range(100):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            stack.callback(writer.close)
            idle.append(writer.get_extra_info("socket").fileno())
        monkeypatch.setattr(descriptors.socket, "socket", Counting)
        for _ in range(5):
            async with connect(f"ws://127.0.0.1:{port}/") as client:
                await client.send("here")
                assert await client.recv() == "here"
    assert looked_at.total() > 0
    assert max(looked_at[number] for number in idle) <= 1


@contextlib.contextmanager
def _from_one_port(
    port: int, *, at_once: int = 2, local: tuple[str, int] = ("127.0.0.1", 0), first: int = 1
) -> Generator[list[socket.socket]]:
    """Connections from the same address and port to 127.0.0.1, 127.0.0.2 and so on."""
    with contextlib.ExitStack() as stack:
        opened: list[socket.socket] = []
        for number in range(first, first + at_once):
            one = stack.enter_context(socket.socket())
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(local)
            local = one.getsockname()
            one.connect((f"127.0.0.{number}", port))
            one.setblocking(False)
            opened.append(one)
        yield opened


async def test_what_comes_with_a_good_bye_is_heard() -> None:
    heard: list[str | None] = []

    async def listen(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        while (event := await receive())["type"] == "websocket.receive":
            heard.append(event["text"])

    port = free_port()
    async with server.serving(listen, "127.0.0.1", port), connect(f"ws://127.0.0.1:{port}/") as client:
        client.protocol.send_text(b"one")
        client.protocol.send_text(b"two")
        client.protocol.send_close(1000)
        client.transport.write(b"".join(client.protocol.data_to_send()))
        await client.wait_closed()
    assert heard == ["one", "two"]


async def test_a_client_that_says_good_bye_hears_it() -> None:
    port = free_port()
    async with server.serving(echo, "127.0.0.1", port), connect(f"ws://127.0.0.1:{port}/") as client:
        await client.close(1000)
        assert client.close_code == 1000


async def test_who_sends_on_after_the_end_causes_no_error(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()

    async def busy(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        await asyncio.Event().wait()

    async with server.serving(busy, "127.0.0.1", port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x89\x00")  # not masked, which ends it
        assert (await reader.read())[2:4] == (1002).to_bytes(2)
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(30):
                while True:
                    writer.write(b"\x89\x80\x00\x00\x00\x00")
                    await writer.drain()
                    await asyncio.sleep(0.01)
        writer.close()
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []
