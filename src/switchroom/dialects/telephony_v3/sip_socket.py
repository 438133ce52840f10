"""SIP over WebSocket (RFC 7118) through the platform's own port: passed on to the SIP server on loopback,
with the address of whose it is."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import structlog
from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect, WebSocketException
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from switchroom.engines.kamailio.configuration import Interfaces
from switchroom.identity.networks import network_of

SUBPROTOCOL = "sip"
NO_SUBPROTOCOL_CLOSE, MISUSE_CLOSE, TOO_LARGE_CLOSE, AWAY_CLOSE = 1002, 1008, 1009, 1013
OPEN_LIMIT = 10.0
"""Seconds for the SIP server to take the connection."""

REGISTER_LIMIT = 30.0
"""Seconds in which a device must register; there is no other reason to connect."""

MOST_OF_NETWORK, MOST_STRANGERS = 2000, 200
"""Connections of one address (of IPv6: its network), and those of them that nobody has registered by: the SIP
server sees all as coming from here, and takes a number of them for all phones."""

_LARGEST_MESSAGE = 64 * 1024
_REGISTERED = re.compile(
    r"\ASIP/2\.0 2[0-9][0-9] .*?^CSeq[ \t]*:[ \t]*[0-9]+[ \t]+REGISTER\b", re.M | re.S | re.I
)
"""The answer to a REGISTER that has succeeded."""

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


class SipSockets:
    """The connections of this process, counted by the network that they come from."""

    def __init__(self) -> None:
        self._connections: Counter[str] = Counter()
        self._strangers: Counter[str] = Counter()

    @contextmanager
    def counted(self, address: str) -> Generator[Visit | None]:
        """One connection while the block runs, of a stranger who is not registered; None if there are too
        many."""
        network = network_of(address)
        if self._connections[network] >= MOST_OF_NETWORK or self._strangers[network] >= MOST_STRANGERS:
            yield None
            return
        visit = Visit(self._strangers, network)
        self._connections[network] += 1
        try:
            yield visit
        finally:
            visit.is_known()
            self._connections[network] -= 1
            if not self._connections[network]:
                del self._connections[network], self._strangers[network]


class Visit:
    """Connection of a stranger, who is not registered at first."""

    def __init__(self, strangers: Counter[str], network: str) -> None:
        self._strangers = strangers
        self._network = network
        self.registered = asyncio.Event()
        strangers[network] += 1

    def is_known(self) -> None:
        """Count the connection no more as a stranger's: a device has registered by it."""
        if not self.registered.is_set():
            self.registered.set()
            self._strangers[self._network] -= 1


async def serve(
    socket: WebSocket[Any, Any, Any], find: Callable[[], Interfaces | None], sockets: SipSockets
) -> None:
    """Serve one connection until it is closed by either side. `find` tells where the SIP server is, None
    where none runs here."""
    if SUBPROTOCOL not in socket.scope["subprotocols"]:
        await socket.accept()
        await socket.close(NO_SUBPROTOCOL_CLOSE, "the sub-protocol is sip")
        return
    await socket.accept(SUBPROTOCOL)
    client = socket.scope["client"] or ("127.0.0.1", 0)
    with contextlib.suppress(*_GONE), sockets.counted(client[0]) as visit:
        if visit is None:
            await socket.close(AWAY_CLOSE, "there are too many connections from this address")
            return
        interfaces = await asyncio.to_thread(find)
        if interfaces is None:
            await socket.close(AWAY_CLOSE, "no SIP server runs here")
            return
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
            await _relay(socket, server, visit)


async def _relay(socket: WebSocket[Any, Any, Any], server: ClientConnection, visit: Visit) -> None:
    tasks = [
        asyncio.create_task(_until_registered(visit), name="SIP socket, until it is registered"),
        asyncio.create_task(_upward(socket, server), name="SIP socket, from the client"),
        asyncio.create_task(_downward(socket, server, visit), name="SIP socket, to the client"),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if done == {tasks[0]} and tasks[0].exception() is None:
            done, _ = await asyncio.wait(tasks[1:], return_when=asyncio.FIRST_COMPLETED)
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


async def _until_registered(visit: Visit) -> None:
    try:
        async with asyncio.timeout(REGISTER_LIMIT):
            await visit.registered.wait()
    except TimeoutError:
        raise _Refused(MISUSE_CLOSE) from None


async def _downward(socket: WebSocket[Any, Any, Any], server: ClientConnection, visit: Visit) -> None:
    while True:
        message = await server.recv(decode=True)
        if not visit.registered.is_set() and _REGISTERED.match(message):
            visit.is_known()
        await socket.send_data(message, mode="text", encoding="utf-8")
