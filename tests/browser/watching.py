"""What is heard and seen in a file, by ffmpeg."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import msgspec

SILENCE = -91.0
"""What ffmpeg calls the volume of nothing at all, in dBFS."""

_COLUMNS, _ROWS = 64, 36


class Film:
    """A recording as somebody has saved it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        told = _run("ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", str(path))
        self.facts: dict[str, Any] = msgspec.json.decode(told.stdout)

    @property
    def seconds(self) -> float:
        return float(self.facts["format"]["duration"])

    def codecs(self) -> set[str]:
        return {stream["codec_name"] for stream in self.facts["streams"]}

    def loudest(self, start: float, end: float) -> float:
        """The loudest sample between two seconds, in dBFS."""
        told = _run(
            *("ffmpeg", "-nostdin", "-hide_banner", "-ss", f"{start}", "-t", f"{end - start}"),
            *("-i", str(self.path), "-vn", "-af", "volumedetect", "-f", "null", "-"),
        )
        found = re.search(r"max_volume: (\S+) dB", told.stderr.decode())
        return float(found[1]) if found else SILENCE

    def silences(self, shortest: float) -> list[tuple[float, float]]:
        """The times in which nothing is heard for so many seconds, from and to."""
        told = _run(
            *("ffmpeg", "-nostdin", "-hide_banner", "-i", str(self.path), "-vn"),
            *("-af", f"silencedetect=noise=-70dB:d={shortest}", "-f", "null", "-"),
        ).stderr.decode()
        begins = [float(number) for number in re.findall(r"silence_start: (\S+)", told)]
        ends = [float(number) for number in re.findall(r"silence_end: (\S+)", told)]
        return list(zip(begins, [*ends, self.seconds][: len(begins)], strict=True))

    def bright(self, second: float, left: float, right: float) -> float:
        """How much of the picture at a second is not dark, between two parts of its width."""
        told = _run(
            *("ffmpeg", "-nostdin", "-v", "error", "-ss", f"{second}", "-i", str(self.path)),
            *("-frames:v", "1", "-vf", f"scale={_COLUMNS}:{_ROWS},format=rgb24", "-f", "rawvideo", "-"),
        )
        first, last = round(left * _COLUMNS), round(right * _COLUMNS)
        seen = [
            max(told.stdout[3 * (row * _COLUMNS + column) :][:3])
            for row in range(_ROWS)
            for column in range(first, last)
        ]
        return sum(one > 48 for one in seen) / len(seen)


def _run(*command: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, capture_output=True, check=True, timeout=60)
