"""Recordings of what the phone of a leg says, as sound files.

The core side of the leg is pointed at a socket of ours; rtpengine translates to A-law. Where a packet belongs
in the file is said by its timestamp, so their order does not matter, and what is lost, or was not sent as
nothing was said, is a hole in the file: silence.
"""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import cast

import structlog

from switchroom.telephony.media import alaw
from switchroom.telephony.media.codecs import PCMA
from switchroom.telephony.media.state import LOOPBACK, Target

log = structlog.stdlib.get_logger(__name__)

RATE = 8000
"""Samples a second."""

DRIFT = 2 * RATE
"""Samples that the timestamps may be away from the clock; beyond it the sender has begun to count anew."""

BLOCK = RATE // 2
"""Samples that are written at once."""

_RTP = struct.Struct("!BBHII")
_WAV = struct.Struct("<4sI4s4sIHHIIHH4sI")
_EXTENDED, _PADDED, _CONTRIBUTORS = 0x10, 0x20, 0x0F


class Recorder(asyncio.DatagramProtocol):
    """One recording: 16-bit mono WAV of 8000 Hz, written as it comes, readable by its owner only.

    It begins with the first thing that is heard. `target` is where the leg is to be pointed. Keys that a
    phone sends by RFC 4733 are silence in it.
    """

    target: Target

    def __init__(
        self, file: Path, descriptor: int, source: int, longest: float, on_full: Callable[[], None]
    ) -> None:
        self._file = file
        self._descriptor = descriptor
        self._source = (LOOPBACK, source)
        self._most = round(longest * RATE)
        self._on_full = on_full
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None
        self._began: float | None = None
        self._ssrc = -1
        self._base = 0
        self._length = 0
        self._block = bytearray()
        self._block_at = 0
        self._failed = False
        self._limit = self._loop.call_later(longest, on_full)

    @classmethod
    async def open(
        cls, file: Path, source: int, *, longest: float, on_full: Callable[[], None] = lambda: None
    ) -> Recorder:
        """Begin a recording of what comes from the port `source`, the leg's core port, and from nowhere
        else. After `longest` seconds nothing more is written and `on_full` is called; it must not block or
        raise. Raises OSError."""
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, _header(0))
            transport, recorder = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: cls(file, descriptor, source, longest, on_full), local_addr=(LOOPBACK, 0)
            )
        except BaseException:
            os.close(descriptor)
            raise
        recorder.target = Target(transport.get_extra_info("sockname")[1], PCMA, takes_keys=False)
        return recorder

    @property
    def milliseconds(self) -> int:
        """Milliseconds that the recording has by now."""
        return self._length * 1000 // RATE

    async def stop(self) -> int:
        """End the recording. Returns its length in milliseconds. The leg is to be pointed elsewhere before.

        Raises OSError when not all of it could be written.
        """
        self._limit.cancel()
        if self._transport is None:
            return self.milliseconds
        self._transport.close()
        self._transport = None
        await asyncio.to_thread(self._finish)
        return self.milliseconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if addr != self._source or len(data) <= _RTP.size:
            return
        first, kind, _, stamp, ssrc = _RTP.unpack_from(data)
        if first >> 6 != 2 or kind & 0x7F != PCMA.payload:
            return
        codes = data[_RTP.size :] if first == 0x80 else _payload(data, first)
        if codes:
            self._put(codes, self._place(stamp, ssrc))

    def error_received(self, exc: Exception) -> None:
        log.warning("error on the socket of a recording", file=self._file.name, reason=str(exc))

    def _place(self, stamp: int, ssrc: int) -> int:
        """The sample of the recording at which a packet begins. A new sender, or one that has begun to count
        anew, goes on where the clock is."""
        now = self._loop.time()
        if self._began is None:
            self._began = now
        passed = round((now - self._began) * RATE)
        place = _signed(stamp - self._base)
        if ssrc != self._ssrc or abs(place - passed) > DRIFT:
            self._ssrc = ssrc
            place = max(passed, self._length)
            self._base = stamp - place
        return place

    def _put(self, codes: bytes, place: int) -> None:
        if place < 0 or place >= self._most:
            return
        codes = codes[: self._most - place]
        if place != self._block_at + len(self._block) or len(self._block) >= BLOCK:
            self._write()
            self._block_at = place
        self._block += codes
        self._length = max(self._length, place + len(codes))

    def _write(self) -> None:
        """Write what has come. It goes to the memory of the system first, so it takes microseconds."""
        if not self._block:
            return
        try:
            os.pwrite(self._descriptor, alaw.decode(self._block), _WAV.size + 2 * self._block_at)
        except OSError as error:
            if not self._failed:
                log.error("recording not written", file=str(self._file), reason=str(error))
            self._failed = True
        self._block.clear()

    def _finish(self) -> None:
        try:
            self._write()
            os.pwrite(self._descriptor, _header(self._length), 0)
            os.fsync(self._descriptor)
        finally:
            os.close(self._descriptor)
        if self._failed:
            raise OSError(f"{self._file} is not complete")


def complete(file: Path) -> int:
    """Make a recording whole whose process was killed, as far as it was written. Returns its length in
    milliseconds. Raises OSError."""
    samples = max(file.stat().st_size - _WAV.size, 0) // 2
    with file.open("r+b") as recording:
        recording.write(_header(samples))
    return samples * 1000 // RATE


def _payload(data: bytes, first: int) -> bytes:
    """The payload of a packet with contributing sources, an extension or padding (RFC 3550, section 5)."""
    begin = _RTP.size + 4 * (first & _CONTRIBUTORS)
    if first & _EXTENDED:
        begin += 4 + 4 * int.from_bytes(data[begin + 2 : begin + 4])
    return data[begin : len(data) - (data[-1] if first & _PADDED else 0)]


def _signed(difference: int) -> int:
    """The difference of two timestamps, which wrap at 32 bits."""
    return (difference + 0x8000_0000 & 0xFFFF_FFFF) - 0x8000_0000


def _header(samples: int) -> bytes:
    size = 2 * samples
    return _WAV.pack(
        b"RIFF", size + 36, b"WAVE", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16, b"data", size
    )  # fmt: skip
