"""Payload types: phones whose numbers of telephone-event and Opus differ hear each other, and each other's
keys."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from switchroom.engines.rtpengine.client import NgClient
from switchroom.engines.rtpengine.dtmf import DtmfFeed
from switchroom.engines.rtpengine.engine import RtpengineEngine
from switchroom.telephony.media import sdp
from switchroom.telephony.media.keys import Digit, KeyListeners
from switchroom.telephony.media.leg import LegMedia, bridge
from tests.engines.waiting import until
from tests.telephony.media.conftest import Caller
from tests.telephony.media.phone import Phone

pytestmark = pytest.mark.rtpengine

Kind = tuple[int, dict[int, int]]
"""Payload type of the speech, and those of telephone-event by clock rates."""

USUAL: Kind = (8, {8000: 101})
BARESIP: Kind = (8, {8000: 97})
LOW: Kind = (0, {8000: 96})
HIGH: Kind = (8, {8000: 127})
SILENT: Kind = (8, {})
"""A phone without telephone-event."""

CHROMIUM: Kind = (111, {48000: 110, 8000: 126})
OPUS: Kind = (107, {48000: 97})
OPUS_OLD: Kind = (111, {8000: 101})
"""A phone that has Opus, and keys at the clock rate of G.711 only."""

PAIRS = [
    (USUAL, USUAL), (USUAL, BARESIP), (HIGH, LOW), (CHROMIUM, CHROMIUM), (CHROMIUM, BARESIP),
    (OPUS, CHROMIUM), (OPUS_OLD, CHROMIUM), (OPUS, LOW),
]  # fmt: skip


@pytest.fixture
async def told(relay: RtpengineEngine) -> AsyncIterator[tuple[KeyListeners, list[Digit]]]:
    listeners = KeyListeners()
    feed = DtmfFeed("127.0.0.1", relay.configuration.event_port, listeners.take)
    feed.start()
    await feed.wait_connected()
    yield listeners, []
    await feed.stop()


@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_bridged(
    call: Caller, told: tuple[KeyListeners, list[Digit]], first: Kind, second: Kind
) -> None:
    alice, one = await call(400, first[0], events=first[1])
    bob, two = await call(550, second[0], events=second[1], called=True)
    listeners, digits = told
    listeners.listen(one.state.id, digits.append)
    await bridge(one, two)
    await alice.hears(550)
    await bob.hears(400)
    for number, key in enumerate("1*#", 1):
        alice.press(key)
        await until(lambda number=number: len(digits) == len(bob.keys) == number)
        bob.press(key)
        await until(lambda number=number: len(alice.keys) == number)
    assert bob.keys == alice.keys == [digit.key for digit in digits] == ["1", "*", "#"]
    await alice.hears(550)
    await bob.hears(400)


@pytest.mark.parametrize("kind", [BARESIP, CHROMIUM, OPUS])
async def test_at_a_prompt_and_back(call: Caller, told: tuple[KeyListeners, list[Digit]], kind: Kind) -> None:
    alice, one = await call(400, kind[0], events=kind[1])
    bob, two = await call(550)
    listeners, digits = told
    listeners.listen(one.state.id, digits.append)
    for number in range(1, 4):
        await one.let_nobody_hear()
        alice.press("5")
        await until(lambda number=number: len(digits) == number)
        await bridge(one, two)
        await alice.hears(550)
        await bob.hears(400)


@pytest.mark.parametrize("kind", [BARESIP, HIGH, OPUS])
async def test_keys_are_sent(call: Caller, kind: Kind) -> None:
    alice, one = await call(400, kind[0], events=kind[1])
    bob, two = await call(550)
    await bridge(one, two)
    await alice.hears(550)
    for number, key in enumerate("78", 1):
        await one.send_key(key)
        await until(lambda number=number: len(alice.keys) == number)
    assert alice.keys == ["7", "8"]
    await alice.hears(550)
    await bob.hears(400)


@pytest.mark.parametrize("kind", [BARESIP, CHROMIUM])
async def test_who_is_called_is_offered_the_numbers_of_the_caller(ng: NgClient, kind: Kind) -> None:
    alice, bob = await Phone.ring(400, *kind), await Phone.ring(550, *kind)
    caller, called = LegMedia(ng), LegMedia(ng)
    codecs = await caller.phone_offered(alice.description())
    offer = await called.offer_phone(codecs=codecs)
    codec = await called.phone_answered(bob.answer(offer))
    answer = await caller.answer_phone(called.as_target(codec))
    await called.point_at(caller.as_target(codec))
    alice.connect(sdp.read(answer).port)
    bob.connect(sdp.read(offer).port)
    await alice.hears(550)
    await bob.hears(400)
    assert (bob.payload, bob.events) == (alice.payload, alice.events)
    bob.press("3")
    alice.press("4")
    await until(lambda: (alice.keys, bob.keys) == (["3"], ["4"]))
    assert alice.payloads == bob.payloads == {kind[0], next(iter(kind[1].values()))}
    for leg in (caller, called):
        await leg.close()
    for phone in (alice, bob):
        phone.close()


@pytest.mark.parametrize(("kind", "events"), [(CHROMIUM, {8000: 101}), (OPUS_OLD, {48000: 110, 8000: 126})])
async def test_keys_go_at_a_clock_rate_that_both_have(
    ng: NgClient, kind: Kind, events: dict[int, int]
) -> None:
    alice, bob = await Phone.ring(400, *kind), await Phone.ring(550, kind[0], events)
    caller, called = LegMedia(ng), LegMedia(ng)
    codecs = await caller.phone_offered(alice.description())
    offer = await called.offer_phone(codecs=codecs)
    codec = await called.phone_answered(bob.answer(offer))
    answer = await caller.answer_phone(called.as_target(codec))
    await called.point_at(caller.as_target(codec))
    alice.events = {one.rate: one.payload for one in sdp.read(answer).codecs if not one.is_speech}
    assert alice.events == bob.events
    assert list(alice.events) == [8000]
    for leg in (caller, called):
        await leg.close()
    for phone in (alice, bob):
        phone.close()


async def test_who_answers_under_other_numbers_is_understood(ng: NgClient) -> None:
    alice, bob = await Phone.ring(400, 107, {48000: 97}), await Phone.ring(550, 111, {48000: 110, 8000: 126})
    caller, called = LegMedia(ng), LegMedia(ng)
    codecs = await caller.phone_offered(alice.description())
    offer = await called.offer_phone(codecs=codecs)
    codec = await called.phone_answered(bob.description())
    answer = await caller.answer_phone(called.as_target(codec))
    await called.point_at(caller.as_target(codec))
    alice.connect(sdp.read(answer).port)
    bob.connect(sdp.read(offer).port)
    await alice.hears(550)
    await bob.hears(400)
    bob.press("3")
    alice.press("4")
    await until(lambda: (alice.keys, bob.keys) == (["3"], ["4"]))
    for leg in (caller, called):
        await leg.close()
    for phone in (alice, bob):
        phone.close()


async def test_a_phone_without_keys_talks(call: Caller) -> None:
    alice, one = await call(400, events={})
    bob, two = await call(550, events={8000: 97})
    await bridge(one, two)
    await alice.hears(550)
    await bob.hears(400)
    await two.send_key("1")
    await until(lambda: bob.keys == ["1"])
    await alice.hears(550)
    await bob.hears(400)
