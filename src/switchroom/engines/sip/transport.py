"""Transport of datagrams (RFC 3261 section 18) and the clock that timers are of."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Protocol, cast

from switchroom.engines.sip.errors import TransportError

Address = tuple[str, int]
"""IP address and port."""

LARGEST_DATAGRAM = 65507
_RECEIVE_BUFFER = 4 * 1024 * 1024


class Timer(Protocol):
    """A call that is to come; an `asyncio.TimerHandle` is one."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """Seconds and timers; an asyncio event loop is one."""

    def time(self) -> float: ...

    def call_later(self, delay: float, callback: Callable[[], None], /) -> Timer: ...


class Transport(Protocol):
    """Sender of datagrams from one address."""

    @property
    def local(self) -> Address:
        """The address that they are sent from and received at."""
        ...

    def send(self, data: bytes, to: Address) -> None:
        """Hand a datagram to the network. Raises TransportError."""
        ...


def _drop(data: bytes, source: Address) -> None:
    """Receiver until there is another."""


class UdpTransport(asyncio.DatagramProtocol):
    """UDP socket; `receive` gets each datagram with the address that it is from."""

    def __init__(self) -> None:
        self.receive: Callable[[bytes, Address], None] = _drop
        self._socket: asyncio.DatagramTransport | None = None
        self.errors = 0
        """Errors that the network has reported since the start: nobody listens there, and the like."""

    async def open(self, local: Address) -> None:
        """Bind the socket; port 0 takes a free one. Raises OSError."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=local)

    def close(self) -> None:
        """Close the socket; what is sent afterwards raises TransportError."""
        if self._socket is not None:
            self._socket.close()

    @property
    def local(self) -> Address:
        if self._socket is None:
            raise TransportError("the socket is not open")
        return cast("Address", self._socket.get_extra_info("sockname")[:2])

    def send(self, data: bytes, to: Address) -> None:
        """Hand a datagram to the network. Raises TransportError."""
        if self._socket is None or self._socket.is_closing():
            raise TransportError("the socket is closed")
        if len(data) > LARGEST_DATAGRAM:
            raise TransportError("the message is too large for a datagram")
        self._socket.sendto(data, to)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._socket = cast("asyncio.DatagramTransport", transport)
        own = cast("socket.socket", transport.get_extra_info("socket"))
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.receive(data, addr[:2])

    def error_received(self, exc: Exception) -> None:
        self.errors += 1
