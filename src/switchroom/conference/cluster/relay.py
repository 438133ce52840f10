"""Signalling between two processes: one has the browser's socket, the other has the room.

Every text of the socket goes to the process that has the room, and what that answers comes back, so that the
socket is served there as one of its own. NATS delivers at most once and in order; the texts are numbered, and
a relay that misses one is over: the browser reconnects and resumes.
"""

from __future__ import annotations

import asyncio
import secrets
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec
import structlog
from litestar.exceptions import WebSocketDisconnect
from msgspec import Struct
from prometheus_client import Gauge

from switchroom.conference.close_codes import CloseCode
from switchroom.conference.cluster.membership import ClusterMembership
from switchroom.conference.cluster.ownership import RoomOwnership
from switchroom.conference.messages import Join
from switchroom.conference.signalling.connection import MOST_QUEUED, MOST_QUEUED_CHARACTERS, QueuedConnection
from switchroom.engines.nats.connection import NatsConnection, NatsUnreachable
from switchroom.tasks import Tasks

log = structlog.stdlib.get_logger(__name__)

OPEN_LIMIT = 1.5
"""Seconds that the process which has a room may take to answer that it takes a socket."""

STOP_LIMIT = 2.0
ENVELOPE = 1000
"""Bytes of a payload left for what is around the text."""

RELAYED = Gauge(
    "switchroom_relayed_connections",
    "Browsers connected whose room another process has.",
    multiprocess_mode="liveall",
)


class Open(Struct, frozen=True, array_like=True):
    """Asks a process to serve a socket of the process `origin` in a room that it has."""

    relay: str
    origin: str
    room_id: str
    join: str


class Opened(Struct, frozen=True, array_like=True):
    """Whether the socket is served; it is not by a process that does not have the room (any more)."""

    taken: bool


class Frame(Struct, frozen=True, array_like=True):
    """A text, or with `more` a part of one; the last frame of a relay has a close code and no text."""

    relay: str
    number: int
    text: str
    more: bool = False
    close: int = 0


_frame_decoder = msgspec.msgpack.Decoder(Frame)
_open_decoder = msgspec.msgpack.Decoder(Open)
_opened_decoder = msgspec.msgpack.Decoder(Opened)
_encoder = msgspec.msgpack.Encoder()
_json = msgspec.json.Encoder()


