"""The WebSocket `/client/socket`: one browser's signalling (docs/signalling.md)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

import structlog
from litestar.exceptions import WebSocketDisconnect, WebSocketException
from msgspec import structs

from switchroom.conference.close_codes import CloseCode
from switchroom.conference.live_room import Arrival
from switchroom.conference.messages import (
    AnyClientMessage,
    BadMessage,
    Error,
    Join,
    Ping,
    Pong,
    decode,
)
from switchroom.conference.refusals import refusal
from switchroom.conference.service import ConferenceService
from switchroom.conference.signalling.connection import QueuedConnection
from switchroom.conference.signalling.session import open_session
from switchroom.errors import DomainError, ErrorCode, Exhausted, Invalid, LinkNotFound, NotFound
from switchroom.http.rate_limit import TokenBucket
from switchroom.http.websocket import LARGEST_MESSAGE

log = structlog.stdlib.get_logger(__name__)

JOIN_LIMIT = 10.0
"""Seconds until the first message."""

SILENCE_LIMIT = 15.0
"""Seconds without any message, pings included, after which a connection is lost."""

RATE, BURST = 30.0, 200
"""Messages a second on average, and at once."""

CLOSE_LIMIT = 10.0
"""Seconds that the last messages and the close may take."""

LINGER = 0.5
"""Seconds in which a client that has been told the end may close the connection itself."""

MOST_REFUSED = 500
"""Refused messages after which the connection is closed."""

_GONE = (WebSocketDisconnect, WebSocketException, ConnectionError, RuntimeError, TimeoutError)


class ClientSocket(Protocol):
    """Socket over which a browser's messages come: a WebSocket here, or one at another process."""

    def accept(self) -> Awaitable[None]: ...

    def receive_data(self, mode: Literal["text"]) -> Awaitable[str]: ...

    def send_text(self, data: str, /) -> Awaitable[None]: ...

    def close(self, code: int) -> Awaitable[None]: ...


class Route(Protocol):
    """The way to the process that has a room. What comes back goes into the connection it was made for."""

    def send(self, text: str) -> Awaitable[None]: ...


class RoomRouter(Protocol):
    """Finds the process that has a room."""

    def route(self, request: Join, connection: QueuedConnection) -> AbstractAsyncContextManager[Route | None]:
        """The route to the room of a join, which has been passed on; None when it is, and for the block
        stays, here. Raises Unavailable, and Unauthenticated for a token that is good nowhere."""
        ...


class SingleProcess:
    """The router of a process that has every room."""

    def route(self, request: Join, connection: QueuedConnection) -> AbstractAsyncContextManager[Route | None]:
        return contextlib.nullcontext()


async def serve(
    socket: ClientSocket, service: ConferenceService, router: RoomRouter, *, lingers: bool = True
) -> None:
    """Serve one connection until it is closed by either side, or lost."""
    await socket.accept()
    connection = QueuedConnection(socket)
    with service.connected(connection):
        await _serve(socket, connection, service, router, lingers)


async def _serve(
    socket: ClientSocket,
    connection: QueuedConnection,
    service: ConferenceService,
    router: RoomRouter,
    lingers: bool,
) -> None:
    writer = asyncio.create_task(connection.write(), name="signalling writer")
    reader = asyncio.create_task(_Reader(socket, connection, service, router).run(), name="signalling reader")
    try:
        await asyncio.wait({writer, reader}, return_when=asyncio.FIRST_COMPLETED)
        if reader.done():
            connection.end(CloseCode.LOST)
        # The server closes a socket only when nobody waits for its next message.
        reader.cancel()
        await asyncio.wait({reader})
        async with asyncio.timeout(CLOSE_LIMIT):
            code = await writer
            # Who is only to come back is told so by the close itself.
            if lingers and code != CloseCode.RESTART:
                await _linger(socket)
            await socket.close(code)
    except _GONE:
        pass
    finally:
        for task in (reader, writer):
            task.cancel()
        for outcome in await asyncio.gather(reader, writer, return_exceptions=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, _GONE):
                log.error("signalling failed", exc_info=outcome)


