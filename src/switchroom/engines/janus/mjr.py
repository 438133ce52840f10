"""Janus' recordings (.mjr): what one holds, and when the sound or the picture in it was there.

The format has no document; it is `MJR00002`, the length of a JSON object and the object, then for each
packet `MEET`, the milliseconds since the first, the length, and the RTP packet (RFC 3550). `janus-pp-rec`
makes of it a file whose clock is that of the RTP timestamps. That is not the time of day: in some browsers it
stands still while a source is off, and it drifts. So a recording is told in stretches in which both go alike.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

_MAGIC = b"MJR00002"
_FRAME = b"MEET"
_LENGTH = struct.Struct("!H")
_FRAME_HEADER = struct.Struct("!4sIH")
_RTP = struct.Struct("!BBHI")
_SMALLEST_PACKET = 12

PAUSE = {"audio": 1_500, "video": 2_500}
"""Milliseconds without a packet after which a source was off. An encoder that saves silence still says
so several times a second, one that has nothing new to show once a second."""

_CLOCK = {"audio": 48, "video": 90}
"""Ticks of the RTP timestamp in a millisecond."""

_WINDOW = 2_000
_LARGEST_SKEW = 120
"""Milliseconds by which both clocks may come apart, looked at in windows of so many milliseconds: the packet
that was the least late of a window tells."""


class Unreadable(Exception):
    """The file is no recording, or holds no packet."""


class Stretch(Struct, frozen=True):
    """A time in which something was sent without a pause. `start` and `end` are milliseconds of the time of
    day since 1970; `position` is where it begins in the file that `janus-pp-rec` makes, in milliseconds."""

    start: int
    end: int
    position: int


class Recording(Struct, frozen=True):
    """One line of one publisher."""

    path: Path
    medium: Literal["audio", "video"]
    codec: str
    stretches: list[Stretch]


class _Header(Struct, frozen=True):
    t: str
    c: str
    u: int
    """Microseconds since 1970 of the first packet."""


def read(path: Path) -> Recording:
    """Read a recording. A last packet that is not whole, and anything after it, is left out: the server may
    have been killed while it wrote.

    Raises Unreadable, OSError.
    """
    with path.open("rb") as file:
        try:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:
            raise Unreadable(f"{path.name} is empty") from None
        with content:
            header, offset = _header(content, path)
            medium: Literal["audio", "video"] = "audio" if header.t == "a" else "video"
            stretches = list(_stretches(_packets(content, offset), medium))
    if not stretches:
        raise Unreadable(f"{path.name} holds no packet")
    began = header.u // 1000
    return Recording(
        path,
        medium,
        header.c,
        [Stretch(began + one.start, began + one.end, one.position) for one in stretches],
    )


def _header(content: mmap.mmap, path: Path) -> tuple[_Header, int]:
    if content[: len(_MAGIC)] != _MAGIC or len(content) < len(_MAGIC) + _LENGTH.size:
        raise Unreadable(f"{path.name} is no recording of Janus, or nothing was recorded")
    (length,) = _LENGTH.unpack_from(content, len(_MAGIC))
    begin = len(_MAGIC) + _LENGTH.size
    try:
        return msgspec.json.decode(content[begin : begin + length], type=_Header), begin + length
    except msgspec.DecodeError as error:
        raise Unreadable(f"{path.name} has no whole header: {error}") from None


def _packets(content: mmap.mmap, offset: int) -> Iterator[tuple[int, int]]:
    """Packets: the time at which each came, in milliseconds since the first, and its RTP timestamp."""
    while offset + _FRAME_HEADER.size <= len(content):
        mark, came, length = _FRAME_HEADER.unpack_from(content, offset)
        begin = offset + _FRAME_HEADER.size
        offset = begin + length
        if mark != _FRAME or offset > len(content):
            return
        if length >= _SMALLEST_PACKET:
            yield came, _RTP.unpack_from(content, begin)[3]


def _stretches(packets: Iterator[tuple[int, int]], medium: Literal["audio", "video"]) -> Iterator[Stretch]:
    clock = _CLOCK[medium]
    ticks = 0
    last_stamp: int | None = None
    start = end = position = 0
    baseline: int | None = None
    window_from = 0
    least_late: int | None = None
    for came, stamp in packets:
        if last_stamp is None:
            start = window_from = came
        else:
            if came - end > PAUSE[medium]:
                yield Stretch(start, end, position)
                ticks += _difference(stamp, last_stamp)
                start, position = came, ticks // clock
                window_from, baseline, least_late = came, None, None
            else:
                ticks += _difference(stamp, last_stamp)
            if came - window_from > _WINDOW and least_late is not None:
                if baseline is None:
                    baseline = least_late
                elif abs(least_late - baseline) > _LARGEST_SKEW:
                    yield Stretch(start, end, position)
                    position = ticks // clock
                    start, baseline = position + least_late, None
                window_from, least_late = came, None
        late = came - ticks // clock
        least_late = late if least_late is None else min(least_late, late)
        last_stamp, end = stamp, came
    if last_stamp is not None:
        yield Stretch(start, end, position)


def _difference(stamp: int, before: int) -> int:
    """From one timestamp to the next; both wrap at 32 bits, and packets come out of order."""
    difference = (stamp - before) & 0xFFFFFFFF
    return difference - (1 << 32) if difference >= 1 << 31 else difference
