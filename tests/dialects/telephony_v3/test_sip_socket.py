"""SIP over WebSocket: how many connections one address may have, and for how long without a phone. Kamailio
is played by a server that takes every REGISTER; how it is with the real one is in `tests/telephony`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from litestar import WebSocket
from litestar.handlers import websocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from switchroom.dialects.telephony_v3 import sip_socket
from switchroom.dialects.telephony_v3.sip_socket import SipSockets
from switchroom.engines.kamailio.configuration import Interfaces
from switchroom.http.application import Application
from switchroom.http.server import serving
from tests.ports import free_port

SIP = Subprotocol("sip")
LIMIT = 60.0
REGISTER = "REGISTER sip:acme SIP/2.0\r\nCSeq: 1 REGISTER\r\n\r\n"
REGISTERED = "SIP/2.0 200 OK\r\nVia: x\r\nCSeq: 1 REGISTER\r\n\r\n"
OPTIONS = "OPTIONS sip:acme SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\r\n"
ANSWERED = "SIP/2.0 200 OK\r\nSubject: CSeq: 1 REGISTER\r\nCSeq: 1 OPTIONS\r\n\r\n"
TRY_LATER, MISUSE = 1013, 1008


@asynccontextmanager
async def platform(answers: Mapping[str, str] = {}) -> AsyncGenerator[str]:
    """The address of the socket of phones in browsers, and what the SIP server answers to some requests."""

    known = {REGISTER: REGISTERED, **answers}

    async def play(connection: ServerConnection) -> None:
        async for text in connection:
            await connection.send(known.get(str(text), ANSWERED))

    async with serve(play, "127.0.0.1", 0, subprotocols=[SIP]) as kamailio:
        port, sockets = free_port(), SipSockets()
        web_port = kamailio.sockets[0].getsockname()[1]
        found = Interfaces(0, web_port, 0, "token", (), 0)

        @websocket("/sip")
        async def speak(socket: WebSocket[Any, Any, Any]) -> None:
            await sip_socket.serve(socket, lambda: found, sockets)

        async with serving(Application([speak], openapi_config=None), "127.0.0.1", port):
            yield f"ws://127.0.0.1:{port}/sip"


async def answer(connection: ClientConnection, request: str) -> str | bytes:
    await connection.send(request)
    return await connection.recv()


async def registers(connection: ClientConnection) -> bool:
    """Whether a phone registers by a connection that may have been closed at once."""
    try:
        return await answer(connection, REGISTER) == REGISTERED
    except ConnectionClosed:
        return False


async def code(connection: ClientConnection) -> int | None:
    """The code with which the server closes."""
    with pytest.raises(ConnectionClosed):
        await connection.recv()
    return connection.close_code


async def test_who_does_not_register_is_put_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async with platform() as address, connect(address, subprotocols=[SIP]) as phone:
        assert await answer(phone, REGISTER) == REGISTERED
        monkeypatch.setattr(sip_socket, "REGISTER_LIMIT", 5.0)
        async with connect(address, subprotocols=[SIP]) as stranger:
            assert await answer(stranger, OPTIONS) == ANSWERED
            assert await code(stranger) == MISUSE
        assert await answer(phone, OPTIONS) == ANSWERED


async def test_one_address_has_so_many_connections_and_fewer_of_strangers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sip_socket, "MOST_STRANGERS", 3)
    monkeypatch.setattr(sip_socket, "MOST_OF_NETWORK", 5)
    async with platform() as address, AsyncExitStack() as stack:

        async def come() -> ClientConnection:
            return await stack.enter_async_context(connect(address, subprotocols=[SIP]))

        phones = [await come() for _ in range(3)]
        assert [await answer(one, OPTIONS) for one in phones] == [ANSWERED] * 3
        assert await code(await come()) == TRY_LATER
        assert [await answer(one, REGISTER) for one in phones] == [REGISTERED] * 3
        more = [await come() for _ in range(2)]
        assert [await answer(one, REGISTER) for one in more] == [REGISTERED] * 2
        assert await code(await come()) == TRY_LATER
        await phones[0].close()
        async with asyncio.timeout(LIMIT):
            while not await registers(await come()):  # until the server has noticed
                pass
