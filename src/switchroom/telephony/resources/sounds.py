"""Sounds: files that are uploaded, looked at and made into the form that is played."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct

from switchroom.engines.ffmpeg.command import ProgramFailed, ProgramMissing, run
from switchroom.errors import ErrorCode, Invalid, Unavailable
from switchroom.identity.secrets import random_key

LARGEST_SOUND = 8 << 20
_MEGABYTES = LARGEST_SOUND >> 20
_RATE = 16_000
_SAMPLE = 2
_LONGEST = 1800
"""Seconds that a sound may play."""
_AT_ONCE = 2
"""Conversions; others wait."""
_CONVERSION_LIMIT = 25.0
_WAV_HEADER = 44
_FREE = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
_FORMATS = {"audio/wav": "wav", "audio/ogg": "ogg", "audio/mpeg": "mp3"}
"""Names of ffmpeg's demuxers."""


class StoredSound(Struct, frozen=True):
    """A sound that was stored: what its files are called, its type by its content, how long it plays, and how
    many bytes it had before it was converted."""

    version: str
    content_type: str
    milliseconds: int
    size: int


class ConvertedSound(Struct, frozen=True):
    """A sound that was looked at: the file as it was sent and the one that is played, its type by its
    content, and how long it plays."""

    source: Path
    played: Path
    content_type: str
    milliseconds: int


class SoundFiles:
    """Files of sounds in a directory: each as it was uploaded, and as WAV with one channel of 16 bits at
    16 kHz, which is played. Those of one account have at most `quota` bytes together."""

    def __init__(self, directory: Path, quota: int) -> None:
        self.quota = quota
        self._directory = directory
        self._conversions = asyncio.Semaphore(_AT_ONCE)

    def played(self, version: str) -> Path:
        return self._directory / f"{version}.wav"

    async def store(self, content: bytes) -> StoredSound:
        """Raises Invalid for what is not a sound, too large or too long, Unavailable where nothing
        can convert it."""
        version = random_key(24)
        async with self.converted(content) as sound:
            await asyncio.to_thread(sound.source.rename, self._directory / f"{version}.original")
            await asyncio.to_thread(sound.played.rename, self.played(version))
        return StoredSound(version, sound.content_type, sound.milliseconds, len(content))

    @asynccontextmanager
    async def converted(self, content: bytes) -> AsyncGenerator[ConvertedSound]:
        """Files of a sound that are gone at the end of the block, unless they are put elsewhere. Raises as
        `store` does."""
        if len(content) > LARGEST_SOUND:
            raise Invalid(ErrorCode.SOUND_TOO_LARGE, "file", most=_MEGABYTES)
        content_type = type_of(content)
        await asyncio.to_thread(self._directory.mkdir, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._directory, prefix="upload-") as temporary:
            source, target = Path(temporary) / "source", Path(temporary) / "played.wav"
            await asyncio.to_thread(source.write_bytes, content)
            async with self._conversions:
                milliseconds = await _convert(source, target, _FORMATS[content_type])
            yield ConvertedSound(source, target, content_type, milliseconds)

    async def adopt(self, recorded: Path, milliseconds: int) -> StoredSound:
        """Keep a copy of a WAV file of the platform's own, which is played as it is. Raises OSError."""
        version = random_key(24)

        def copy() -> int:
            self._directory.mkdir(parents=True, exist_ok=True)
            for target in (self._directory / f"{version}.original", self.played(version)):
                shutil.copyfile(recorded, target)
                target.chmod(0o600)
            return recorded.stat().st_size

        return StoredSound(version, "audio/wav", milliseconds, await asyncio.to_thread(copy))

    async def read(self, version: str) -> bytes:
        """The sound as it was uploaded. Raises OSError."""
        return await asyncio.to_thread((self._directory / f"{version}.original").read_bytes)

    async def remove(self, version: str) -> None:
        """Remove the files of a sound, also of one that is not there."""
        for path in (self._directory / f"{version}.original", self.played(version)) if version else ():
            await asyncio.to_thread(path.unlink, missing_ok=True)


def bytes_played(milliseconds: int) -> int:
    """Bytes of the file that is played."""
    return milliseconds * _RATE * _SAMPLE // 1000 + _WAV_HEADER


def type_of(content: bytes) -> str:
    """The media type, by the content's first bytes. Raises Invalid for what is no WAV, MP3 or Ogg."""
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        return "audio/wav"
    if content[:4] == b"OggS":
        return "audio/ogg"
    if content[:3] == b"ID3" or (len(content) > 1 and content[0] == 0xFF and content[1] & 0xE6 == 0xE2):
        return "audio/mpeg"  # a tag before it, or the first frame: layer III in its second byte
    raise Invalid(ErrorCode.SOUND_INVALID, "file")


async def _convert(source: Path, target: Path, demuxer: str) -> int:
    """Milliseconds of the sound that was made.

    ffmpeg is told which format it reads: what it guesses may be a playlist, which names other files. Nothing
    but the source is read.
    """
    command = [
        *(*_FREE, "-protocol_whitelist", "file", "-format_whitelist", demuxer, "-f", demuxer),
        *("-i", str(source), "-map", "0:a:0", "-t", str(_LONGEST + 1)),
        *("-ac", "1", "-ar", str(_RATE), "-c:a", "pcm_s16le", "-f", "wav", str(target)),
    ]
    try:
        await run(command, limit=_CONVERSION_LIMIT, directory=source.parent)
    except ProgramFailed:
        raise Invalid(ErrorCode.SOUND_INVALID, "file") from None
    except ProgramMissing as error:
        raise Unavailable(ErrorCode.SOUND_NOT_CONVERTED, "file", reason=str(error)) from None
    size = (await asyncio.to_thread(target.stat)).st_size - _WAV_HEADER
    if size <= 0:
        raise Invalid(ErrorCode.SOUND_INVALID, "file")
    milliseconds = size * 1000 // (_RATE * _SAMPLE)
    if milliseconds > _LONGEST * 1000:
        raise Invalid(ErrorCode.SOUND_TOO_LONG, "file", most=_LONGEST)
    return milliseconds
