"""Composition: voices mixed into one track, pictures side by side in one frame, in one MP4 file.

Time is cut where the set of pictures changes; each slice is encoded by itself with only what is in it, so a
meeting of hours with people coming and going takes no more memory than its fullest moment.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from switchroom.engines.ffmpeg.command import run
from switchroom.engines.ffmpeg.layout import HEIGHT, WIDTH, Cell, arrange

PROGRAM = "ffmpeg"

FONTS = ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",)
"""Paths of the font for names; without the font pictures have no names. It comes with Debian's ffmpeg."""

_FRAMES = 20
"""A second. A frame takes a whole number of milliseconds, so slices come to their exact lengths."""

_GRID = 500
"""Milliseconds; slices begin and end at multiples."""

_CHUNK = 300_000
"""Milliseconds of sound that are mixed at a time."""

_LEAD = 1_500
"""Milliseconds; in as many at least one frame is sent."""

_BACKGROUND = "0x1a1b1e"
_QUICK, _PER_SECOND = 60.0, 30.0
"""Seconds that a program may take: so many, and so many more for each second that it makes."""


class Clip(Struct, frozen=True):
    """Something to be heard or seen from `start` to `end`, milliseconds since the composition's beginning;
    it begins at `position` of the file, in milliseconds."""

    file: Path
    start: int
    end: int
    position: int


class Picture(Struct, frozen=True):
    """A clip that is seen, with who is in it. `seat` orders cameras: the same person always has the same."""

    clip: Clip
    seat: int
    name: str
    is_screen: bool


class Composition(Struct, frozen=True):
    """Composition to be made. `length` is in milliseconds."""

    length: int
    sounds: Sequence[Clip]
    pictures: Sequence[Picture]

    @property
    def suffix(self) -> str:
        """Suffix of the file that it becomes: one without pictures is sound only."""
        return ".mp4" if self.pictures else ".m4a"


class Slice(Struct, frozen=True):
    """A time during which the pictures stay where they are."""

    start: int
    end: int
    cells: Sequence[tuple[Picture, Cell]]


async def compose(composition: Composition, directory: Path, result: Path) -> None:
    """Make the file `result`; `directory` is for what is made on the way.

    Raises ProgramFailed, ProgramMissing, OSError.
    """
    length = _up(composition.length)
    sound = await _mix(composition.sounds, length, directory)
    inputs = [*_concatenation(sound, directory / "sound.txt")]
    maps = ["-map", "0:a", "-c:a", "aac", "-b:a", "96k", "-ac", "1"]
    if composition.pictures:
        slices = cut(composition.pictures, length)
        font = _font()
        shown = [await _show(one, number, font, directory) for number, one in enumerate(slices)]
        inputs += _concatenation(shown, directory / "pictures.txt")
        maps += ["-map", "1:v", "-c:v", "copy"]
    await _ffmpeg(
        [*inputs, *maps, "-movflags", "+faststart", "-f", "mp4", str(result)],
        seconds=length / 1000,
        directory=directory,
    )


async def require_playable(file: Path) -> None:
    """Raises ProgramFailed for a file whose beginning cannot be played."""
    await _ffmpeg(["-t", "1", "-i", file.name, "-f", "null", "-"], seconds=1, directory=file.parent)


def cut(pictures: Sequence[Picture], length: int) -> list[Slice]:
    """The slices of a composition, without a gap."""
    edges = {0, length}
    for one in pictures:
        edges |= {_down(one.clip.start), min(_up(one.clip.end), length)}
    slices: list[Slice] = []
    ordered = sorted(edge for edge in edges if 0 <= edge <= length)
    for start, end in itertools.pairwise(ordered):
        inside = [one for one in pictures if _down(one.clip.start) < end and _up(one.clip.end) > start]
        seated = {(one.is_screen, one.seat): one for one in sorted(inside, key=lambda one: one.clip.start)}
        screens = [key for key in sorted(seated) if key[0]]
        cameras = [key for key in sorted(seated) if not key[0]]
        cells = [(seated[key], cell) for key, cell in arrange(screens, cameras).items()]
        slices.append(Slice(start, end, cells))
    return slices


