"""Prompts and music, keys both ways, phones that fall silent."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest

from switchroom.engines.rtpengine.client import NgClient, NgRefused
from switchroom.engines.rtpengine.dtmf import DtmfFeed
from switchroom.engines.rtpengine.engine import RtpengineEngine
from switchroom.telephony.media.keys import Digit, KeyListeners
from switchroom.telephony.media.leg import LegMedia, bridge
from switchroom.telephony.media.playback import FOREVER, Playback
from switchroom.telephony.media.silence import MediaLoss, SilenceWatch
from tests.engines.waiting import until
from tests.telephony.media.conftest import Caller

pytestmark = pytest.mark.rtpengine

Sound = Callable[[int, float], Path]


async def test_prompts_are_played_in_their_order_and_their_end_is_told(
    call: Caller, ng: NgClient, sound: Sound
) -> None:
    alice, leg = await call(400)
    ended: list[str] = []
    playback = Playback(ng, leg, ended.append)
    played = await playback.play([sound(700, 4.0), sound(900, 4.0)], times=1)
    await alice.hears(700)
    await alice.hears(900)
    await until(lambda: ended == [played])
    await alice.hears()
    assert leg.state.playing is None
    await playback.play([sound(700, 1.0)], times=100)
    await alice.hears(700)
    await playback.stop()
    await alice.hears()
    assert ended == [played]


async def test_a_prompt_that_cannot_be_played_is_passed_over_and_gone_media_end_the_playback(
    call: Caller, ng: NgClient, sound: Sound, tmp_path: Path
) -> None:
    alice, leg = await call(400)
    ended: list[str] = []
    playback = Playback(ng, leg, ended.append)
    with pytest.raises(NgRefused):
        await playback.play([tmp_path / "none.wav"])
    played = await playback.play([sound(700, 0.5), tmp_path / "none.wav", sound(900, 4.0)])
    await alice.hears(900)
    await until(lambda: ended == [played])
    again = await playback.play([sound(700, 0.5), sound(900, 0.5)], times=FOREVER)
    await leg.close()
    await until(lambda: ended == [played, again])


async def test_music_that_a_process_has_begun_and_not_told_of_is_stopped_by_the_next(
    call: Caller, ng: NgClient, sound: Sound
) -> None:
    alice, caller = await call(400)
    bob, called = await call(550)
    await bridge(caller, called)
    told = copy.deepcopy(caller.state)
    killed = Playback(ng, caller, lambda _: None)
    await killed.hold(sound(700, 1.0))
    await alice.hears(700)
    await killed.close()
    again = LegMedia(ng, told)
    playback = Playback(ng, again, lambda _: None)
    playback.resume()
    await playback.stop()
    await bridge(again, called)
    await alice.hears(550)
    await bob.hears(400)
    nothing_played = Playback(ng, called, lambda _: None)
    nothing_played.resume()
    await nothing_played.stop()
    await bob.hears(400)


async def test_who_is_on_hold_hears_music_alone_and_another_process_stops_it(
    call: Caller, ng: NgClient, sound: Sound
) -> None:
    alice, first = await call(400)
    bob, second = await call(550)
    await bridge(first, second)
    await alice.hears(550)
    playback = Playback(ng, first, lambda _: None)
    await playback.hold(sound(700, 1.0))
    await alice.hears(700)
    await bob.hears()
    await playback.close()
    again = Playback(ng, LegMedia(ng, first.state), lambda _: None)
    again.resume()
    await again.stop()
    await bridge(first, second)
    await alice.hears(550)
    await bob.hears(400)


async def test_keys_are_told_and_passed_on(call: Caller, relay: RtpengineEngine) -> None:
    alice, first = await call(400)
    bob, second = await call(550)
    await bridge(first, second)
    await bob.hears(400)
    told: list[Digit] = []
    listeners = KeyListeners()
    listeners.listen(first.state.id, told.append)
    feed = DtmfFeed("127.0.0.1", relay.configuration.event_port, listeners.take)
    feed.start()
    await feed.wait_connected()
    for number, key in enumerate("1*#", 1):
        alice.press(key)
        await until(lambda number=number: len(told) == number)
    assert [digit.key for digit in told] == ["1", "*", "#"]
    await until(lambda: bob.keys == ["1", "*", "#"])
    await feed.stop()


async def test_a_phone_that_falls_silent_is_told_and_one_that_holds_is_not(call: Caller) -> None:
    alice, silent = await call(400)
    bob, holding = await call(550)
    _, talking = await call(700)
    lost: list[tuple[LegMedia, MediaLoss]] = []
    watch = SilenceWatch(lambda leg, loss: lost.append((leg, loss)), longest=8.0, interval=0.3)
    for leg in (silent, holding, talking):
        watch.watch(leg)
    watch.start()
    await holding.phone_offered(bob.description("inactive"))
    await holding.answer_phone()
    alice.talking = bob.talking = False
    await until(lambda: lost == [(silent, MediaLoss.SILENT)])
    await talking.close()
    await until(lambda: lost[1:] == [(talking, MediaLoss.GONE)])
    await watch.stop()


async def test_keys_are_sent_to_phones(call: Caller) -> None:
    alice, first = await call(400)
    bob, second = await call(550)
    await bridge(first, second)
    await bob.hears(400)
    await alice.hears(550)
    await second.send_key("7")
    await until(lambda: bob.keys == ["7"])
    await first.send_key("#")
    await until(lambda: alice.keys == ["#"])
    await bob.hears(400)
