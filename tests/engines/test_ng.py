"""The ng protocol: losses, refusals, servers that are not there, and the events that come unasked."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import pytest

from switchroom.engines.rtpengine import bencode
from switchroom.engines.rtpengine import client as ng_client
from switchroom.engines.rtpengine.client import (
    NgClient,
    NgMalformed,
    NgOverloaded,
    NgRefused,
    NgTimeout,
    NgUnknownCall,
    NgUnreachable,
)
from switchroom.engines.rtpengine.commands import Delete, Offer, Ping, Query, QueryReply, Reply, SdpReply
from switchroom.engines.rtpengine.dtmf import DtmfEvent, DtmfFeed
from tests.engines.waiting import until
from tests.ports import free_port

Answering = Callable[[int, str, dict[str, Any]], str | None]
"""Takes the number of the datagram, its cookie and its command; returns what is sent back."""


def never(_number: int, _cookie: str, _command: dict[str, Any]) -> None:
    """Answers nothing."""


class MadeUpServer(asyncio.DatagramProtocol):
    """Answers as a test wants."""

    def __init__(self, answering: Answering) -> None:
        self.cookies: list[str] = []
        self._answering = answering
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        cookie, _, body = data.decode().partition(" ")
        self.cookies.append(cookie)
        answer = self._answering(len(self.cookies), cookie, json.loads(body))
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer.encode(), addr)


Serve = Callable[[Answering], Awaitable[tuple[MadeUpServer, NgClient]]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    transports: list[asyncio.BaseTransport] = []

    async def begin(answering: Answering) -> tuple[MadeUpServer, NgClient]:
        loop = asyncio.get_running_loop()
        transport, server = await loop.create_datagram_endpoint(
            lambda: MadeUpServer(answering), local_addr=("127.0.0.1", 0)
        )
        transports.append(transport)
        client = await NgClient.connect(*transport.get_extra_info("sockname"))
        return server, client

    yield begin
    for transport in transports:
        transport.close()


async def test_what_is_lost_is_sent_again_under_the_same_cookie(serve: Serve) -> None:
    server, client = await serve(
        lambda number, cookie, _: f'{cookie} {{"result":"ok","sdp":"v=0"}}' if number == 3 else None
    )
    reply = await client.request(Offer(call_id="a", from_tag="p", sdp="v=0"), SdpReply)
    assert reply.sdp == "v=0"
    assert len(server.cookies) == 3
    assert len(set(server.cookies)) == 1
    client.close()


async def test_a_pause_of_the_process_is_no_silence_of_the_server(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ng_client, "PAUSES", (0.05, 0.05, 2.0))
    server, client = await serve(
        lambda number, cookie, _: f'{cookie} {{"result":"pong"}}' if number == 3 else None
    )
    # Longer than all pauses together: everything is overdue after it.
    asyncio.get_running_loop().call_soon(time.sleep, 2.2)
    await client.ping()
    assert len(server.cookies) == 3
    client.close()


async def test_answers_find_their_commands_in_any_order_and_late_ones_are_dropped(serve: Serve) -> None:
    held: list[str] = []

    def answer(_number: int, cookie: str, command: dict[str, Any]) -> str | None:
        held.append(f'{cookie} {{"result":"ok","created":{command["call-id"]}}}')
        return held[1] if len(held) == 2 else held[0] if len(held) > 2 else None

    _, client = await serve(answer)
    first, second = await asyncio.gather(
        client.request(Query("1"), QueryReply), client.request(Query("2"), QueryReply)
    )
    assert (first.created, second.created) == (1, 2)
    client.close()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ('{"result":"error","error-reason":"Unknown call-id"}', NgUnknownCall),
        ('{"result":"error","error-reason":"Incomplete SDP"}', NgRefused),
        ('{"result":"load limit","message":"too many"}', NgOverloaded),
        ("d6:result2:oke", NgMalformed),
        ('{"result":"ok","created":"when"}', NgMalformed),
        ("", NgMalformed),
    ],
)
async def test_what_is_no_success_is_an_error_of_its_kind(
    serve: Serve, answer: str, error: type[Exception]
) -> None:
    _, client = await serve(lambda _number, cookie, _command: f"{cookie} {answer}")
    with pytest.raises(error) as raised:
        await client.request(Query("1"), QueryReply)
    assert type(raised.value) is error
    client.close()


async def test_silence_and_nobody_are_told_apart(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ng_client, "PAUSES", (0.05, 0.05))
    server, client = await serve(never)
    with pytest.raises(NgTimeout):
        await client.ping()
    assert len(server.cookies) == 2
    client.close()
    async with NgClient.connected("127.0.0.1", free_port()) as alone:
        with pytest.raises(NgUnreachable):
            await alone.ping()


async def test_a_command_does_not_change_what_another_has_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ng_client, "PAUSES", (0.2,))
    async with NgClient.connected("127.0.0.1", free_port()) as alone:
        heard, hear = asyncio.Event(), alone.error_received

        def error_received(exc: Exception) -> None:
            if not heard.is_set():
                hear(exc)
                heard.set()

        monkeypatch.setattr(alone, "error_received", error_received)
        first = asyncio.create_task(alone.ping())
        await heard.wait()
        second = asyncio.create_task(alone.ping())
        outcomes = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [NgUnreachable, NgTimeout]


async def test_a_closed_client_fails_what_is_on_its_way_and_what_comes(serve: Serve) -> None:
    _, client = await serve(never)
    waiting = asyncio.create_task(client.request(Delete("1"), Reply))
    await asyncio.sleep(0)
    client.close()
    with pytest.raises(NgUnreachable):
        await waiting
    with pytest.raises(NgUnreachable):
        await client.request(Ping(), Reply)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"i42e", 42),
        (b"i-1e", -1),
        (b"4:spam", "spam"),
        (b"0:", ""),
        (b"le", []),
        (b"li1e1:ae", [1, "a"]),
        (b"d1:bi1e1:al1:xee", {"b": 1, "a": ["x"]}),
    ],
)
def test_values_are_read_and_none_before_it_is_whole(data: bytes, value: bencode.Value) -> None:
    assert bencode.decode(data) == (value, len(data))
    for length in range(len(data)):
        with pytest.raises(bencode.Incomplete):
            bencode.decode(data[:length])


@pytest.mark.parametrize(
    "data", [b"x", b"ie", b"i1.5e", b"-1:a", b"d1:ae", b"di1ei1ee", b"i" + b"1" * 30 + b"e", b"l" * 20]
)
def test_what_is_no_value_is_an_error(data: bytes) -> None:
    with pytest.raises(bencode.BencodeError):
        bencode.decode(data)


def _event(call_id: str, number: int) -> bytes:
    data = f"d6:callid{len(call_id)}:{call_id}10:source_tag1:p4:tagsl1:p1:ce4:type4:DTMF5:eventi{number}e"
    return f"0123456789abcdef d4:data{data}8:durationi160e6:volumei8eee".encode()


async def test_events_are_told_however_they_are_cut_and_again_after_a_loss() -> None:
    told: list[DtmfEvent] = []
    writers: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    async def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writers.put(writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    feed = DtmfFeed("127.0.0.1", port, told.append)
    feed.start()
    async with asyncio.timeout(60):
        writer = await writers.get()
        both = _event("one", 5) + _event("one", 11)
        for part in (both[:7], both[7:60], both[60:]):
            writer.write(part)
            await writer.drain()
        await until(lambda: len(told) == 2)
        writer.write(b"no event at all")
        await writer.drain()
        writer = await writers.get()
        writer.write(_event("two", 16) + _event("two", 0))
        await until(lambda: len(told) == 3)
    assert [(event.call_id, event.tag, event.digit, event.duration) for event in told] == [
        ("one", "p", "5", 160),
        ("one", "p", "#", 160),
        ("two", "p", "0", 160),
    ]
    await feed.stop()
    writer.close()
    server.close()


async def test_connections_that_end_at_once_are_made_at_growing_intervals() -> None:
    times: list[float] = []
    loop = asyncio.get_running_loop()

    async def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        times.append(loop.time())
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    feed = DtmfFeed("127.0.0.1", server.sockets[0].getsockname()[1], lambda event: None)
    feed.start()
    await until(lambda: len(times) >= 4)
    await feed.stop()
    server.close()
    assert times[3] - times[0] >= 0.05 + 0.1 + 0.2
