"""The sound of a voicemail message, as a mail brings it along."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import structlog
from msgspec import Struct

from switchroom.engines.ffmpeg.command import ProgramFailed, ProgramMissing
from switchroom.engines.ffmpeg.speech import to_mp3

log = structlog.get_logger()


class Sound(Struct, frozen=True, kw_only=True):
    """A sound file; `ending` is that of its name."""

    content: bytes
    content_type: str
    ending: str


async def read_sound(path: Path) -> Sound | None:
    """The WAV file as MP3 or, where nothing makes that, as it is. None for one that is not there any more."""
    if not await asyncio.to_thread(path.is_file):
        return None
    try:
        with tempfile.TemporaryDirectory(prefix="voicemail-") as temporary:
            target = Path(temporary) / "message.mp3"
            await to_mp3(path, target)
            content = await asyncio.to_thread(target.read_bytes)
            return Sound(content=content, content_type="audio/mpeg", ending="mp3")
    except (ProgramMissing, ProgramFailed) as error:
        log.warning("voicemail goes out as WAV", reason=str(error))
    try:
        content = await asyncio.to_thread(path.read_bytes)
    except FileNotFoundError:
        return None
    return Sound(content=content, content_type="audio/wav", ending="wav")
