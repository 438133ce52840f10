"""What thousands of connections may hold together of what is not complete."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect

from switchroom.http import server
from switchroom.http.incoming import FREE, Holding, Incoming
from tests.http.test_bodies import status_of
from tests.http.test_websocket import echo
from tests.platform import RunningPlatform, running_platform
from tests.ports import free_port

MIB = 1 << 20
LIMIT = 60.0


def test_a_network_has_a_part_of_it_and_what_is_small_is_free() -> None:
    incoming = Incoming(4 * MIB)
    small = [Holding(incoming, "2001:db8::1") for _ in range(100)]
    assert all(one.holds(FREE) for one in small)
    assert incoming.held == 0
    neighbours = [Holding(incoming, f"2001:db8::{number}") for number in range(1, 4)]
    assert [one.holds(FREE + MIB // 2) for one in neighbours] == [True, True, False]
    others = [Holding(incoming, f"192.0.2.{number}") for number in range(4)]
    assert [one.holds(FREE + MIB) for one in others] == [True, True, True, False]
    assert incoming.held == 4 * MIB
    for one in (*neighbours, *others):
        one.release()
    assert incoming.held == 0


async def test_messages_that_never_end_take_so_much_together_and_no_more() -> None:
    incoming, port = Incoming(4 * MIB), free_port()
    address = f"ws://127.0.0.1:{port}/"
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(server.serving(echo, "127.0.0.1", port, incoming=incoming))
        clients = [await stack.enter_async_context(connect(address)) for _ in range(20)]
        attacks = [asyncio.create_task(never_end(client)) for client in clients]
        async with asyncio.timeout(LIMIT):
            while sum(attack.done() for attack in attacks) < 15:
                assert incoming.held <= MIB
                await asyncio.sleep(0.01)
        assert {attack.result() for attack in attacks if attack.done()} == {1013}
        assert 0 < incoming.held <= MIB
        async with connect(address) as usual:
            await usual.send("x" * FREE)
            assert await usual.recv() == "x" * FREE
        for attack in attacks:
            attack.cancel()
        await asyncio.gather(*attacks, return_exceptions=True)
    assert incoming.held == 0


async def never_end(client: ClientConnection) -> int | None:
    """The code with which the server closes on somebody whose message goes on and on, in parts of 1 KiB up to
    what one connection may hold, and then waits."""

    async def parts() -> object:
        for _ in range(200):
            yield b"x" * 1024
        await asyncio.Event().wait()

    sending = asyncio.create_task(client.send(parts()))  # pyright: ignore[reportArgumentType]
    await client.wait_closed()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    return client.close_code


@pytest.fixture
def small(tmp_path: Path) -> Iterator[RunningPlatform]:
    with running_platform(tmp_path, incoming_mb=4) as running:
        yield running


def test_bodies_that_do_not_end_keep_nobody_else_out(small: RunningPlatform) -> None:
    port, path = small.platform.settings.port, "/json/v1/roomService/list"
    body = json.dumps({"x": "y" * 900_000}).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with closing(socket.create_connection(("127.0.0.1", port), LIMIT)) as slow:
        slow.sendall(head + body[:800_000])
        while small.platform.incoming.held < 700_000:
            pass
        refused = small.http.post(path, content=body)
        assert refused.status_code == 503, refused.text
        assert "too much is being sent at once" in refused.json()["message"]
        assert small.http.post(path, json={}).status_code == 401
        slow.sendall(body[800_000:])
        assert status_of(slow) == 401
    assert small.http.post(path, content=body).status_code == 401
    assert small.platform.incoming.held == 0
