"""A TURN server that only says whether it would make a relay, over UDP and TCP (RFC 8656)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

REALM, NONCE = b"switchroom.test", b"f00d"
BINDING, ALLOCATE, REFRESH = 0x0001, 0x0003, 0x0004


class TurnServer:
    """Knows the secret that temporary credentials are made with. `allocated` and `released` count; a request
    that comes again, for its answer took long, gets the same answer."""

    def __init__(self, secret: str) -> None:
        self.port = 0
        self.allocated = self.released = 0
        self._secret = secret.encode()
        self._answers: dict[bytes, bytes] = {}

    def answer(self, request: bytes) -> bytes:
        transaction = request[8:20]
        if transaction not in self._answers:
            self._answers[transaction] = self._first_answer(request)
        return self._answers[transaction]

    def _first_answer(self, request: bytes) -> bytes:
        kind = int.from_bytes(request[:2], "big")
        said = dict(attributes(request))
        if kind == BINDING:
            return reply(request, kind | 0x0100, b"")
        if 0x0008 not in said:
            refusal = attribute(0x0009, b"\0\0\4\1Unauthorized")
            asked = attribute(0x0014, REALM) + attribute(0x0015, NONCE)
            return reply(request, kind | 0x0110, refusal + asked)
        username = said[0x0006]
        password = base64.b64encode(hmac.digest(self._secret, username, "sha1"))
        key = hashlib.md5(username + b":" + REALM + b":" + password).digest()
        # Nothing comes behind the signature: what is signed is all before it, with the length as it is.
        good = hmac.compare_digest(hmac.digest(key, request[:-24], "sha1"), said[0x0008])
        if not good or int(username.split(b":")[0]) < time.time() or said[0x0015] != NONCE:
            return reply(request, kind | 0x0110, attribute(0x0009, b"\0\0\4\1Unauthorized"))
        if kind == ALLOCATE:
            assert said[0x0019][0] == 17
            self.allocated += 1
        if kind == REFRESH:
            assert said[0x000D] == bytes(4)
            self.released += 1
        return reply(request, kind | 0x0100, b"")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while len(header := await reader.read(20)) == 20:
            writer.write(self.answer(header + await reader.readexactly(int.from_bytes(header[2:4], "big"))))
        writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: TurnServer) -> None:
        self._server = server
        self._first = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._first:
            self._first = False  # lost on the way
            return
        self._transport.sendto(self._server.answer(data), addr)


@asynccontextmanager
async def turn_server(secret: str) -> AsyncGenerator[TurnServer]:
    server = TurnServer(secret)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Datagrams(server), ("127.0.0.1", server.port)
    )
    try:
        yield server
    finally:
        transport.close()
        listening.close()


def attributes(message: bytes) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    at = 20
    while at < len(message):
        number, length = (int.from_bytes(message[i : i + 2], "big") for i in (at, at + 2))
        found.append((number, message[at + 4 : at + 4 + length]))
        at += 4 + (length + 3) // 4 * 4
    return found


def attribute(number: int, value: bytes) -> bytes:
    padding = bytes((4 - len(value) % 4) % 4)
    return number.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value + padding


def reply(request: bytes, kind: int, body: bytes) -> bytes:
    return kind.to_bytes(2, "big") + len(body).to_bytes(2, "big") + request[4:20] + body
