"""Calls of and to real user agents over UDP: sipp on both sides of a small B2BUA, and baresip."""

from __future__ import annotations

import asyncio
import wave
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from switchroom.engines.sip.address import parse_name_addr
from switchroom.engines.sip.core import AgentOptions
from switchroom.engines.sip.events import Answered, Ended, Failed, SessionEvent
from switchroom.engines.sip.session import Session
from switchroom.engines.sip.user_agent import UserAgent
from tests.ports import free_port
from tests.sip.bridge import Bridge

_HOST = "127.0.0.1"
_LIMIT = 60


@asynccontextmanager
async def program(*command: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    """A running program, ended afterwards."""
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=STDOUT)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def answers(port: int) -> None:
    """Wait until a user agent at this port says something to OPTIONS."""
    agent = await UserAgent.open((_HOST, 0), AgentOptions(), Bridge())
    address = parse_name_addr(f"<sip:bob@{_HOST}:{port}>")
    try:
        async with asyncio.timeout(_LIMIT):
            await agent.request("OPTIONS", f"sip:bob@{_HOST}:{port}", from_=address, to=address)
    finally:
        agent.close()


async def test_sipp_calls_sipp_through_two_sessions(tmp_path: Path) -> None:
    bridge, callee, caller = Bridge(), free_port(), free_port()
    common = ("-i", _HOST, "-nostdin", "-trace_err", "-error_file", str(tmp_path / "errors"))
    bridge.agent = await UserAgent.open((_HOST, 0), AgentOptions(), bridge)
    bridge.callee = (_HOST, callee)
    calls = 100
    uas = ("sipp", "-sn", "uas", "-p", str(callee), *common)
    uac = ("sipp", f"{_HOST}:{bridge.agent.local[1]}", "-sn", "uac", "-p", str(caller), "-d", "10")
    try:
        async with program(*uas), asyncio.timeout(_LIMIT):
            process = await asyncio.create_subprocess_exec(
                *uac,
                *common,
                "-r",
                "50",
                "-m",
                str(calls),
                "-s",
                "bob",
                stdin=DEVNULL,
                stdout=DEVNULL,
                stderr=DEVNULL,
            )
            try:
                assert await process.wait() == 0
            finally:
                if process.returncode is None:
                    process.kill()
        assert (bridge.answered, bridge.ended, bridge.agent.sessions()) == (calls, calls, [])
    finally:
        bridge.agent.close()


_BARESIP = """
sip_listen {host}:{port}
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module_app account.so
module_app menu.so
audio_source aufile,{sound}
audio_player aufile,{heard}
"""


async def test_baresip_answers_a_call_and_is_called_off(tmp_path: Path) -> None:
    port = free_port()
    sound = tmp_path / "silence.wav"
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(16_000))
    (tmp_path / "config").write_text(
        _BARESIP.format(host=_HOST, port=port, sound=sound, heard=tmp_path / "heard.wav")
    )
    (tmp_path / "accounts").write_text(f"<sip:bob@{_HOST};transport=udp>;regint=0;answermode=auto\n")
    events: list[SessionEvent] = []
    changed = asyncio.Event()

    def listen(session: Session, event: SessionEvent) -> None:
        events.append(event)
        changed.set()

    async def until(*kinds: type[SessionEvent]) -> None:
        async with asyncio.timeout(_LIMIT):
            while not any(isinstance(event, kinds) for event in events):
                changed.clear()
                await changed.wait()

    async with program("baresip", "-f", str(tmp_path)):
        agent = await UserAgent.open((_HOST, 0), AgentOptions(), Bridge())
        sdp = (
            f"v=0\r\no=- 1 1 IN IP4 {_HOST}\r\ns=-\r\nc=IN IP4 {_HOST}\r\nt=0 0\r\n"
            f"m=audio {free_port()} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        ).encode()
        try:
            await answers(port)
            call = agent.call(
                f"sip:bob@{_HOST}:{port}", listen, from_=parse_name_addr(f"<sip:core@{_HOST}>"), sdp=sdp
            )
            await until(Answered, Failed)
            assert not any(isinstance(event, Failed) for event in events), events
            assert b"m=audio" in call.remote_sdp
            async with asyncio.timeout(_LIMIT):
                held = await call.reinvite(sdp + b"a=sendonly\r\n")
            assert b"m=audio" in held
            call.bye()
            await until(Ended)
        finally:
            agent.close()
