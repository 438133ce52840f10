"""Recordings of Janus, as bytes: real ones, and those made here packet by packet."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

import pytest

from switchroom.engines.janus.mjr import Stretch, Unreadable, read

TRACKS = Path(__file__).parents[1] / "meetings" / "tracks"
BEGAN = 1_795_348_421_757
"""Milliseconds since 1970."""

HEADER = b'{"t":"%s","c":"%s","s":1,"u":%d}'


def written(path: Path, packets: Iterable[tuple[int, int]], *, audio: bool = True) -> Path:
    """A recording of packets, each with when it came and its timestamp in milliseconds."""
    medium, codec, clock = (b"a", b"opus", 48) if audio else (b"v", b"vp8", 90)
    header = HEADER % (medium, codec, BEGAN * 1000)
    content = b"MJR00002" + struct.pack("!H", len(header)) + header
    for number, (came, stamp) in enumerate(packets):
        packet = struct.pack("!BBHII", 0x80, 111, number & 0xFFFF, stamp * clock & 0xFFFFFFFF, 7) + b"sound"
        content += struct.pack("!4sIH", b"MEET", came, len(packet)) + packet
    path.write_bytes(content)
    return path


def speech(start: int, end: int, *, late: int = 0) -> list[tuple[int, int]]:
    return [(moment, moment - late) for moment in range(start, end, 20)]


def told(path: Path) -> list[tuple[int, int, int]]:
    return [(one.start - BEGAN, one.end - BEGAN, one.position) for one in read(path).stretches]


def test_a_browsers_microphone_and_camera() -> None:
    voice, camera = read(TRACKS / "voice.mjr"), read(TRACKS / "camera.mjr")
    assert (voice.medium, voice.codec, camera.medium, camera.codec) == ("audio", "opus", "video", "vp8")
    assert voice.stretches == [Stretch(BEGAN, BEGAN + 4933, 0)]
    (seen,) = camera.stretches
    assert (seen.start - BEGAN, seen.end - seen.start) == (69, 4540)


def test_while_a_source_is_off_the_timestamps_may_stand_still_or_not(tmp_path: Path) -> None:
    before = speech(0, 3000)
    stood = written(tmp_path / "stood.mjr", before + speech(9000, 12000, late=5980))
    assert told(stood) == [(0, 2980, 0), (9000, 11980, 3020)]
    went = written(tmp_path / "went.mjr", before + speech(9000, 12000))
    assert told(went) == [(0, 2980, 0), (9000, 11980, 9000)]


def test_an_encoder_that_saves_silence_makes_no_pause(tmp_path: Path) -> None:
    sparse = [(moment, moment) for moment in range(0, 8000, 400)]
    assert told(written(tmp_path / "sparse.mjr", sparse)) == [(0, 7600, 0)]


def test_a_clock_that_drifts_is_followed(tmp_path: Path) -> None:
    drifting = [(moment, moment - moment // 100) for moment in range(0, 60_000, 20)]
    stretches = told(written(tmp_path / "drifting.mjr", drifting))
    assert len(stretches) > 2
    for start, _, position in stretches:
        assert abs(start - start // 100 - position) <= 25


def test_packets_that_come_late_once_change_nothing(tmp_path: Path) -> None:
    burst = [(moment + 900 if 4000 <= moment < 4600 else moment, moment) for moment in range(0, 9000, 20)]
    assert told(written(tmp_path / "burst.mjr", sorted(burst))) == [(0, 8980, 0)]


def test_timestamps_wrap(tmp_path: Path) -> None:
    last = (1 << 32) // 48
    packets = [(moment, last - 1000 + moment) for moment in range(0, 3000, 20)]
    (one,) = told(written(tmp_path / "wrapping.mjr", packets))
    assert one[:2] == (0, 2980)


@pytest.mark.parametrize("left", [0, 4, 8, 9, 12, 40])
def test_what_holds_no_packet_is_unreadable(tmp_path: Path, left: int) -> None:
    path = written(tmp_path / "short.mjr", speech(0, 1000))
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(Unreadable):
        read(path)


def test_a_last_packet_that_is_not_whole_is_left_aside(tmp_path: Path) -> None:
    path = written(tmp_path / "cut.mjr", speech(0, 1000))
    whole = path.read_bytes()
    for cut in (1, 16, 17, 26):
        path.write_bytes(whole[:-cut])
        assert told(path) == [(0, 960, 0)]
    path.write_bytes(whole + b"noise that is no packet at all")
    assert told(path) == [(0, 980, 0)]
