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

from switchroom.engines.rtpengine.commands import Command, Ping, Reply

log = structlog.stdlib.get_logger(__name__)

R = TypeVar("R", bound=Reply)

PAUSES = (0.25, 0.5, 1.0, 1.25, 2.0, 3.0)
"""Seconds from each time that a message is sent to the next, and from the last to giving up: 8 s in all, as
the relay of a busy machine may have no turn for as long."""

UNKNOWN_CALL = "unknown call-id"
"""The reason when there is no such call, in lower case: commands write it in two ways."""


class NgError(Exception):
    """Something between this process and rtpengine went wrong."""


class NgUnreachable(NgError):
    """No program listens at the address, or the client has been closed."""


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


_encoder = msgspec.json.Encoder()


@cache
def _decoder(reply: type[R]) -> msgspec.json.Decoder[R]:
    return msgspec.json.Decoder(reply)


class _Sent:
    """A command without an answer: it is sent again when it is due."""

    __slots__ = ("answer", "due", "message", "pauses")

    def __init__(self, message: bytes, answer: asyncio.Future[bytes], now: float) -> None:
        self.message = message
        self.answer = answer
        self.due = now
        self.pauses = iter(PAUSES)


class NgClient(asyncio.DatagramProtocol):
    """A socket to one rtpengine, with any number of commands on their way at once."""

    def __init__(self) -> None:
        self.phones_family = "IP4"
        self._prefix = secrets.token_hex(6)
        self._numbers = itertools.count(1)
        self._waiting: dict[bytes, _Sent] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._looks_at = 0.0
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
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for sent in self._waiting.values():
            if not sent.answer.done():
                sent.answer.set_exception(NgUnreachable("the client has been closed"))

    async def ping(self) -> None:
        """Raises NgError unless rtpengine answers."""
        await self.request(Ping(), Reply)

    async def request(self, command: Command, reply: type[R]) -> R:
        """Send a command and wait for its reply, at most the sum of `PAUSES`, and as long as the process
        itself is stopped.

        Raises NgRefused (NgUnknownCall, NgOverloaded), NgTimeout, NgUnreachable, NgMalformed.
        """
        name = str(command.__struct_config__.tag)
        cookie = f"{self._prefix}_{next(self._numbers)}".encode()
        data = await self._exchange(cookie, b"%b %b" % (cookie, _encoder.encode(command)), name)
        try:
            decoded: R = _decoder(reply).decode(data)
        except msgspec.DecodeError as error:
            raise NgMalformed(f"{name}: {error}") from error
        if decoded.result in ("ok", "pong"):
            return decoded
        if decoded.result == "load limit":
            raise NgOverloaded(name, decoded.message or decoded.result)
        if decoded.error_reason.lower() == UNKNOWN_CALL:
            raise NgUnknownCall(name, decoded.error_reason)
        raise NgRefused(name, decoded.error_reason or decoded.result)

    async def _exchange(self, cookie: bytes, message: bytes, name: str) -> bytes:
        loop = asyncio.get_running_loop()
        sent = self._waiting[cookie] = _Sent(message, loop.create_future(), loop.time())
        try:
            self._send_again(sent)
            self._look_at(loop, sent.due)
            return await sent.answer
        except TimeoutError:
            if cookie in self._refused:
                raise NgUnreachable(f"{name}: nobody listens") from None
            raise NgTimeout(f"{name}: no answer within {sum(PAUSES):g} s") from None
        finally:
            del self._waiting[cookie]
            self._refused.discard(cookie)

    def _send_again(self, sent: _Sent) -> None:
        """Send it, to be looked at after the next pause; after the last the answer is a TimeoutError."""
        pause = next(sent.pauses, None)
        if pause is None:
            sent.answer.set_exception(TimeoutError())
            return
        # After a pause of the whole process it is due long since; rtpengine has the same time to answer.
        sent.due = max(sent.due, asyncio.get_running_loop().time()) + pause
        try:
            self._send(sent.message)
        except NgUnreachable as error:
            sent.answer.set_exception(error)

    def _look_at(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        """Look then, or earlier, at what is not answered: one timer for all, since nearly all are answered at
        once."""
        if self._timer is None or due < self._looks_at:
            if self._timer is not None:
                self._timer.cancel()
            # Not asked for by `when`, which the loop's handle of what is due already has not.
            self._timer, self._looks_at = loop.call_at(due, self._look, loop), due

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        for sent in self._waiting.values():
            if sent.due <= loop.time() and not sent.answer.done():
                self._send_again(sent)
        left = [sent.due for sent in self._waiting.values() if not sent.answer.done()]
        if left:
            self._look_at(loop, min(left))

    def _send(self, message: bytes) -> None:
        """Raises NgUnreachable."""
        if self._transport is None:
            raise NgUnreachable("the client has been closed")
        self._transport.sendto(message)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        cookie, _, body = data.partition(b" ")
        sent = self._waiting.get(cookie)
        if sent is not None and not sent.answer.done():
            sent.answer.set_result(body)

    def error_received(self, exc: Exception) -> None:
        # ICMP's report of a port without a listener; rtpengine may be about to be started.
        self._refused = set(self._waiting) if isinstance(exc, ConnectionRefusedError) else set()
