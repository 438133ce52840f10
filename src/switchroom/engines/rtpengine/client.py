"""Client of rtpengine's ng control protocol over UDP, in its JSON form.

A message is a cookie, a space, and a dictionary. What is not answered is sent again with the same cookie:
rtpengine answers a repeat from its memory and does nothing twice. That memory knows cookies only, not who
sent them, so those of all clients must differ.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from collections.abc import AsyncGenerator
from functools import cache
from typing import TypeVar, cast

import msgspec
import structlog
from msgspec import Struct

from switchroom.engines.rtpengine.commands import Command, Ping, Reply

log = structlog.stdlib.get_logger(__name__)

R = TypeVar("R", bound=Reply)

PAUSES = (0.25, 0.5, 1.0, 1.25)
"""Seconds from each time that a message is sent to the next, and from the last to giving up."""

UNKNOWN_CALL = "unknown call-id"
"""The reason when there is no such call, in lower case: commands write it in two ways."""


class NgError(Exception):
    """Something between this process and rtpengine went wrong."""


class NgUnreachable(NgError):
    """Nobody listens at the address, or the client has been closed."""


class NgTimeout(NgError):
    """rtpengine did not answer in time, however often it was asked."""


class NgMalformed(NgError):
    """rtpengine's answer is not one to the command."""


class NgRefused(NgError):
    """rtpengine refused the command; `reason` is what it says."""

    def __init__(self, command: str, reason: str) -> None:
        super().__init__(f"{command}: {reason}")
        self.reason = reason


class NgUnknownCall(NgRefused):
    """rtpengine has no such call (any more): it has been deleted, or rtpengine has been started anew."""


class NgOverloaded(NgRefused):
    """rtpengine takes no further calls now."""


class _Head(Struct, frozen=True, rename={"error_reason": "error-reason"}):
    result: str
    error_reason: str = ""
    message: str = ""


_encoder = msgspec.json.Encoder()
_head = msgspec.json.Decoder(_Head)


@cache
def _decoder(reply: type[R]) -> msgspec.json.Decoder[R]:
    return msgspec.json.Decoder(reply)


class NgClient(asyncio.DatagramProtocol):
    """A socket to one rtpengine, with any number of commands on their way at once."""

    def __init__(self) -> None:
        self.phones_family = "IP4"
        self._prefix = secrets.token_hex(6)
        self._numbers = itertools.count(1)
        self._waiting: dict[bytes, asyncio.Future[bytes]] = {}
        self._refused: set[bytes] = set()
        """Cookies on their way of which the last error was that nobody listens."""
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    async def connect(cls, host: str, port: int, *, phones_family: str = "IP4") -> NgClient:
        """A client of the rtpengine at this address, whose interface for phones is of this family (`IP4`,
        `IP6`). Nothing is sent yet. Raises OSError."""
        loop = asyncio.get_running_loop()
        _, client = await loop.create_datagram_endpoint(cls, remote_addr=(host, port))
        client.phones_family = phones_family
        return client

    @classmethod
    @contextlib.asynccontextmanager
    async def connected(cls, host: str, port: int, *, phones_family: str = "IP4") -> AsyncGenerator[NgClient]:
        """`connect`, and `close` at the end of the block."""
        client = await cls.connect(host, port, phones_family=phones_family)
        try:
            yield client
        finally:
            client.close()

    def close(self) -> None:
        """Give the socket back; commands on their way fail with NgUnreachable."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(NgUnreachable("the client has been closed"))

    async def ping(self) -> None:
        """Raises NgError unless rtpengine answers."""
        await self.request(Ping(), Reply)

    async def request(self, command: Command, reply: type[R]) -> R:
        """Send a command and wait for its reply, at most the sum of `PAUSES`.

        Raises NgRefused (NgUnknownCall, NgOverloaded), NgTimeout, NgUnreachable, NgMalformed.
        """
        name = str(command.__struct_config__.tag)
        cookie = f"{self._prefix}_{next(self._numbers)}".encode()
        data = await self._exchange(cookie, b"%b %b" % (cookie, _encoder.encode(command)), name)
        try:
            head = _head.decode(data)
            if head.result in ("ok", "pong"):
                return _decoder(reply).decode(data)
        except msgspec.DecodeError as error:
            raise NgMalformed(f"{name}: {error}") from error
        if head.result == "load limit":
            raise NgOverloaded(name, head.message or head.result)
        if head.error_reason.lower() == UNKNOWN_CALL:
            raise NgUnknownCall(name, head.error_reason)
        raise NgRefused(name, head.error_reason or head.result)

    async def _exchange(self, cookie: bytes, message: bytes, name: str) -> bytes:
        waiting = self._waiting[cookie] = asyncio.get_running_loop().create_future()
        sending = _Sending(self, message, waiting)
        try:
            sending.send()
            return await waiting
        except TimeoutError:
            if cookie in self._refused:
                raise NgUnreachable(f"{name}: nobody listens") from None
            raise NgTimeout(f"{name}: no answer within {sum(PAUSES):g} s") from None
        finally:
            del self._waiting[cookie]
            sending.stop()
            self._refused.discard(cookie)

    def send(self, message: bytes) -> None:
        """Send a message whose answer somebody waits for. Raises NgUnreachable."""
        if self._transport is None:
            raise NgUnreachable("the client has been closed")
        self._transport.sendto(message)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        cookie, _, body = data.partition(b" ")
        waiting = self._waiting.get(cookie)
        if waiting is not None and not waiting.done():
            waiting.set_result(body)

    def error_received(self, exc: Exception) -> None:
        # What ICMP says of a port without a listener; rtpengine may be about to be started.
        self._refused = set(self._waiting) if isinstance(exc, ConnectionRefusedError) else set()


class _Sending:
    """A message that is sent until it is answered, by a timer and not by a task of its own."""

    __slots__ = ("_client", "_message", "_pauses", "_timer", "_waiting")

    def __init__(self, client: NgClient, message: bytes, waiting: asyncio.Future[bytes]) -> None:
        self._client = client
        self._message = message
        self._waiting = waiting
        self._pauses = iter(PAUSES)
        self._timer: asyncio.TimerHandle | None = None

    def send(self) -> None:
        """Send it, and again after the next pause; after the last the answer is a TimeoutError."""
        if self._waiting.done():
            return
        pause = next(self._pauses, None)
        if pause is None:
            self._waiting.set_exception(TimeoutError())
            return
        try:
            self._client.send(self._message)
        except NgUnreachable as error:
            self._waiting.set_exception(error)
        else:
            self._timer = self._waiting.get_loop().call_later(pause, self.send)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
