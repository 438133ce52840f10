"""Sounds of messages: WAV files in the data directory, those of each box in a directory of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from switchroom.engines.ffmpeg.command import ProgramFailed, ProgramMissing
from switchroom.engines.ffmpeg.speech import to_mp3
from switchroom.errors import ErrorCode, Unavailable
from switchroom.identity.secrets import random_key

_ENDING = ".wav"
_UNFINISHED = ".part"
_AT_ONCE = 2
"""Conversions; others wait."""


class StoredFile(Struct, frozen=True):
    """The sound of a message: what its file is called, and how many bytes it has."""

    name: str
    size: int


class MessageFiles:
    """Files of messages: `<directory>/<box>/<name>.wav`. Only the platform's user may read them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()
        self.parts = self.directory / "parts"
        """Directory of recordings that are being made, those of each call in a directory of its own."""

        self._conversions = asyncio.Semaphore(_AT_ONCE)

    def path(self, box_id: int, name: str) -> Path:
        return self.directory / str(box_id) / f"{name}{_ENDING}"

    async def store(self, box_id: int, source: Path) -> StoredFile:
        """Copy a WAV file to the files of a box, whole or not at all. Raises OSError."""
        return await asyncio.to_thread(self._store, box_id, source)

    async def read(self, box_id: int, name: str) -> bytes:
        """The sound as WAV. Raises OSError."""
        return await asyncio.to_thread(self.path(box_id, name).read_bytes)

    async def read_mp3(self, box_id: int, name: str) -> bytes:
        """The sound as MP3. Raises OSError, Unavailable where nothing can convert it."""
        path = self.path(box_id, name)
        with tempfile.TemporaryDirectory(prefix="voicemail-") as temporary:
            target = Path(temporary) / "message.mp3"
            async with self._conversions:
                await asyncio.to_thread(path.stat)
                try:
                    await to_mp3(path, target)
                except (ProgramMissing, ProgramFailed) as error:
                    raise Unavailable(ErrorCode.SOUND_NOT_CONVERTED, reason=str(error)) from error
            return await asyncio.to_thread(target.read_bytes)

    async def remove(self, box_id: int, names: Sequence[str]) -> None:
        """Remove files by their names, also of such that are not there."""
        await asyncio.to_thread(self._remove, box_id, names)

    def found(self, older_than: float) -> Iterator[tuple[int, str]]:
        """The files that are there for so many seconds, by box and name. It reads directories."""
        before = time.time() - older_than
        for box in self.directory.iterdir() if self.directory.is_dir() else ():
            if not box.name.isdecimal():
                continue
            for file in box.iterdir():
                if file.stat().st_mtime >= before:
                    continue
                if file.suffix == _ENDING:
                    yield int(box.name), file.stem
                elif file.suffix == _UNFINISHED:
                    file.unlink(missing_ok=True)

    async def remove_parts(self, older_than: float) -> None:
        """Remove what was being recorded so many seconds ago, and whose process is gone."""
        await asyncio.to_thread(self._remove_parts, time.time() - older_than)

    def _remove_parts(self, before: float) -> None:
        for call in self.parts.iterdir() if self.parts.is_dir() else ():
            if call.stat().st_mtime < before:
                shutil.rmtree(call, ignore_errors=True)

    def _store(self, box_id: int, source: Path) -> StoredFile:
        name = random_key(24)
        target = self.path(box_id, name)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = target.with_suffix(_UNFINISHED)
        with source.open("rb") as sound:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with open(os.open(unfinished, flags, 0o600), "wb") as file:
                shutil.copyfileobj(sound, file)
                file.flush()
                os.fsync(file.fileno())
        unfinished.replace(target)
        return StoredFile(name, target.stat().st_size)

    def _remove(self, box_id: int, names: Sequence[str]) -> None:
        for name in names:
            self.path(box_id, name).unlink(missing_ok=True)