async def _linger(socket: ClientSocket) -> None:
    """Read on for a moment: a connection closed with something unread in it is reset, and a reset takes away
    from the other side what it has not read yet, the reason included."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER):
            while True:
                await socket.receive_data(mode="text")


class _Reader:
    """The incoming half: the join first, then everything else."""

    def __init__(
        self,
        socket: ClientSocket,
        connection: QueuedConnection,
        service: ConferenceService,
        router: RoomRouter,
    ) -> None:
        self._socket = socket
        self._connection = connection
        self._service = service
        self._router = router
        self._limit = TokenBucket(RATE, BURST)
        self._refused = 0

    async def run(self) -> None:
        request = await self._asked()
        if request is None:
            return
        try:
            async with self._router.route(request, self._connection) as route:
                if route is None:
                    await self._serve(request)
                else:
                    await self._pass_on(route)
        except DomainError as error:
            self._turn_away(_join_refusal(error, request.id))

    async def _pass_on(self, route: Route) -> None:
        """Pass all that is said on to another process."""
        with contextlib.suppress(*_GONE):
            while not self._connection.ended:
                text = await self._socket.receive_data(mode="text")
                if len(text) > LARGEST_MESSAGE:
                    self._connection.end(CloseCode.TOO_LARGE)
                elif self._may_speak():
                    await route.send(text)

    async def _serve(self, request: Join) -> None:
        arrival = await self._join(request)
        if arrival is None:
            return
        session = open_session(arrival, self._connection)
        try:
            while session.is_current and not self._connection.ended:
                message = await self._read(SILENCE_LIMIT)
                if message is not None and session.is_current:
                    await session.receive(message)
        except _GONE:
            pass
        finally:
            self._service.disconnected(arrival, self._connection)

    async def _asked(self) -> Join | None:
        try:
            return await self._first_message()
        except DomainError as error:
            self._turn_away(_join_refusal(error, None))
        except TimeoutError:
            self._turn_away(refusal(Invalid(ErrorCode.JOIN_TOO_LATE), None))
        except _GONE:
            pass
        return None

    async def _join(self, request: Join) -> Arrival | None:
        try:
            return await self._service.join(request, self._connection)
        except DomainError as error:
            self._turn_away(_join_refusal(error, request.id))
        except _GONE:
            pass
        return None

    def _turn_away(self, reason: Error) -> None:
        self._connection.send(reason)
        self._connection.end(CloseCode.REFUSED)

    async def _first_message(self) -> Join | None:
        async with asyncio.timeout(JOIN_LIMIT):
            while not self._connection.ended:
                message = await self._read(JOIN_LIMIT)
                match message:
                    case Join():
                        return message
                    case Ping():
                        self._connection.send(Pong())
                    case _:
                        if message is not None:
                            raise Invalid(ErrorCode.NOT_JOINED, "type")
                        self._connection.end(CloseCode.REFUSED)
        return None

    async def _read(self, limit: float) -> AnyClientMessage | None:
        """The next message, or None when it has been refused."""
        async with asyncio.timeout(limit):
            text = await self._socket.receive_data(mode="text")
        if len(text) > LARGEST_MESSAGE:
            self._connection.end(CloseCode.TOO_LARGE)
            return None
        if not self._may_speak():
            return None
        try:
            return decode(text)
        except BadMessage as error:
            details = {"field": error.field} if error.field else None
            self._refuse(
                Error(code="bad_request", message=error.reason, id=error.request_id, details=details)
            )
            return None

    def _may_speak(self) -> bool:
        """Whether another message may come already; it has been refused otherwise."""
        if self._limit.take():
            return True
        self._refuse(refusal(Exhausted(ErrorCode.TOO_MANY_MESSAGES), None))
        return False

    def _refuse(self, error: Error) -> None:
        self._refused += 1
        self._connection.send(error)
        if self._refused > MOST_REFUSED:
            self._connection.end(CloseCode.MISUSE)


def _join_refusal(error: DomainError, request_id: str | None) -> Error:
    message = refusal(error, request_id)
    if isinstance(error, NotFound) and not isinstance(error, LinkNotFound):
        return structs.replace(message, code="room_not_found")
    return message
