"""G.729: two that have nothing else talk in it untouched, and who has something better is translated."""

from __future__ import annotations

import pytest

from switchroom.engines.rtpengine.client import NgClient
from switchroom.telephony.media import sdp
from switchroom.telephony.media.codecs import G729, PCMA
from switchroom.telephony.media.leg import LegMedia, bridge
from tests.telephony.media.conftest import Caller
from tests.telephony.media.phone import Phone

pytestmark = pytest.mark.rtpengine


@pytest.mark.parametrize("other", [0, 8, 18, 107])
async def test_bridged(call: Caller, other: int) -> None:
    alice, first = await call(400, 18)
    bob, second = await call(550, other, called=True)
    await bridge(first, second)
    await alice.hears(550)
    await bob.hears(400)
    assert alice.payloads == {18}
    on_the_way = {leg.state.target.codec.name for leg in (first, second)}
    assert ("G729" in on_the_way) is (other not in (0, 8)), "it costs less than Opus, and more than G.711"


@pytest.mark.parametrize("payload", [8, 18])
async def test_a_call_is_set_up(ng: NgClient, payload: int) -> None:
    """As a call does it: who is called is offered the caller's codec first, and takes its own."""
    alice, bob = await Phone.ring(400, 18), await Phone.ring(550, payload)
    caller, called = LegMedia(ng), LegMedia(ng)
    offer = await called.offer_phone(codecs=await caller.phone_offered(alice.description()))
    assert [codec.name for codec in sdp.read(offer).codecs][:2] == ["G729", "G722"]
    codec = await called.phone_answered(bob.description())
    alice.connect(sdp.read(await caller.answer_phone(called.as_target(codec))).port)
    await called.point_at(caller.as_target(codec))
    bob.connect(sdp.read(offer).port)
    await alice.hears(550)
    await bob.hears(400)
    for leg, agreed in ((caller, G729), (called, G729 if payload == 18 else PCMA)):
        assert leg.state.codec is not None
        assert leg.state.codec.same(agreed)
    for leg in (caller, called):
        await leg.close()
    for phone in (alice, bob):
        phone.close()
