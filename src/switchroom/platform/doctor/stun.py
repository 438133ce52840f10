"""A client of STUN (RFC 8489) and TURN (RFC 8656), as far as asking takes it: over UDP, TCP and TLS."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
import ssl
import struct
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Protocol, cast

from msgspec import Struct

_COOKIE = 0x2112A442
_HEADER = struct.Struct("!HHI12s")
_BINDING, _ALLOCATE, _REFRESH = 0x0001, 0x0003, 0x0004
_SUCCESS, _ERROR = 0x0100, 0x0110
_USERNAME, _INTEGRITY, _ERROR_CODE = 0x0006, 0x0008, 0x0009
_LIFETIME, _REALM, _NONCE, _TRANSPORT = 0x000D, 0x0014, 0x0015, 0x0019
_UDP = b"\x11\0\0\0"
_UNAUTHENTICATED = 401
_AGAIN = 0.5
"""Seconds until a datagram that was not answered is sent again, twice as many each time."""

_ADDRESS = re.compile(r"(stuns?|turns?):(\[[^\]]+\]|[^:?]+)(?::(\d+))?(?:\?transport=(udp|tcp))?")

Attributes = Mapping[int, bytes]


class StunRefused(Exception):
    """The server answers with an error."""


class StunServer(Struct, frozen=True):
    """Address of a STUN or TURN server, and the transport over which it is spoken to."""

    host: str
    port: int
    is_tls: bool
    is_stream: bool


def parse(address: str) -> StunServer:
    """The server of an address as browsers know it (RFC 7064, RFC 7065). Raises ValueError."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise ValueError(f"{address} is not the address of a STUN or TURN server")
    scheme, host, port, transport = found.groups()
    is_tls = scheme.endswith("s")
    return StunServer(
        host.strip("[]"), int(port or (5349 if is_tls else 3478)), is_tls, is_tls or transport == "tcp"
    )


async def bind(server: StunServer) -> None:
    """Ask a STUN server where this machine is seen. Raises OSError, EOFError, ValueError and StunRefused, and
    waits for as long as it is let."""
    async with _connected(server) as wire:
        kind, _ = await wire.ask(_message(_BINDING, {}))
    if kind != _BINDING | _SUCCESS:
        raise StunRefused("a STUN request")


async def allocate(server: StunServer, username: str, password: str) -> None:
    """Have a TURN server make a relay, and let it go again. Raises what `bind` raises, StunRefused also when
    the credentials are not good there."""
    wanted = {_TRANSPORT: _UDP}
    async with _connected(server) as wire:
        kind, said = await wire.ask(_message(_ALLOCATE, wanted))
        if kind != _ALLOCATE | _ERROR or _code(said) != _UNAUTHENTICATED or _REALM not in said:
            raise StunRefused("a TURN request without asking who sends it")
        who = {_USERNAME: username.encode(), _REALM: said[_REALM], _NONCE: said.get(_NONCE, b"")}
        key = hashlib.md5(  # noqa: S324 - as the protocol has it
            b":".join((username.encode(), said[_REALM], password.encode()))
        ).digest()
        kind, said = await wire.ask(_message(_ALLOCATE, {**wanted, **who}, key))
        if kind != _ALLOCATE | _SUCCESS:
            code = _code(said)
            why = "the secret is not the server's" if code == _UNAUTHENTICATED else _reason(said)
            raise StunRefused(f"{why} ({code})")
        await wire.ask(_message(_REFRESH, {_LIFETIME: bytes(4), **who}, key))


class _Wire(Protocol):
    async def ask(self, request: bytes) -> tuple[int, Attributes]:
        """The type and the attributes of the answer."""
        ...


@asynccontextmanager
async def _connected(server: StunServer) -> AsyncGenerator[_Wire]:
    if not server.is_stream:
        transport, datagrams = await asyncio.get_running_loop().create_datagram_endpoint(
            _Datagrams, remote_addr=(server.host, server.port)
        )
        try:
            yield datagrams
        finally:
            transport.close()
        return
    context = ssl.create_default_context() if server.is_tls else None
    reader, writer = await asyncio.open_connection(server.host, server.port, ssl=context)
    try:
        yield _Stream(reader, writer)
    finally:
        writer.close()


class _Stream:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, request: bytes) -> tuple[int, Attributes]:
        self._writer.write(request)
        header = await self._reader.readexactly(_HEADER.size)
        length: int = _HEADER.unpack(header)[1]
        return _read(header + await self._reader.readexactly(length), request)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self._received: asyncio.Queue[bytes | Exception] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._received.put_nowait(data)

    def error_received(self, exc: Exception) -> None:
        self._received.put_nowait(exc)

    async def ask(self, request: bytes) -> tuple[int, Attributes]:
        pause = _AGAIN
        while True:
            self._transport.sendto(request)
            try:
                async with asyncio.timeout(pause):
                    received = await self._received.get()
            except TimeoutError:
                pause *= 2
                continue
            if isinstance(received, Exception):
                raise received
            return _read(received, request)


def _message(kind: int, attributes: Attributes, key: bytes | None = None) -> bytes:
    transaction = secrets.token_bytes(12)
    body = b"".join(_attribute(number, value) for number, value in attributes.items())
    if key is None:
        return _HEADER.pack(kind, len(body), _COOKIE, transaction) + body
    # The signed bytes say the length with the signature, which is 24 bytes.
    signed = _HEADER.pack(kind, len(body) + 24, _COOKIE, transaction) + body
    return signed + _attribute(_INTEGRITY, hmac.digest(key, signed, "sha1"))


def _attribute(number: int, value: bytes) -> bytes:
    return struct.pack("!HH", number, len(value)) + value + bytes(-len(value) % 4)


def _read(message: bytes, request: bytes) -> tuple[int, Attributes]:
    """Raises ValueError for what is no answer to the request."""
    if len(message) < _HEADER.size or message[4:20] != request[4:20]:
        raise ValueError("the answer is no STUN")
    kind: int = _HEADER.unpack_from(message)[0]
    attributes: dict[int, bytes] = {}
    at = _HEADER.size
    while at + 4 <= len(message):
        number, length = struct.unpack_from("!HH", message, at)
        attributes.setdefault(number, message[at + 4 : at + 4 + length])
        at += 4 + length + -length % 4
    return kind, attributes


def _code(attributes: Attributes) -> int:
    """The number of an error, 0 without one."""
    said = attributes.get(_ERROR_CODE, b"")
    return (said[2] & 7) * 100 + said[3] if len(said) >= 4 else 0


def _reason(attributes: Attributes) -> str:
    return attributes.get(_ERROR_CODE, b"")[4:].decode("utf-8", "replace")[:100] or "the request"
