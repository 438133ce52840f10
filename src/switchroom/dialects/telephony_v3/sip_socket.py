"""SIP over WebSocket (RFC 7118) through the platform's own port: passed on to the SIP server on loopback,
with the address of whose it is."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import structlog
from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect, WebSocketException
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from switchroom.engines.kamailio.configuration import Interfaces

SUBPROTOCOL = "sip"
NO_SUBPROTOCOL_CLOSE, TOO_LARGE_CLOSE, AWAY_CLOSE = 1002, 1009, 1013
OPEN_LIMIT = 3.0
"""Seconds for the SIP server to take the connection."""

_LARGEST_MESSAGE = 64 * 1024
_GONE = (
    ConnectionClosed,
    ConnectionError,
    RuntimeError,
    TimeoutError,
    WebSocketDisconnect,
    WebSocketException,
)

log = structlog.stdlib.get_logger(__name__)


class _Refused(Exception):
    """The connection ends with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


async def serve(socket: WebSocket[Any, Any, Any], find: Callable[[], Interfaces | None]) -> None:
    """Serve one connection until it is closed by either side. `find` tells where the SIP server is, None
    where none runs here."""
    if SUBPROTOCOL not in socket.scope["subprotocols"]:
        await socket.accept()
        await socket.close(NO_SUBPROTOCOL_CLOSE, "the sub-protocol is sip")
        return
    await socket.accept(SUBPROTOCOL)
    with contextlib.suppress(*_GONE):
        interfaces = await asyncio.to_thread(find)
        if interfaces is None:
            await socket.close(AWAY_CLOSE, "no SIP server runs here")
            return
        client = socket.scope["client"] or ("127.0.0.1", 0)
        try:
            server = await connect(
                interfaces.websocket_url,
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                additional_headers={"X-SR-Source": f"{client[0]}|{client[1]}"},
                open_timeout=OPEN_LIMIT,
                max_size=_LARGEST_MESSAGE,
                compression=None,
                proxy=None,
            )
        except (OSError, InvalidHandshake, TimeoutError) as error:
            log.info("SIP socket not passed on", reason=str(error) or type(error).__name__)
            await socket.close(AWAY_CLOSE, "the SIP server does not take it")
            return
        async with server:
            await _relay(socket, server)


async def _relay(socket: WebSocket[Any, Any, Any], server: ClientConnection) -> None:
    tasks = [
        asyncio.create_task(_upward(socket, server), name="SIP socket, from the client"),
        asyncio.create_task(_downward(socket, server), name="SIP socket, to the client"),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        # The server closes a socket only when nobody waits for its next message.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    try:
        for task in done:
            task.result()
    except ConnectionClosed:
        await socket.close(AWAY_CLOSE, "the SIP server has gone")
    except _Refused as refused:
        await socket.close(refused.code)


async def _upward(socket: WebSocket[Any, Any, Any], server: ClientConnection) -> None:
    while True:
        text = await socket.receive_data(mode="text")
        if len(text) > _LARGEST_MESSAGE:
            raise _Refused(TOO_LARGE_CLOSE)
        await server.send(text)


async def _downward(socket: WebSocket[Any, Any, Any], server: ClientConnection) -> None:
    while True:
        message = await server.recv(decode=True)
        await socket.send_data(message, mode="text", encoding="utf-8")
