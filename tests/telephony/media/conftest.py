"""Fixtures: a media relay of the test's own, phones, and legs for them."""

from __future__ import annotations

import math
import wave
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from switchroom.engines.rtpengine.client import NgClient
from switchroom.engines.rtpengine.configuration import RtpengineConfiguration
from switchroom.engines.rtpengine.engine import RtpengineEngine
from switchroom.telephony.media import sdp
from switchroom.telephony.media.leg import LegMedia
from switchroom.telephony.media.state import Target
from tests.ports import media_ports
from tests.telephony.media.phone import Phone

Caller = Callable[..., Awaitable[tuple[Phone, LegMedia]]]


@pytest.fixture
async def relay(tmp_path: Path) -> AsyncIterator[RtpengineEngine]:
    with media_ports() as media:
        configuration = RtpengineConfiguration(
            rtp_port_min=media.start, rtp_port_max=media.stop - 1, log_level=5
        )
        engine = RtpengineEngine(tmp_path / "rtpengine", configuration)
        await engine.start()
        yield engine
        await engine.stop()


@pytest.fixture
async def ng(relay: RtpengineEngine) -> AsyncIterator[NgClient]:
    async with NgClient.connected("127.0.0.1", relay.configuration.control_port) as client:
        yield client


@pytest.fixture
async def call(ng: NgClient) -> AsyncIterator[Caller]:
    """Make a phone that talks, with a leg that is answered: by the phone's offer, or by ours."""
    phones: list[Phone] = []
    legs: list[LegMedia] = []

    async def make(
        tone: int,
        payload: int = 8,
        *,
        called: bool = False,
        events: dict[int, int] | None = None,
        target: Target | None = None,
        packet_time: int = 20,
    ) -> tuple[Phone, LegMedia]:
        phone = await Phone.ring(tone, payload, events, packet_time)
        leg = LegMedia(ng)
        phones.append(phone)
        legs.append(leg)
        if called:
            offer = await leg.offer_phone(target=target)
            await leg.phone_answered(phone.description())
            phone.connect(sdp.read(offer).port)
        else:
            await leg.phone_offered(phone.description())
            phone.connect(sdp.read(await leg.answer_phone(target)).port)
        return phone, leg

    yield make
    for phone in phones:
        phone.close()
    for leg in legs:
        await leg.close()


@pytest.fixture
def sound(tmp_path: Path) -> Callable[[int, float], Path]:
    """Make a sound file of a tone that lasts some seconds."""

    def make(tone: int, seconds: float) -> Path:
        file = tmp_path / f"{tone}-{seconds:g}.wav"
        samples = array(
            "h",
            (round(9000 * math.sin(2 * math.pi * tone * at / 8000)) for at in range(round(seconds * 8000))),
        )
        with wave.open(str(file), "wb") as written:
            written.setnchannels(1)
            written.setsampwidth(2)
            written.setframerate(8000)
            written.writeframes(samples.tobytes())
        return file

    return make
