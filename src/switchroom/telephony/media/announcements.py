"""Announcements: sounds in the form that the mixer plays, Opus in Ogg, made when they are first wanted."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from pathlib import Path

from switchroom.engines.ffmpeg.command import run

_LONGEST = 20.0
"""Seconds that ffmpeg may take for one."""


class Announcements:
    """Files of a directory of ours, named by what they were made of and when that was changed last."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.absolute()
        self._making: dict[Path, asyncio.Task[None]] = {}

    async def opus(self, sound: Path) -> Path:
        """The file for a sound. Raises OSError for one that is not there, ProgramFailed, ProgramMissing."""
        source, made, is_there = await asyncio.to_thread(self._place, sound)
        if not is_there:
            making = self._making.get(made)
            if making is None:
                making = self._making[made] = asyncio.create_task(self._make(source, made))
                making.add_done_callback(lambda _: self._making.pop(made, None))
            await asyncio.shield(making)
        return made

    def _place(self, sound: Path) -> tuple[Path, Path, bool]:
        source = sound.absolute()
        stamp = f"{source} {source.stat().st_mtime_ns}"
        made = self._directory / f"{hashlib.sha256(stamp.encode()).hexdigest()[:32]}.opus"
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return source, made, made.is_file()

    async def _make(self, source: Path, made: Path) -> None:
        part = self._directory / f".{secrets.token_hex(8)}.opus"
        command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(source), "-ac", "1"]
        try:
            await run(
                [*command, "-c:a", "libopus", "-b:a", "24k", str(part)],
                limit=_LONGEST,
                directory=self._directory,
            )
            part.rename(made)
        finally:
            part.unlink(missing_ok=True)
