"""Conferences: who hears whom, and that they go on when the mixer is started anew."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from switchroom.engines.janus.configuration import JanusConfiguration
from switchroom.engines.janus.engine import JanusEngine
from switchroom.engines.janus.server import JanusServer
from switchroom.telephony.media.leg import LegMedia
from switchroom.telephony.media.mixer import Mixer, MixerUnavailable, Seat
from switchroom.telephony.media.state import Target
from tests.engines.waiting import until
from tests.telephony.media.conftest import Caller
from tests.telephony.media.phone import Phone

pytestmark = [pytest.mark.janus, pytest.mark.rtpengine]

ROOM = "1.4"


@pytest.fixture
async def janus(tmp_path: Path) -> AsyncIterator[JanusEngine]:
    engine = JanusEngine(tmp_path / "janus", JanusConfiguration())
    await engine.start()
    yield engine
    await engine.stop()


@pytest.fixture
async def server(janus: JanusEngine) -> AsyncIterator[JanusServer]:
    made = JanusServer(janus.configuration.url, janus.configuration.api_secret)
    yield made
    await made.stop()


@pytest.fixture
async def mixer(janus: JanusEngine, server: JanusServer) -> AsyncIterator[Mixer]:
    made = Mixer(server, janus.configuration.api_secret)
    server.start()
    yield made
    await made.stop()


class Members:
    """Phones in a conference."""

    def __init__(self, mixer: Mixer, call: Caller) -> None:
        self._mixer = mixer
        self._call = call
        self._tasks: set[asyncio.Task[None]] = set()

    async def join(self, tone: int, payload: int = 8, **more: bool) -> tuple[Phone, LegMedia, Seat]:
        phone, leg = await self._call(tone, payload)
        seat = await self._mixer.join(ROOM, leg.state, on_moved=partial(self._point, leg), **more)
        assert seat.target is not None
        await leg.point_at(seat.target)
        return phone, leg, seat

    def _point(self, leg: LegMedia, target: Target) -> None:
        task = asyncio.create_task(leg.point_at(target))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@pytest.fixture
def members(mixer: Mixer, call: Caller) -> Members:
    return Members(mixer, call)


async def test_three_phones_hear_the_others_and_not_themselves(members: Members, mixer: Mixer) -> None:
    alice, _, _ = await members.join(400)
    bob, _, second = await members.join(550, 0)
    carol, third_leg, third = await members.join(700)
    await alice.hears(550, 700)
    await bob.hears(400, 700)
    await carol.hears(400, 550)
    await mixer.mute(ROOM, second)
    await alice.hears(700)
    await bob.hears(400, 700)
    await mixer.unmute(ROOM, second)
    await alice.hears(550, 700)
    await mixer.leave(ROOM, third)
    await third_leg.let_nobody_hear()
    await alice.hears(550)
    await bob.hears(400)
    await carol.hears()


async def test_who_comes_in_muted_is_not_heard(members: Members, mixer: Mixer) -> None:
    alice, _, _ = await members.join(400)
    bob, _, second = await members.join(550, muted=True)
    await bob.hears(400)
    await alice.hears()
    await mixer.unmute(ROOM, second)
    await alice.hears(550)


async def test_keys_in_a_conference_are_nobodys_noise(members: Members) -> None:
    alice, _, _ = await members.join(400)
    bob, _, _ = await members.join(550)
    await alice.hears(550)
    for key in "1*#":
        bob.press(key)
        await alice.hears(550)
    assert alice.keys == []


async def test_everybody_hears_an_announcement(members: Members, mixer: Mixer, opus: Path) -> None:
    alice, _, _ = await members.join(400)
    bob, _, _ = await members.join(550)
    await alice.hears(550)
    await mixer.play(ROOM, opus)
    await alice.hears(550, 900)
    await bob.hears(400, 900)
    await alice.hears(550)


@pytest.fixture
def opus(sound: Callable[[int, float], Path]) -> Path:
    made = sound(900, 6.0)
    file = made.with_suffix(".opus")
    subprocess.run(["ffmpeg", "-v", "error", "-i", made, "-c:a", "libopus", file], check=True)
    return file


async def test_a_restart_of_the_mixer_is_a_pause(members: Members, mixer: Mixer, janus: JanusEngine) -> None:
    alice, _, _ = await members.join(400)
    bob, _, second = await members.join(550)
    carol, _, _ = await members.join(700)
    await alice.hears(550, 700)
    await mixer.mute(ROOM, second)
    await janus.stop()
    await until(lambda: second.target is None)
    await janus.start()
    await alice.hears(700)
    await bob.hears(400, 700)
    await carol.hears(400)


async def test_another_process_makes_the_conference_anew(
    members: Members, janus: JanusEngine, server: JanusServer, call: Caller
) -> None:
    alice, _, _ = await members.join(400)
    await members.join(550)
    await alice.hears(550)
    await server.stop()  # what is left behind by a process that is gone
    configuration = janus.configuration
    another = JanusServer(configuration.url, configuration.api_secret)
    other = Mixer(another, configuration.api_secret)
    another.start()
    after = Members(other, call)
    carol, _, _ = await after.join(700)
    dave, _, _ = await after.join(900)
    await carol.hears(900)
    await dave.hears(700)
    await other.stop()
    await another.stop()


async def test_a_conference_is_gone_after_the_last(members: Members, mixer: Mixer) -> None:
    _, leg, seat = await members.join(400)
    await mixer.leave(ROOM, seat)
    await mixer.leave(ROOM, seat)
    await leg.let_nobody_hear()
    alice, _, _ = await members.join(550)
    bob, _, _ = await members.join(700)
    await alice.hears(700)
    await bob.hears(550)


async def test_without_a_mixer_nobody_comes_in(call: Caller) -> None:
    nowhere = JanusServer("ws://127.0.0.1:1")
    mixer = Mixer(nowhere, "secret")
    _, leg = await call(400)
    with pytest.raises(MixerUnavailable):
        await mixer.join(ROOM, leg.state, on_moved=lambda _: None)
    await mixer.stop()
