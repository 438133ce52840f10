"""WebSocket connections: the server's side of them after the handshake, in the event loop.

Granian makes the handshake. The library that it has for what follows takes in as many pings as a client
sends, keeps an answer to each for as long as the client reads none, and puts together messages of any size;
none of that can be set. But it reads only while it is asked for a message. So it never is: the connection is
read and written here (docs/decisions/0066-websockets-in-the-loop.md).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections import deque
from typing import cast

import structlog
from litestar.types import (
    ASGIApp,
    Message,
    Receive,
    ReceiveMessage,
    Scope,
    Send,
)
from litestar.types.asgi_types import WebSocketDisconnectEvent, WebSocketReceiveEvent
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, SERVER, Protocol

from switchroom.http.descriptors import AmbiguousConnectionError, Connections, TakenConnection
from switchroom.http.incoming import Holding, Incoming
from switchroom.http.rate_limit import TokenBucket

log = structlog.stdlib.get_logger(__name__)

LARGEST_MESSAGE = 256 * 1024
"""Bytes of one message, in however many frames."""

FRAME_RATE, FRAME_BURST = 200.0, 2000
"""Frames a second on average, and at once, pings and parts of messages included."""

MOST_UNSENT = 64 * 1024
"""Bytes that a client may leave unread in the process; while there are more, nothing is read from it."""

CLOSE_LIMIT = 1.0
"""Seconds in which a client may answer a close, and read what was sent before."""

_READ_AT_ONCE = 8 * 1024
_MISUSE, _BAD_TEXT, _LOST, _TOO_MUCH = 1008, 1007, 1006, 1013

_silent = logging.getLogger("switchroom.websocket.frames")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


def bounded(app: ASGIApp, incoming: Incoming) -> ASGIApp:
    """The application, with every WebSocket of it bounded in what it may take of memory and processor.
    `incoming` is what all may hold together of messages that are not complete."""

    connections = Connections()

    async def serve_socket(scope: Scope, receive: Receive, send: Send) -> None:
        handover = _Handover(scope, receive, send, connections, incoming)
        try:
            await app(scope, handover.receive, handover.send)
        finally:
            handover.end()

    def serve(scope: Scope, receive: Receive, send: Send) -> object:
        # No coroutine of its own around a request over HTTP, which would cost each of them.
        if scope["type"] == "websocket":
            return serve_socket(scope, receive, send)
        return app(scope, receive, send)

    return cast("ASGIApp", serve)


class _Handover:
    """The `receive` and `send` of one WebSocket: Granian's up to the handshake, the connection's after it."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, connections: Connections, incoming: Incoming
    ) -> None:
        # Taken now: the application may put the address of a proxy's client there.
        self._peer = scope["client"]
        self._scope = scope
        self._incoming = incoming
        self._server = scope["server"]
        self._receive = receive
        self._send = send
        self._connections = connections
        self._taken: TakenConnection | None = None
        self._accepted = False
        self._connection: _Connection | None = None

    async def receive(self) -> ReceiveMessage:
        if not self._accepted:
            return await self._receive()
        if self._connection is None:
            return _disconnected(_LOST)
        return await self._connection.receive()

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.accept" and not self._accepted:
            await self._send(message)
            self._accepted = True
            self._connection = await self._take_over()
        elif not self._accepted:
            await self._send(message)
        elif self._connection is None:
            raise ConnectionResetError("the client is gone")
        elif message["type"] == "websocket.send":
            await self._connection.send(message.get("text"), message.get("bytes"))
        elif message["type"] == "websocket.close":
            await self._connection.close(message.get("code", 1000))

    def end(self) -> None:
        if self._connection is not None:
            self._connection.abort()
        if self._taken is not None:
            self._connections.release(self._taken)

    async def _take_over(self) -> _Connection | None:
        if self._peer is None or self._server is None or self._server[1] is None:
            return None
        try:
            taken = await self._connections.take(self._peer, (self._server[0], self._server[1]))
        except AmbiguousConnectionError:
            # Rather none than that of somebody else.
            log.warning("websocket not told from another connection", client=self._peer[0])
            return None
        except OSError as error:
            log.warning("websocket not taken over", client=self._peer[0], reason=error.strerror)
            return None
        if taken is None:
            # It was closed since, or this is no server of Granian's.
            log.info("websocket not found", client=self._peer[0])
            return None
        self._taken = taken
        loop = asyncio.get_running_loop()
        client = self._scope["client"] or self._peer
        holding = Holding(self._incoming, client[0])
        _, connection = await loop.create_connection(
            lambda: _Connection(taken.socket, holding), sock=taken.socket
        )
        return connection


def _disconnected(code: int) -> WebSocketDisconnectEvent:
    return {"type": "websocket.disconnect", "code": code}


def _received(text: str | None, data: bytes | None) -> WebSocketReceiveEvent:
    return {"type": "websocket.receive", "text": text, "bytes": data}


