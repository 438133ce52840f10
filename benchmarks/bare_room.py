"""The yardstick of a room: a WebSocket at which everybody is told what the others say, and that is all."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect, WebSocketException
from litestar.handlers import BaseRouteHandler, websocket

BARE_ROOM = "/benchmarks/room"
PING, PONG = '{"type":"ping"}', '{"type":"pong"}'
JOINED = '{"type":"joined","participants":['
"""The beginning of what somebody who comes is told: the first messages of all who are there."""

_GONE = (WebSocketDisconnect, WebSocketException, ConnectionError, RuntimeError)


def bare_room() -> BaseRouteHandler:
    """One room. What somebody says first is told to whoever comes later, too. A ping is answered."""
    first: dict[WebSocket[Any, Any, Any], str] = {}

    async def tell(text: str, those: list[WebSocket[Any, Any, Any]]) -> None:
        for one in those:
            with suppress(*_GONE):
                await one.send_text(text)

    @websocket(BARE_ROOM)
    async def room(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        try:
            text = await socket.receive_data(mode="text")
            others, said = list(first), ",".join(first.values())
            first[socket] = text
            await socket.send_text(f"{JOINED}{said}]}}")
            await tell(text, others)
            while True:
                text = await socket.receive_data(mode="text")
                if text == PING:
                    await socket.send_text(PONG)
                else:
                    await tell(text, list(first))
        except _GONE:
            pass
        finally:
            first.pop(socket, None)

    return room
