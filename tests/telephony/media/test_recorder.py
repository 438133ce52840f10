"""Recordings: what a phone says is in the file, at its time, and nothing else."""

from __future__ import annotations

import asyncio
import random
import socket
import stat
import struct
import wave
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from switchroom.telephony.media import alaw
from switchroom.telephony.media.recorder import Recorder
from tests.engines.waiting import until
from tests.telephony.media.conftest import Caller
from tests.telephony.media.phone import LAWS, PACKET, RATE, TONES, strength

HEAD = struct.Struct("!BBHII")
LOUD, QUIET = b"\x2a" * PACKET, b"\xd5" * PACKET
"""20 ms of the loudest sample, and of nearly nothing."""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine this process reads packets seconds after they have come."""
    monkeypatch.setattr("switchroom.telephony.media.recorder.DRIFT", 60 * RATE)


def samples(file: Path) -> list[int]:
    with wave.open(str(file), "rb") as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 8000)
        frames = array("h")
        frames.frombytes(sound.readframes(sound.getnframes()))
        assert len(frames) == sound.getnframes()
        return frames.tolist()


class Sender:
    """A socket that sends RTP to a recorder."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.to = 0

    def send(
        self, number: int, payload: bytes = LOUD, *, kind: int = 8, ssrc: int = 7, start: int = 0
    ) -> None:
        stamp = start + number * PACKET & 0xFFFFFFFF
        head = HEAD.pack(0x80, kind, number & 0xFFFF, stamp, ssrc)
        self.socket.sendto(head + payload, ("127.0.0.1", self.to))


@pytest.fixture
def sender() -> Iterator[Sender]:
    made = Sender()
    yield made
    made.socket.close()


def test_every_code_of_a_law_is_decoded() -> None:
    decoded = array("h")
    decoded.frombytes(alaw.decode(bytes(range(256))))
    assert decoded.tolist() == LAWS[8]


@pytest.mark.rtpengine
async def test_what_a_phone_says_is_recorded_and_its_keys_are_not(call: Caller, tmp_path: Path) -> None:
    alice, leg = await call(400, 0)
    file = tmp_path / "message.wav"
    recorder = await Recorder.open(file, leg.state.core_port, longest=60)
    await leg.point_at(recorder.target)
    await until(lambda: recorder.milliseconds > 500)
    alice.press("5")
    await until(lambda: recorder.milliseconds > 1500)
    await leg.let_nobody_hear()
    length = await recorder.stop()
    heard = samples(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(heard) == length * 8
    for begin in range(800, 8000, 800):
        part = heard[begin : begin + 800]
        assert {tone for tone in TONES if strength(part, tone) > 0.02} == {400}, begin
    assert await recorder.stop() == length


async def test_the_order_of_packets_does_not_matter_and_loss_is_silence(
    sender: Sender, tmp_path: Path
) -> None:
    file = tmp_path / "message.wav"
    recorder = await Recorder.open(file, sender.port, longest=60)
    sender.to = recorder.target.port
    numbers = [number for number in range(1, 60) if number % 10]
    for at in range(0, len(numbers), 6):
        some = numbers[at : at + 6]
        random.Random(at).shuffle(some)
        for number in [0, *some] if at == 0 else some:
            sender.send(number, start=0xFFFFFF00)
    await until(lambda: recorder.milliseconds == 1200)
    assert await recorder.stop() == 1200
    heard = samples(file)
    for number in range(60):
        part = set(heard[number * PACKET : (number + 1) * PACKET])
        assert part == ({0} if number and number % 10 == 0 else {-32256}), number


async def test_a_pause_is_as_long_as_it_was_whoever_counts(sender: Sender, tmp_path: Path) -> None:
    file = tmp_path / "message.wav"
    recorder = await Recorder.open(file, sender.port, longest=60)
    sender.to = recorder.target.port
    began = asyncio.get_running_loop().time()
    sender.send(0)
    await until(lambda: recorder.milliseconds == 20)
    await asyncio.sleep(0.3)
    sender.send(1_000_000, ssrc=8)  # another sender, who counts from elsewhere
    await until(lambda: recorder.milliseconds > 300)
    sender.send(1_000_001, ssrc=8)
    sender.send(90_000_000, ssrc=8)  # and begins anew
    await until(lambda: recorder.milliseconds > 350)
    length = await recorder.stop()
    heard = samples(file)
    assert length < 1000 * (asyncio.get_running_loop().time() - began) + 200
    assert sum(1 for sample in heard if sample) == 4 * PACKET
    assert not any(heard[PACKET : 300 * 8])


async def test_what_is_no_sound_or_comes_from_elsewhere_is_not_recorded(
    sender: Sender, tmp_path: Path
) -> None:
    file = tmp_path / "message.wav"
    recorder = await Recorder.open(file, sender.port, longest=60)
    stranger = Sender()
    stranger.to = sender.to = recorder.target.port
    sender.send(0, QUIET)
    await until(lambda: recorder.milliseconds == 20)
    for number in range(1, 5):
        stranger.send(number)
        sender.send(number, kind=101, payload=b"\x05\x0a\x00\xa0")
        sender.send(number, kind=13)
    for broken in (b"", b"\x80", HEAD.pack(0x80, 8, 1, 160, 7), HEAD.pack(0x40, 8, 1, 160, 7) + LOUD):
        sender.socket.sendto(broken, ("127.0.0.1", sender.to))
    sender.socket.sendto(HEAD.pack(0x9F, 8, 1, 160, 7) + b"\xff" * 8, ("127.0.0.1", sender.to))
    sender.socket.sendto(HEAD.pack(0xA0, 8, 1, 160, 7) + b"\xff" * 8, ("127.0.0.1", sender.to))
    sender.send(5, QUIET)
    await until(lambda: recorder.milliseconds == 120)
    await recorder.stop()
    assert set(samples(file)) <= {0, 8, -8}
    stranger.socket.close()


async def test_the_longest_is_an_end(sender: Sender, tmp_path: Path) -> None:
    file = tmp_path / "message.wav"
    full: list[bool] = []
    recorder = await Recorder.open(file, sender.port, longest=0.31, on_full=lambda: full.append(True))
    sender.to = recorder.target.port
    for number in range(40):
        sender.send(number)
    await until(lambda: full == [True] and recorder.milliseconds == 310)
    assert await recorder.stop() == 310
    assert len(samples(file)) == 2480
    assert await recorder.stop() == 310
    assert full == [True]


async def test_a_disk_that_is_full_is_told_at_the_end(sender: Sender) -> None:
    with pytest.raises(OSError, match="space"):
        await Recorder.open(Path("/dev/full"), sender.port, longest=60)


async def test_fifty_recordings_at_once_miss_nothing(tmp_path: Path) -> None:
    phones = [Sender() for _ in range(50)]
    recorders = [
        await Recorder.open(tmp_path / f"{number}.wav", phone.port, longest=60)
        for number, phone in enumerate(phones)
    ]
    for phone, recorder in zip(phones, recorders, strict=True):
        phone.to = recorder.target.port
    for number in range(100):
        for phone in phones:
            phone.send(number)
        await asyncio.sleep(0)
    await until(lambda: all(recorder.milliseconds == 2000 for recorder in recorders))
    for number, recorder in enumerate(recorders):
        assert await recorder.stop() == 2000
        assert set(samples(tmp_path / f"{number}.wav")) == {-32256}
    for phone in phones:
        phone.socket.close()
