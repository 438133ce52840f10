"""Music on hold and the tone before recordings: sounds computed from a few chords, nobody's work but ours."""

from __future__ import annotations

import math
import wave
from array import array
from pathlib import Path

_BEAT = 0.6
"""Seconds from one note of an arpeggio to the next."""

_RING = 2.4
"""Seconds until a note has faded."""

_PARTIALS = ((1, 0.6), (2, 0.22), (3, 0.1), (5, 0.03))
"""Multiples of a note's frequency, and how loud each is: about a soft electric piano."""

_CHORDS = (
    (48, 55, 60, 64), (45, 52, 57, 60), (41, 48, 53, 57), (43, 50, 55, 59),
    (48, 55, 60, 67), (40, 47, 52, 55), (41, 48, 57, 60), (43, 50, 53, 59),
)  # fmt: skip
"""Each a bar, as numbers of MIDI keys: C, A minor, F, G, C, E minor, F, G seventh."""

_PATTERN = (0, 2, 1, 3, 2, 3, 1, 2)
"""The order in which the notes of a chord are played in its bar."""


def write_music(file: Path, rate: int) -> None:
    """Write the music, some 38 s that go over into their own beginning, as 16-bit mono WAV."""
    beats = [chord[place] + 12 for chord in _CHORDS for place in _PATTERN]
    total = round(len(beats) * _BEAT * rate)
    mix = [0.0] * total
    for beat, key in enumerate(beats):
        start = round(beat * _BEAT * rate)
        loud = 0.26 if beat % len(_PATTERN) == 0 else 0.18
        for offset, sample in enumerate(_note(key, rate)):
            mix[(start + offset) % total] += loud * sample
    _write(file, rate, mix)


def write_tone(file: Path, rate: int) -> None:
    """Write the tone before recordings: 440 Hz for 0.4 s, as 16-bit mono WAV."""
    count = round(0.4 * rate)
    ramp = rate // 100
    _write(
        file,
        rate,
        [
            0.4 * math.sin(2 * math.pi * 440 * at / rate) * min(1.0, at / ramp, (count - at) / ramp)
            for at in range(count)
        ],
    )


def write_ringing(file: Path, rate: int) -> None:
    """Write the sound of a telephone that rings elsewhere, as 16-bit mono WAV: 425 Hz for 1 s, then 4 s of
    silence (ITU-T E.180, the tone of most of Europe)."""
    count, ramp = rate, rate // 100
    tone = [
        0.25 * math.sin(2 * math.pi * 425 * at / rate) * min(1.0, at / ramp, (count - at) / ramp)
        for at in range(count)
    ]
    _write(file, rate, [*tone, *([0.0] * (4 * rate))])


def _note(key: int, rate: int) -> list[float]:
    frequency = 440 * 2 ** ((key - 69) / 12)
    count = round(_RING * rate)
    attack = rate // 50
    turn = 2 * math.pi * frequency / rate
    decay = -4.5 / count
    return [
        min(1.0, at / attack)
        * math.exp(decay * at)
        * (1 - at / count)
        * sum(loud * math.sin(multiple * turn * at) for multiple, loud in _PARTIALS)
        for at in range(count)
    ]


def _write(file: Path, rate: int, samples: list[float]) -> None:
    pcm = array("h", (round(32000 * max(-1.0, min(1.0, sample))) for sample in samples))
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(pcm.tobytes())
