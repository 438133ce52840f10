"""Assembly of one file from what the media server has written."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

import structlog
from msgspec import Struct

from switchroom.engines.ffmpeg.command import ProgramFailed, run
from switchroom.engines.ffmpeg.composing import Clip, Composition, Picture, compose, require_playable
from switchroom.engines.ffmpeg.engine import CONVERTER
from switchroom.engines.janus import mjr
from switchroom.meetings.recordings.files import RecordingFiles

_TRACK = re.compile(r"-user-(?P<feed>.+)-\d+-(?:audio|video)-(?P<line>\d+)\.mjr")
"""The media server names a track by its room, its feed, the time, and its line, of which the publish
connections have always the same four (docs/signalling.md)."""

_SCREEN_LINE = 2
_SUFFIXES = {"opus": ".mka", "vp8": ".webm", "vp9": ".webm", "h264": ".mkv", "av1": ".mkv"}
_CONVERSION_LIMIT = 600.0
_SHORTEST = 200
"""Milliseconds; of what is shorter there is nothing to be had."""

log = structlog.stdlib.get_logger(__name__)


class Assembled(Struct, frozen=True):
    """`duration` is in milliseconds, `size` in bytes."""

    file_name: str
    size: int
    duration: int


class _Track(Struct, frozen=True):
    """A track that has been made a file that plays."""

    recording: mjr.Recording
    file: Path
    seat: int
    name: str
    is_screen: bool


class NothingReadable(ProgramFailed):
    """None of the tracks could be read."""


async def assemble(files: RecordingFiles, recording_id: str) -> Assembled | None:
    """Make the file of a recording. None when nothing was sent in it.

    Raises ProgramFailed, NothingReadable where none of the tracks can be read, ProgramMissing, OSError.
    """
    directory = await asyncio.to_thread(files.work, recording_id)
    tracks = await _tracks(files, recording_id, directory)
    if not tracks:
        return None
    composition = _composition(tracks)
    made = directory / f"recording{composition.suffix}"
    await compose(composition, directory, made)
    size = await asyncio.to_thread(files.finish, recording_id, made, made.name)
    return Assembled(made.name, size, composition.length)


async def _tracks(files: RecordingFiles, recording_id: str, directory: Path) -> list[_Track]:
    people = await asyncio.to_thread(files.people, recording_id)
    seats: dict[str, int] = {}
    tracks: list[_Track] = []
    found = await asyncio.to_thread(_readable, files.tracks(recording_id))
    for number, (recording, feed, line) in enumerate(found):
        file = directory / f"track-{number:06}{_SUFFIXES[recording.codec]}"
        try:
            await run(
                [CONVERTER, str(recording.path), file.name], limit=_CONVERSION_LIMIT, directory=file.parent
            )
            await require_playable(file)
        except ProgramFailed as error:
            # What cannot be read of one must not take the others with it.
            log.warning(
                "track left out", recording=recording_id, track=recording.path.name, reason=str(error)
            )
            continue
        participant = feed.partition(".")[0]
        seat = seats.setdefault(participant, len(seats))
        tracks.append(_Track(recording, file, seat, people.get(feed, ""), line == _SCREEN_LINE))
    if found and not tracks:
        raise NothingReadable("none of the tracks could be read")
    return tracks


def _readable(paths: Sequence[Path]) -> list[tuple[mjr.Recording, str, int]]:
    """The tracks that hold something, with feed and line, in the order in which they begin."""
    found: list[tuple[mjr.Recording, str, int]] = []
    for path in paths:
        named = _TRACK.search(path.name)
        if named is None:
            continue
        try:
            recording = mjr.read(path)
        except mjr.Unreadable as error:
            log.info("track without content", reason=str(error))
            continue
        first, last = recording.stretches[0], recording.stretches[-1]
        if recording.codec in _SUFFIXES and last.end - first.start >= _SHORTEST:
            found.append((recording, named["feed"], int(named["line"])))
    return sorted(found, key=lambda one: one[0].stretches[0].start)


def _composition(tracks: Sequence[_Track]) -> Composition:
    began = min(track.recording.stretches[0].start for track in tracks)
    ended = max(track.recording.stretches[-1].end for track in tracks)
    sounds: list[Clip] = []
    pictures: list[Picture] = []
    for track in tracks:
        for one in track.recording.stretches:
            clip = Clip(track.file, one.start - began, one.end - began, one.position)
            if track.recording.medium == "audio":
                sounds.append(clip)
            else:
                pictures.append(Picture(clip, track.seat, track.name, track.is_screen))
    return Composition(ended - began, sounds, pictures)
