"""Speech made smaller: WAV files of telephone calls as MP3."""

from __future__ import annotations

from pathlib import Path

from switchroom.engines.ffmpeg.command import run

_LIMIT = 15.0
"""Seconds. A mail that waits for it has a lease of 40."""

_BITS = "24k"
"""A second, enough for the 4 to 8 kHz that a telephone has."""


async def to_mp3(source: Path, target: Path) -> None:
    """Make an MP3 file of a WAV file, both by absolute paths. Raises ProgramFailed, ProgramMissing."""
    command = [
        *("ffmpeg", "-nostdin", "-v", "error", "-y", "-protocol_whitelist", "file", "-f", "wav"),
        *("-i", str(source), "-map", "0:a:0", "-ac", "1", "-c:a", "libmp3lame", "-b:a", _BITS),
        *("-f", "mp3", str(target)),
    ]
    await run(command, limit=_LIMIT, directory=target.parent)
