"""Receivers of web hooks in a process of their own, which do next to nothing: answer 200 and remember.

Run as `python -m benchmarks.receivers LIVE SILENT`. Its first line says the ports, as JSON: `live` ones,
`silent` ones that take a request and never answer, and the one where `count` and `report` are asked.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from typing import Any

import msgspec
from msgspec import Struct

from switchroom.platform.loop import run

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_COUNT = b"count\n"
_END_OF_HEAD = b"\r\n\r\n"


class Ports(Struct, frozen=True):
    live: list[int]
    silent: list[int]
    report: int


class Report(Struct, frozen=True):
    """The event ids that each live receiver got, in order, and when the last of all came (Unix time)."""

    received: list[list[int]]
    last_at: float


class _Receiver(asyncio.Protocol):
    """One connection. Requests are told apart by their Content-Length, as RFC 9112 has it."""

    def __init__(self, received: list[int], clock: list[float]) -> None:
        self._received = received
        self._clock = clock
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(_END_OF_HEAD)) >= 0:
            head = self._buffer[:end].lower() + b"\r\n"
            size = end + len(_END_OF_HEAD) + _number(head, b"\r\ncontent-length:")
            if len(self._buffer) < size:
                return
            self._buffer = self._buffer[size:]
            self._received.append(_number(head, b"\r\nx-webhook-id:"))
            self._clock[0] = time.time()
            self._transport.write(_ANSWER)


def _number(head: bytes, name: bytes) -> int:
    place = head.index(name) + len(name)
    return int(head[place : head.index(b"\r\n", place)])


async def serve(live: int, silent: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    received: list[list[int]] = [[] for _ in range(live)]
    clock = [0.0]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readline() == _COUNT:
            writer.write(msgspec.json.encode(sum(map(len, received))))
        else:
            writer.write(msgspec.json.encode(Report(received, clock[0])))
        await writer.drain()
        writer.close()

    def receiver(place: int) -> _Receiver:
        return _Receiver(received[place], clock)

    servers = [
        *[
            await loop.create_server(lambda place=place: receiver(place), "127.0.0.1", 0)
            for place in range(live)
        ],
        *[await loop.create_server(asyncio.Protocol, "127.0.0.1", 0) for _ in range(silent)],
        await asyncio.start_server(answer, "127.0.0.1", 0),
    ]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    print(msgspec.json.encode(Ports(ports[:live], ports[live:-1], ports[-1])).decode(), flush=True)
    await stop.wait()


async def count(port: int) -> int:
    """How many requests there have been."""
    return msgspec.json.decode(await _ask(port, _COUNT), type=int)


async def report(port: int) -> Report:
    """What came."""
    return msgspec.json.decode(await _ask(port, b"report\n"), type=Report)


async def _ask(port: int, question: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(question)
        return await reader.read()
    finally:
        writer.close()


if __name__ == "__main__":
    run(serve(int(sys.argv[1]), int(sys.argv[2])))
