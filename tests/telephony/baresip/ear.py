"""What a baresip hears: the sound files in which its module sndfile keeps what comes in."""

from __future__ import annotations

import struct
import time
from array import array
from collections.abc import Iterator
from pathlib import Path

from tests.telephony.media.phone import RATE, TONES, WINDOW, strength

_STILL = 0.15
"""Seconds after which a file that does not grow is one of a call in which nothing is heard."""

_HEAD = 4096
"""Bytes in which the head of a sound file is."""


class _Sound:
    """A WAV file that grows; `samples` are its last ones, at 8000 Hz, and `fresh` those that nobody has
    looked at."""

    def __init__(self, path: Path) -> None:
        self.samples: list[int] = []
        self.fresh: list[int] = []
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
        samples = [sum(values[at : at + step]) // step for at in range(0, len(values), step)]
        self.fresh += samples
        self.samples += samples
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


def _tones_in(samples: list[int]) -> set[int]:
    return {tone for tone in TONES if strength(samples, tone) > 0.02}


class Ear:
    """Both ears: all calls of a phone together."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._sounds: dict[Path, _Sound] = {}

    def tones(self) -> set[int]:
        """The tones of the last 0.2 s."""
        self._read_on()
        found: set[int] = set()
        for sound in self._sounds.values():
            samples = sound.samples[-WINDOW:]
            if len(samples) == WINDOW and time.monotonic() - sound.grown_at < _STILL:
                found |= _tones_in(samples)
        return found

    def forget(self) -> None:
        """Hear what comes from now on only."""
        self._read_on()
        for sound in self._sounds.values():
            sound.fresh.clear()

    def heard(self) -> Iterator[tuple[Path, set[int]]]:
        """The tones of each 0.2 s of sound that nobody has looked at, with the file that it is in."""
        self._read_on()
        for path, sound in self._sounds.items():
            while len(sound.fresh) >= WINDOW:
                part = sound.fresh[:WINDOW]
                del sound.fresh[:WINDOW]
                yield path, _tones_in(part)

    def _read_on(self) -> None:
        for path in self.directory.glob("dump-*-dec.wav"):
            if path not in self._sounds:
                self._sounds[path] = _Sound(path)
        for sound in self._sounds.values():
            sound.read_on()

    def close(self) -> None:
        for sound in self._sounds.values():
            sound.close()
