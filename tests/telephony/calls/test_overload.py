"""More calls at once than a worker can set up."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from pathlib import Path
from typing import cast

import pytest

from switchroom.engines.rtpengine import client
from switchroom.engines.rtpengine.client import NgClient
from switchroom.engines.sip.core import AgentOptions
from switchroom.engines.sip.user_agent import UserAgent
from switchroom.platform.call_control import TelephonyWorkerEngine, ask
from switchroom.platform.telephony_calls import CallServices
from switchroom.settings import Settings
from switchroom.telephony.calls.media_services import MediaServices
from switchroom.telephony.calls.switchboard import MOST_BEGINNING
from tests.ports import free_port

_SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"


_LATE = 1.0
"""Seconds."""


def _invite(number: int, port: int) -> bytes:
    lines = [
        "INVITE sip:201@127.0.0.1 SIP/2.0",
        f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{number}",
        f"From: <sip:phone@127.0.0.1>;tag={number}",
        "To: <sip:201@127.0.0.1>",
        f"Call-ID: {number}",
        "CSeq: 1 INVITE",
        f"Contact: <sip:phone@127.0.0.1:{port}>",
        "X-SR-Device: 17",
        "Max-Forwards: 70",
        "Content-Type: application/sdp",
        f"Content-Length: {len(_SDP)}",
    ]
    return "\r\n".join([*lines, "", _SDP]).encode()


class _LateWorker(asyncio.DatagramProtocol):
    """Answers each request late."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asyncio.get_running_loop().call_later(_LATE, self._transport.sendto, b"SIP/2.0 200 OK\r\n\r\n", addr)


async def test_a_worker_that_answers_late_is_there() -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(_LateWorker, local_addr=("127.0.0.1", 0))
    assert TelephonyWorkerEngine.probe_limit > _LATE
    async with asyncio.timeout(60):
        await ask(transport.get_extra_info("sockname")[1])
    transport.close()
    with pytest.raises(OSError, match="refused"):
        await ask(free_port())


async def test_calls_beyond_what_can_be_set_up_are_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The relay does not answer, so none of them goes on; those that are taken wait."""
    monkeypatch.setattr(client, "PAUSES", (600.0,))
    calls = CallServices(Settings(data=str(tmp_path)), 1)
    agent = await UserAgent.open(
        ("127.0.0.1", 0), AgentOptions(next_hop=("127.0.0.1", free_port())), calls.board
    )
    with socket.socket(type=socket.SOCK_DGRAM) as silent, socket.socket(type=socket.SOCK_DGRAM) as phone:
        silent.bind(("127.0.0.1", 0))
        phone.bind(("127.0.0.1", 0))
        phone.setblocking(False)
        async with NgClient.connected(*silent.getsockname()) as ng:
            calls.board.begin(MediaServices(agent, ng))
            loop, told = asyncio.get_running_loop(), set[bytes]()
            async with asyncio.timeout(60):
                for number in range(MOST_BEGINNING + 5):
                    phone.sendto(_invite(number, phone.getsockname()[1]), agent.local)
                    wanted = len(told) + (1 if number < MOST_BEGINNING else 2)
                    while len(told) < wanted:  # a refusal comes again, as nobody acknowledges it
                        told.add(await loop.sock_recv(phone, 65536))
        await calls.board.stop()
    agent.close()
    assert Counter(one[:11] for one in told) == {b"SIP/2.0 100": MOST_BEGINNING + 5, b"SIP/2.0 503": 5}
