"""WebSockets between an application and its clients."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging

import pytest
from litestar.types import Receive, Scope, Send
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from switchroom.http import server, websocket
from switchroom.http.websocket import LARGEST_MESSAGE
from tests.postgresql import free_port


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
            patched.setattr(websocket.os, "dup", none_left)
            async with connect(f"ws://127.0.0.1:{port}/") as client:
                with pytest.raises(ConnectionClosed):
                    await client.recv()
        async with connect(f"ws://127.0.0.1:{port}/") as client:
            await client.send("still here")
            assert await client.recv() == "still here"


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
