"""Legs: who hears whom when they are bridged, pointed elsewhere, muted, held, taken up by another process."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from switchroom.engines.rtpengine.client import NgClient, NgUnknownCall
from switchroom.engines.rtpengine.commands import Command, Offer, Reply
from switchroom.engines.rtpengine.engine import RtpengineEngine
from switchroom.telephony.media import sdp
from switchroom.telephony.media.codecs import PCMA
from switchroom.telephony.media.leg import LegMedia, bridge
from switchroom.telephony.media.sdp import Direction
from switchroom.telephony.media.state import LegState
from tests.telephony.media.conftest import Caller
from tests.telephony.media.phone import Phone

pytestmark = pytest.mark.rtpengine


async def test_two_phones_hear_each_other_and_a_third_takes_the_place_of_one(call: Caller) -> None:
    alice, first = await call(400)
    bob, second = await call(550, called=True)
    await bridge(first, second)
    await alice.hears(550)
    await bob.hears(400)
    carol, third = await call(700, called=True)
    await bridge(first, third)
    await second.let_nobody_hear()
    await alice.hears(700)
    await carol.hears(400)
    await bob.hears()
    assert alice.payloads == bob.payloads == carol.payloads == {8}


async def test_phones_of_two_codecs_are_translated_and_those_of_one_are_not(call: Caller) -> None:
    alice, first = await call(400, 8)
    bob, second = await call(550, 0)
    await bridge(first, second)
    await alice.hears(550)
    await bob.hears(400)
    assert (alice.payloads, bob.payloads) == ({8}, {0})
    assert (first.state.target.codec.name, second.state.target.codec.name) == ("PCMA", "PCMA")


async def test_a_call_is_set_up_without_translation_where_both_have_a_codec(ng: NgClient) -> None:
    alice, bob = await Phone.ring(400, 0), await Phone.ring(550, 8)
    caller, called = LegMedia(ng), LegMedia(ng)
    codecs = await caller.phone_offered(alice.description("sendrecv", 8))
    offer = await called.offer_phone(codecs=codecs)
    assert [codec.name for codec in sdp.read(offer).codecs][:2] == ["PCMU", "PCMA"]
    codec = await called.phone_answered(bob.description())
    answer = await caller.answer_phone(called.as_target(codec))
    await called.point_at(caller.as_target(codec))
    assert [one.name for one in sdp.read(answer).codecs if one.is_speech] == ["PCMA"]
    alice.payload = 0
    bob.connect(sdp.read(offer).port)
    await alice.hears(550)
    for leg in (caller, called):
        assert leg.state.codec == PCMA
        await leg.close()
    for phone in (alice, bob):
        phone.close()


async def test_the_ports_of_a_phone_stay_through_every_change(call: Caller, ng: NgClient) -> None:
    alice, first = await call(400)
    _, second = await call(550, 0, called=True)
    before = [stream.local_port for stream in await first.streams_of_phone()]
    await bridge(first, second)
    await first.let_nobody_hear()
    await bridge(second, first)
    assert [stream.local_port for stream in await first.streams_of_phone()] == before
    await alice.hears(550)


async def test_a_muted_phone_hears_and_is_not_heard(call: Caller) -> None:
    alice, first = await call(400)
    bob, second = await call(550)
    await bridge(first, second)
    await bob.hears(400)
    await first.mute()
    await bob.hears()
    await alice.hears(550)
    await first.unmute()
    await bob.hears(400)


async def test_a_phone_that_holds_is_answered_the_other_way_round_and_comes_back(call: Caller) -> None:
    alice, first = await call(400)
    bob, second = await call(550)
    await bridge(first, second)
    await bob.hears(400)
    await first.phone_offered(alice.description("sendonly"))
    assert sdp.read(await first.answer_phone(first.state.target)).direction is Direction.RECEIVE
    await alice.hears()
    await first.phone_offered(alice.description())
    assert sdp.read(await first.answer_phone(first.state.target)).direction is Direction.BOTH
    await alice.hears(550)
    await bob.hears(400)


def slow_down(ng: NgClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let 0.2 s pass after each offer to rtpengine, as on a busy machine."""
    request = ng.request

    async def slow(command: Command, reply: type[Reply]) -> Reply:
        found = await request(command, reply)
        if isinstance(command, Offer):
            await asyncio.sleep(0.2)
        return found

    monkeypatch.setattr(ng, "request", slow)


async def test_what_comes_from_elsewhere_is_refused(
    call: Caller, ng: NgClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, first = await call(400)
    bob, second = await call(550)
    await bridge(first, second)
    await bob.hears(400)
    await asyncio.sleep(3.2)  # until then rtpengine learns where a phone behind a NAT is
    stranger = await Phone.ring(900)
    (port, *_) = [stream.local_port for stream in await first.streams_of_phone()]
    stranger.connect(port)
    await bob.hears(400)
    alice.talking = False
    await bob.hears()
    slow_down(ng, monkeypatch)  # so that the stranger's packets come between two commands
    await first.let_nobody_hear()
    await bridge(first, second)
    await bob.hears()
    alice.talking = True
    await bob.hears(400)
    stranger.close()


async def test_another_process_takes_a_leg_up_from_its_state(call: Caller, relay: RtpengineEngine) -> None:
    alice, first = await call(400, 0)
    bob, second = await call(550, called=True)
    await bridge(first, second)
    await bob.hears(400)
    saved = [msgspec.json.encode(leg.state) for leg in (first, second)]
    carol, third = await call(700)
    async with NgClient.connected("127.0.0.1", relay.configuration.control_port) as other:
        again = [LegMedia(other, msgspec.json.decode(state, type=LegState)) for state in saved]
        await bridge(again[0], third)
        await again[1].let_nobody_hear()
        await alice.hears(700)
        await carol.hears(400)
        await bob.hears()
        await again[0].close()
    with pytest.raises(NgUnknownCall):
        await first.streams_of_phone()


async def test_a_phone_that_moves_says_so_and_is_heard_from_there_alone(call: Caller) -> None:
    alice, first = await call(400)
    bob, second = await call(550)
    await bridge(first, second)
    await bob.hears(400)
    await asyncio.sleep(3.2)
    await bridge(first, second)
    moved = await Phone.ring(700)
    await first.phone_offered(moved.description())
    moved.connect(sdp.read(await first.answer_phone(first.state.target)).port)
    alice.talking = False
    await moved.hears(550)
    await bob.hears(700)
    moved.close()


async def test_a_leg_that_is_pointed_away_hears_no_more_of_who_still_points_at_it(call: Caller) -> None:
    alice, first = await call(400)
    bob, second = await call(550)
    await bridge(first, second)
    await alice.hears(550)
    await first.let_nobody_hear()
    await alice.hears()
    await bob.hears()
    await bridge(first, second)
    await alice.hears(550)
    await bob.hears(400)