class _Half:
    """Framing at one end of a relay: numbers and cuts what is sent, checks and joins what is received."""

    def __init__(self, relay: str, peer: str, connection: NatsConnection, subject: str) -> None:
        self.relay = relay
        self.peer = peer
        self._connection = connection
        self._subject = subject
        self._sent = 0
        self._received = 0
        self._parts: list[str] = []

    async def send(self, text: str) -> None:
        size = max(1, (self._connection.largest_payload - ENVELOPE) // 4)  # UTF-8 takes four bytes at most
        for begin in range(0, len(text), size):
            await self._send(text[begin : begin + size], more=begin + size < len(text))

    async def close(self, code: int) -> None:
        """Tell the other end that it is over."""
        await self._send("", close=code)

    def joined(self, frame: Frame) -> str | None:
        """The text that a frame completes. Raises ConnectionError when one before it is missing."""
        if frame.number != self._received:
            raise ConnectionError(f"frame {self._received} of a relay is missing")
        self._received += 1
        self._parts.append(frame.text)
        if frame.more:
            return None
        text, self._parts = "".join(self._parts), []
        return text

    async def _send(self, text: str, *, more: bool = False, close: int = 0) -> None:
        frame = Frame(self.relay, self._sent, text, more, close)
        self._sent += 1
        await self._connection.publish(self._subject, _encoder.encode(frame))


class _End(ABC):
    """One end of a relay, and what becomes of that which the other end says."""

    def __init__(self, half: _Half) -> None:
        self.half = half

    def receive(self, frame: Frame) -> None:
        """Take a frame of the other end. The relay is lost when one before it is missing."""
        try:
            text = self.half.joined(frame)
        except ConnectionError as error:
            log.warning("relay broken", reason=str(error))
            self.lost()
            return
        if frame.close:
            self._ended(frame.close)
        elif text is not None:
            self._said(text)

    @abstractmethod
    def lost(self) -> None:
        """The other end is gone, without a word."""

    @abstractmethod
    def _ended(self, code: int) -> None:
        """The other end has closed the relay."""

    @abstractmethod
    def _said(self, text: str) -> None:
        """The other end has sent a whole text."""


class NearEnd(_End):
    """The end where the browser's socket is: the way to the room."""

    def __init__(self, half: _Half, connection: QueuedConnection) -> None:
        super().__init__(half)
        self._connection = connection
        self._opened = False
        self._lost = False

    def opened(self) -> None:
        """The other end serves the socket. Raises NatsUnreachable when that is over already."""
        if self._lost:
            raise NatsUnreachable("a relay was lost before it was open")
        self._opened = True

    async def send(self, text: str) -> None:
        await self.half.send(text)

    def lost(self) -> None:
        """The process that has the room is gone: the browser reconnects, to the process that has it then."""
        self._lost = True
        if self._opened:
            self._connection.end(CloseCode.RESTART)

    def _ended(self, code: int) -> None:
        self._connection.end(code)

    def _said(self, text: str) -> None:
        self._connection.send_encoded(text)


class FarEnd(_End):
    """The end where the room is, served there as a browser's socket."""

    def __init__(self, half: _Half, join: str) -> None:
        super().__init__(half)
        self._texts = deque([join])
        self._characters = len(join)
        self._awake = asyncio.Event()
        self._gone = False
        self._told = False

    async def accept(self) -> None:
        """The browser's socket was accepted where it is."""

    async def receive_data(self, mode: Literal["text"]) -> str:
        while not self._texts:
            if self._gone:
                raise WebSocketDisconnect(detail="the browser is gone")
            self._awake.clear()
            await self._awake.wait()
        text = self._texts.popleft()
        self._characters -= len(text)
        return text

    async def send_text(self, data: str, /) -> None:
        if self._gone:
            raise WebSocketDisconnect(detail="the browser is gone")
        await self.half.send(data)

    async def close(self, code: int) -> None:
        if not self._gone and not self._told:
            self._told = True
            await self.half.close(code)

    @property
    def overrun(self) -> bool:
        """Whether the browser says more than can be listened to."""
        return len(self._texts) > MOST_QUEUED or self._characters > MOST_QUEUED_CHARACTERS

    def lost(self) -> None:
        """The browser, or the process that has its socket, is gone."""
        self._gone = True
        self._awake.set()

    def _ended(self, code: int) -> None:
        self.lost()

    def _said(self, text: str) -> None:
        self._texts.append(text)
        self._characters += len(text)
        self._awake.set()


class Relays:
    """All relays of one process, of both kinds of ends."""

    def __init__(
        self,
        connection: NatsConnection,
        members: ClusterMembership,
        ownership: RoomOwnership,
        serve: Callable[[FarEnd], Awaitable[None]],
    ) -> None:
        """`serve` serves a socket that another process has; `ownership` tells which rooms are here."""
        self._connection = connection
        self._members = members
        self._ownership = ownership
        self._serve = serve
        self._near: dict[str, NearEnd] = {}
        self._far: dict[str, FarEnd] = {}
        self._tasks = Tasks()
        self._stopping = False
        connection.subscribe(members.subject_of(members.name, "open"), self._opened)
        connection.subscribe(members.subject_of(members.name, "near"), self._near_frame)
        connection.subscribe(members.subject_of(members.name, "far"), self._far_frame)
        connection.on_change(self._connection_changed)
        members.on_gone(self._peer_gone)

    async def open(self, owner: str, request: Join, connection: QueuedConnection) -> NearEnd | None:
        """Have a socket served by another process; None when that does not have the room.

        Raises NatsError as a request does.
        """
        half = self._half(secrets.token_hex(8), owner, "far")
        end = NearEnd(half, connection)
        # Messages of the other end may be here before its answer.
        self._near[half.relay] = end
        opened = False
        try:
            payload = Open(half.relay, self._members.name, request.room_id, _json.encode(request).decode())
            answer = await self._connection.request(
                self._members.subject_of(owner, "open"), _encoder.encode(payload), OPEN_LIMIT
            )
            if _opened_decoder.decode(answer).taken:
                end.opened()
                opened = True
        finally:
            if not opened:
                await self.close(end)
        if not opened:
            return None
        self._members.heard(owner)
        RELAYED.inc()
        return end

    async def close(self, end: NearEnd, *, opened: bool = False) -> None:
        """A browser is gone."""
        if opened:
            RELAYED.dec()
        if self._near.pop(end.half.relay, None) is not None:
            await end.half.close(1)

    async def stop(self) -> None:
        """End all relays. Those of browsers here know of it from the service's end."""
        self._stopping = True
        for end in list(self._near.values()):
            end.lost()
        try:
            async with asyncio.timeout(STOP_LIMIT):
                await self._tasks.finish()
        except TimeoutError:
            self._lose(lambda peer: True)
            await self._tasks.close()

    async def _opened(self, payload: bytes, reply: str) -> None:
        request = _open_decoder.decode(payload)
        taken = self._ownership.is_mine(request.room_id) and not self._stopping
        if taken:
            self._members.heard(request.origin)
            self._ownership.pin(request.room_id)
            end = FarEnd(self._half(request.relay, request.origin, "near"), request.join)
            self._far[request.relay] = end
            self._tasks.spawn(self._serve_far(end, request.room_id), f"relay {request.relay}")
        await self._connection.publish(reply, _encoder.encode(Opened(taken)))

    async def _serve_far(self, end: FarEnd, room_id: str) -> None:
        try:
            await self._serve(end)
        finally:
            self._ownership.unpin(room_id)
            self._far.pop(end.half.relay, None)

    async def _near_frame(self, payload: bytes, _reply: str) -> None:
        frame = _frame_decoder.decode(payload)
        end = self._near.get(frame.relay)
        if end is not None:
            if frame.close:
                del self._near[frame.relay]
            end.receive(frame)

    async def _far_frame(self, payload: bytes, _reply: str) -> None:
        frame = _frame_decoder.decode(payload)
        end = self._far.get(frame.relay)
        if end is not None:
            end.receive(frame)
            if end.overrun:
                await end.close(CloseCode.MISUSE)
                end.lost()

    def _half(self, relay: str, peer: str, kind: str) -> _Half:
        return _Half(relay, peer, self._connection, self._members.subject_of(peer, kind))

    def _connection_changed(self, connected: bool) -> None:
        if not connected:
            self._lose(lambda peer: True)

    def _peer_gone(self, name: str) -> None:
        self._lose(lambda peer: peer == name)

    def _lose(self, concerned: Callable[[str], bool]) -> None:
        for end in [*self._near.values(), *self._far.values()]:
            if concerned(end.half.peer):
                end.lost()
