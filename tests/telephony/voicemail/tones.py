"""WAV files with a tone, and the tone that a WAV file has."""

from __future__ import annotations

import io
import math
import wave
from array import array
from pathlib import Path

RATE = 8000


def write_tone(path: Path, hertz: float = 440, seconds: float = 1.0) -> Path:
    samples = (round(12_000 * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(round(seconds * RATE)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(array("h", samples).tobytes())
    return path


def share_of(content: bytes, hertz: float) -> float:
    """How much of the energy of a WAV file is at a frequency (Goertzel), from 0 to 1."""
    with wave.open(io.BytesIO(content)) as file:
        rate = file.getframerate()
        samples = array("h", file.readframes(file.getnframes()))
    energy = sum(one * one for one in samples)
    if not energy:
        return 0.0
    angle = 2 * math.pi * hertz / rate
    real = sum(one * math.cos(angle * n) for n, one in enumerate(samples))
    imaginary = sum(one * math.sin(angle * n) for n, one in enumerate(samples))
    return 2 * (real * real + imaginary * imaginary) / (energy * len(samples))
