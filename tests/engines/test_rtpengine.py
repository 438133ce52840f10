"""rtpengine as an engine: started, asked, found dead and started again, gone when it is stopped."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from switchroom.engines.rtpengine.client import NgClient, NgError, NgUnknownCall
from switchroom.engines.rtpengine.commands import Answer, List, ListReply, Offer, Query, QueryReply, SdpReply
from switchroom.engines.rtpengine.configuration import RtpengineConfiguration
from switchroom.engines.rtpengine.engine import RtpengineEngine
from switchroom.engines.supervisor import ProcessError, ProcessState
from tests.engines.waiting import until
from tests.ports import media_ports

pytestmark = pytest.mark.rtpengine

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"
    "a=rtpmap:8 PCMA/8000\r\n"
)


async def test_it_takes_calls_and_is_started_again_when_it_dies(tmp_path: Path) -> None:
    with media_ports() as media:
        configuration = RtpengineConfiguration(
            interfaces=["127.0.0.1!192.0.2.7"], rtp_port_min=media.start, rtp_port_max=media.stop - 1
        )
        await _dies_and_comes_back(RtpengineEngine(tmp_path / "rtpengine", configuration))


async def _dies_and_comes_back(engine: RtpengineEngine) -> None:
    await engine.start()
    try:
        (version,) = (await engine.versions()).values()
        assert version.strip()[0].isdigit()
        async with NgClient.connected("127.0.0.1", engine.configuration.control_port) as client:
            offered = await client.request(
                Offer(call_id="a", from_tag="p", sdp=SDP, direction=("phones", "core"), replace=("origin",)),
                SdpReply,
            )
            answered = await client.request(Answer(call_id="a", from_tag="p", to_tag="c", sdp=SDP), SdpReply)
            assert "c=IN IP4 127.0.0.1\r\n" in offered.sdp
            assert "c=IN IP4 192.0.2.7\r\n" in answered.sdp
            assert (await client.request(List(), ListReply)).calls == ["a"]
            assert set((await client.request(Query("a"), QueryReply)).tags) == {"p", "c"}
            assert engine.pid is not None
            os.kill(engine.pid, signal.SIGKILL)
            await until(lambda: engine.restarts >= 1 and engine.state is ProcessState.READY)
            with pytest.raises(NgUnknownCall):
                await client.request(Query("a"), QueryReply)
    finally:
        await engine.stop()
    async with NgClient.connected("127.0.0.1", engine.configuration.control_port) as client:
        with pytest.raises(NgError):
            await client.ping()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("no.such.invalid", "Invalid interface"),
        ("192.0.2.1", "192.0.2.1 is not an address of this machine; see telephony.listen"),
    ],
)
async def test_an_address_that_is_not_of_this_machine_is_said(
    tmp_path: Path, address: str, said: str
) -> None:
    engine = RtpengineEngine(tmp_path / "rtpengine", RtpengineConfiguration(interfaces=[address]))
    with pytest.raises(ProcessError, match=said):
        await engine.start()