class _Connection(asyncio.BufferedProtocol):
    """One WebSocket: frames as they come, whole messages to whoever asks for them.

    Nothing is read while a message waits to be asked for, or while more than `MOST_UNSENT` waits to be read
    by the client; so what a client can fill is bounded, pongs and unfinished messages included.
    """

    _transport: asyncio.Transport

    def __init__(self, taken: socket.socket, holding: Holding) -> None:
        """`taken` is the connection's socket, which has a descriptor of its own; `holding` what it holds of a
        message that is not complete."""
        self._socket = taken
        self._holding = holding
        self._protocol = Protocol(SERVER, state=OPEN, max_size=LARGEST_MESSAGE, logger=_silent)
        self._buffer = bytearray(_READ_AT_ONCE)
        self._frames = TokenBucket(FRAME_RATE, FRAME_BURST)
        self._unfinished = bytearray()
        self._is_text = True
        self._messages: deque[WebSocketReceiveEvent] = deque()
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._gone = asyncio.Event()
        self._reading = True
        self._closed = False
        self._said_all = False
        self._ending: asyncio.TimerHandle | None = None

    # Requests of applications

    async def receive(self) -> WebSocketReceiveEvent | WebSocketDisconnectEvent:
        """The next message, or that the connection is over."""
        # A turn for others, also when many small messages came at once.
        await asyncio.sleep(0)
        while not self._messages:
            if self._over:
                return _disconnected(self._protocol.close_rcvd.code if self._protocol.close_rcvd else _LOST)
            self._arrived.clear()
            await self._arrived.wait()
        message = self._messages.popleft()
        self._read_or_not()
        return message

    async def send(self, text: str | None, data: bytes | None) -> None:
        """Send a message; returns when the client has read enough. Raises ConnectionError."""
        if self._over:
            raise ConnectionResetError("the client is gone")
        if text is not None:
            self._protocol.send_text(text.encode())
        else:
            self._protocol.send_binary(data or b"")
        self._write()
        await self._writable.wait()
        if self._gone.is_set():
            raise ConnectionResetError("the client is gone")

    async def close(self, code: int) -> None:
        """Close, and wait until the client has closed as well, but not for long."""
        self._closed = True
        self._messages.clear()
        if not self._over:
            self._protocol.send_close(code)
            self._write()
            self._read_or_not()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_LIMIT):
                await self._gone.wait()
        self.abort()

    def abort(self) -> None:
        """Be gone at once, also while Granian keeps its descriptor: until the application has ended."""
        if not self._gone.is_set():
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._transport.abort()

    # Calls by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=MOST_UNSENT)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._protocol.receive_data(self._buffer[:nbytes])
        for frame in self._protocol.events_received():
            if not self._frames.take():
                self._protocol.fail(_MISUSE, "too many frames")
                break
            self._take(cast("Frame", frame))
        if not self._holding.holds(len(self._unfinished) + len(self._protocol.reader.buffer)):
            self._unfinished.clear()
            self._holding.release()
            self._protocol.fail(_TOO_MUCH, "too much is being sent at once")
        self._write()
        self._read_or_not()

    def eof_received(self) -> None:
        self._protocol.receive_eof()
        self._arrived.set()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._ending is not None:
            self._ending.cancel()
        self._holding.release()
        self._gone.set()
        self._arrived.set()
        self._writable.set()

    def pause_writing(self) -> None:
        self._writable.clear()
        self._read_or_not()

    def resume_writing(self) -> None:
        self._writable.set()
        self._read_or_not()

    # Inside

    @property
    def _over(self) -> bool:
        return self._gone.is_set() or self._protocol.state is not OPEN

    def _take(self, frame: Frame) -> None:
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._is_text = frame.opcode is Opcode.TEXT
        elif frame.opcode is not Opcode.CONT:
            return
        if self._closed:
            return  # Nobody asks for it any more, and what is left unread would reset the connection.
        self._unfinished += frame.data
        if not frame.fin:
            return
        whole, self._unfinished = bytes(self._unfinished), bytearray()
        if not self._is_text:
            self._messages.append(_received(None, whole))
            return
        try:
            self._messages.append(_received(whole.decode(), None))
        except UnicodeDecodeError:
            self._protocol.fail(_BAD_TEXT, "not UTF-8")

    def _write(self) -> None:
        """Write what the protocol has to say, and know when it is the last."""
        said = b"".join(self._protocol.data_to_send())
        if not self._said_all:
            self._transport.write(said)
        if self._over:
            self._arrived.set()
            if self._ending is None:
                self._ending = asyncio.get_running_loop().call_later(CLOSE_LIMIT, self.abort)
        elif self._messages:
            self._arrived.set()
        if self._protocol.eof_sent and not self._said_all:
            self._said_all = True
            self._transport.write_eof()

    def _read_or_not(self) -> None:
        wanted = self._writable.is_set() and not self._messages
        if self._gone.is_set() or wanted is self._reading:
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()
