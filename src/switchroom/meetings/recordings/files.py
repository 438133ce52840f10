"""Files of recordings: a directory for each, with what the media server writes, and at last the one file.

`<directory>/<id>/raw/` holds the tracks and `people.jsonl`, `<id>/work/` what is made on the way.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

_ID = re.compile(r"[0-9a-f]{24}")
_PEOPLE = "people.jsonl"
_OWNER = "platform"


def is_id(text: str) -> bool:
    """Whether it can be the id of a recording; nothing else ever becomes a part of a path."""
    return _ID.fullmatch(text) is not None


class _Feed(Struct, frozen=True):
    feed: str
    name: str


class RecordingFiles:
    """The directory of one platform's recordings. All methods wait for the disk."""

    def __init__(self, directory: Path, platform: str) -> None:
        """`platform` is the name of this one among those that may have their recordings here too."""
        self.directory = directory.resolve()
        self._platform = platform

    def of(self, recording_id: str) -> Path:
        if not is_id(recording_id):
            raise ValueError("not the id of a recording")
        return self.directory / recording_id

    def raw(self, recording_id: str) -> Path:
        """Directory that the media server writes to, as it must be told."""
        return self.of(recording_id) / "raw"

    def make(self, recording_id: str) -> Path:
        """Make the directory of a new recording. Returns where the media server is to write."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = self.of(recording_id)
        place.mkdir(mode=0o700)
        (place / _OWNER).write_text(self._platform, "utf-8")
        raw = self.raw(recording_id)
        raw.mkdir(mode=0o700)
        if self.directory.stat().st_mode & stat.S_IWGRP:
            # The media server may be another user of the group that may write here, whatever the umask says.
            for one in (place, raw):
                one.chmod(0o770)
        return raw

    def are_here(self, recording_id: str) -> bool:
        """Whether this machine has, or sees, the recording's directory."""
        return (self.of(recording_id) / _OWNER).is_file()

    def free_space(self) -> int:
        """Bytes, where the recordings are."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return shutil.disk_usage(self.directory).free

    def note_people(self, recording_id: str, names: Mapping[str, str]) -> None:
        """Keep whose each feed is. One line each: what a killed process has not finished harms no other."""
        text = b"".join(msgspec.json.encode(_Feed(feed, name)) + b"\n" for feed, name in names.items())
        with (self.raw(recording_id) / _PEOPLE).open("ab") as file:
            file.write(text)

    def people(self, recording_id: str) -> dict[str, str]:
        """The names, by feed."""
        try:
            lines = (self.raw(recording_id) / _PEOPLE).read_bytes().splitlines()
        except FileNotFoundError:
            return {}
        names: dict[str, str] = {}
        for line in lines:
            try:
                feed = msgspec.json.decode(line, type=_Feed)
            except msgspec.DecodeError:
                continue
            names[feed.feed] = feed.name
        return names

    def tracks(self, recording_id: str) -> list[Path]:
        """Files that the media server has written."""
        return sorted(self.raw(recording_id).glob("*.mjr"))

    def last_written(self, recording_id: str) -> float:
        """Seconds since the media server last wrote; infinite where it never has."""
        newest = max((path.stat().st_mtime for path in self.tracks(recording_id)), default=-float("inf"))
        return time.time() - newest

    def work(self, recording_id: str) -> Path:
        """An empty directory for what is made on the way."""
        place = self.of(recording_id) / "work"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o700, parents=True)
        return place

    def finish(self, recording_id: str, made: Path, file_name: str) -> int:
        """Put the finished file in its place. Returns its size in bytes."""
        with made.open("rb") as file:
            os.fsync(file.fileno())
        final = self.of(recording_id) / file_name
        made.replace(final)
        return final.stat().st_size

    def forget_raw(self, recording_id: str) -> None:
        """Remove all but the finished file."""
        for part in ("work", "raw"):
            shutil.rmtree(self.of(recording_id) / part, ignore_errors=True)

    def remove(self, recording_id: str) -> None:
        shutil.rmtree(self.of(recording_id), ignore_errors=True)

    def settled(self, seconds: float) -> list[str]:
        """The ids of this platform's recordings in which nothing has been written for some time."""
        found: list[str] = []
        for place in self.directory.iterdir() if self.directory.is_dir() else ():
            if not is_id(place.name) or place.is_symlink():
                continue
            try:
                if (place / _OWNER).read_text("utf-8") == self._platform and _age(place) >= seconds:
                    found.append(place.name)
            except OSError:
                continue
        return found


def _age(place: Path) -> float:
    """Seconds since the newest thing in a directory was written."""
    return time.time() - max(path.stat().st_mtime for path in _all_in(place))


def _all_in(place: Path) -> Iterable[Path]:
    yield place
    yield from place.rglob("*")
