"""What a baresip hears: the sound files in which its module sndfile keeps what comes in."""

from __future__ import annotations

import struct
import time
from array import array
from pathlib import Path

from tests.telephony.media.phone import RATE, TONES, WINDOW, strength

_STILL = 0.15
"""Seconds after which a file that does not grow is one of a call in which nothing is heard."""

_HEAD = 4096
"""Bytes in which the head of a sound file is."""


class _Sound:
    """A WAV file that grows; `samples` are its last ones, at 8000 Hz."""

    def __init__(self, path: Path) -> None:
        self.samples: list[int] = []
        self.grown_at = 0.0
        self._file = path.open("rb")
        self._channels = 0
        self._step = 1
        self._rest = b""

    def read_on(self) -> None:
        if not self._channels and not self._head():
            return
        content = self._rest + self._file.read()
        width = 2 * self._channels * self._step
        whole = len(content) // width * width
        self._rest = content[whole:]
        if not whole:
            return
        values = array("h", content[:whole])[:: self._channels]
        step = self._step
        self.samples += [sum(values[at : at + step]) // step for at in range(0, len(values), step)]
        del self.samples[: -2 * WINDOW]
        self.grown_at = time.monotonic()

    def _head(self) -> bool:
        """Read the head, once it is written."""
        self._file.seek(0)
        head = self._file.read(_HEAD)
        form, data = head.find(b"fmt "), head.find(b"data")
        if form < 0 or data < 0:
            return False
        self._channels, rate = struct.unpack_from("<HI", head, form + 10)
        self._step = rate // RATE
        self._file.seek(data + 8)
        return True

    def close(self) -> None:
        self._file.close()


class Ear:
    """Both ears: all calls of a phone together."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._sounds: dict[Path, _Sound] = {}

    def tones(self) -> set[int]:
        """The tones of the last 0.2 s."""
        for path in self.directory.glob("dump-*-dec.wav"):
            if path not in self._sounds:
                self._sounds[path] = _Sound(path)
        found: set[int] = set()
        for sound in self._sounds.values():
            sound.read_on()
            samples = sound.samples[-WINDOW:]
            if len(samples) == WINDOW and time.monotonic() - sound.grown_at < _STILL:
                found |= {tone for tone in TONES if strength(samples, tone) > 0.02}
        return found

    def close(self) -> None:
        for sound in self._sounds.values():
            sound.close()