async def _mix(sounds: Sequence[Clip], length: int, directory: Path) -> list[Path]:
    mixed: list[Path] = []
    for number, start in enumerate(range(0, length, _CHUNK)):
        end = min(start + _CHUNK, length)
        inside = [one for one in sounds if one.start < end and one.end > start]
        result = directory / f"sound-{number:06}.flac"
        arguments = ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=mono"]
        filters: list[str] = []
        for index, one in enumerate(inside, 1):
            arguments += _reading(one, start, end)
            late = max(one.start - start, 0)
            filters.append(
                f"[{index}:a]aresample=48000:async=1:first_pts=0,"
                f"aformat=sample_fmts=fltp:channel_layouts=mono,adelay={late}[a{index}]"
            )
        labels = "[0:a]" + "".join(f"[a{index}]" for index in range(1, len(inside) + 1))
        mix = f"amix=inputs={len(inside) + 1}:duration=first:normalize=0,asoftclip=type=tanh"
        filters.append(f"{labels}{mix},atrim=end={(end - start) / 1000:.3f}[out]")
        await _ffmpeg(
            [*arguments, "-filter_complex", ";".join(filters), "-map", "[out]", str(result)],
            seconds=(end - start) / 1000,
            directory=directory,
        )
        mixed.append(result)
    return mixed


async def _show(one: Slice, number: int, font: str, directory: Path) -> Path:
    seconds = (one.end - one.start) / 1000
    arguments = [
        *("-f", "lavfi", "-i"),
        f"color=c={_BACKGROUND}:s={WIDTH}x{HEIGHT}:r={_FRAMES}:d={seconds:.3f}",
    ]
    filters: list[str] = []
    before = "0:v"
    for index, (picture, cell) in enumerate(one.cells, 1):
        # The last frame before the slice stands in it until the next frame. When one picture changes its
        # size, the others stay as they are; without the option all would be gone until their next frames.
        lead = min(max(one.start - picture.clip.start, 0), _LEAD)
        arguments += ["-reinit_filter", "0", *_reading(picture.clip, one.start - lead, one.end)]
        late = (max(picture.clip.start - one.start, 0) - lead) / 1000
        filters.append(
            f"[{index}:v]setpts=PTS+({late:.3f})/TB,"
            f"scale={cell.width}:{cell.height}:force_original_aspect_ratio=decrease:flags=bilinear,"
            f"setsar=1[v{index}]"
        )
        place = f"x={cell.x}+({cell.width}-w)/2:y={cell.y}+({cell.height}-h)/2"
        filters.append(f"[{before}][v{index}]overlay={place}:eof_action=repeat[o{index}]")
        before = f"o{index}"
        if font and picture.name:
            label = f"name-{number:06}-{index}.txt"
            (directory / label).write_text(picture.name, "utf-8")
            filters.append(f"[{before}]{_label(label, font, cell)}[n{index}]")
            before = f"n{index}"
    filters.append(f"[{before}]format=yuv420p[out]")
    result = directory / f"pictures-{number:06}.mkv"
    encoding = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "27", "-bf", "0", "-g", "100"]
    await _ffmpeg(
        [
            *arguments,
            *("-filter_complex", ";".join(filters), "-map", "[out]"),
            *(*encoding, "-r", str(_FRAMES), "-t", f"{seconds:.3f}", str(result)),
        ],
        seconds=seconds,
        directory=directory,
    )
    return result


def _font() -> str:
    return next((font for font in FONTS if os.path.exists(font)), "")


def _label(file: str, font: str, cell: Cell) -> str:
    """The name comes from a file, so nothing in it can be taken for a part of the filter."""
    size = 16 if cell.width > 300 else 12
    return (
        f"drawtext=fontfile={font}:textfile={file}:expansion=none:fontsize={size}:fontcolor=white:"
        f"box=1:boxcolor=black@0.5:boxborderw=5:x={cell.x + 10}:y={cell.y + cell.height - size - 14}"
    )


def _reading(clip: Clip, start: int, end: int) -> list[str]:
    """The arguments that read what of a clip is between two moments."""
    begin = max(clip.start, start)
    position = clip.position + begin - clip.start
    seconds = max(min(clip.end, end) - begin, 1) / 1000
    return ["-ss", f"{position / 1000:.3f}", "-t", f"{seconds:.3f}", "-i", clip.file.name]


def _concatenation(files: Sequence[Path], listing: Path) -> list[str]:
    listing.write_text("".join(f"file {file.name}\n" for file in files), "utf-8")
    return ["-f", "concat", "-i", listing.name]


async def _ffmpeg(arguments: Sequence[str], *, seconds: float, directory: Path) -> None:
    common = [PROGRAM, "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-threads", "1"]
    await run(
        [*common, "-filter_complex_threads", "1", *arguments],
        limit=_QUICK + _PER_SECOND * seconds,
        directory=directory,
    )


def _down(milliseconds: int) -> int:
    return milliseconds // _GRID * _GRID


def _up(milliseconds: int) -> int:
    return -(-milliseconds // _GRID) * _GRID
