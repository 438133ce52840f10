"""The programs that make recordings, as an engine: each is run when there is something to do."""

from __future__ import annotations

from pathlib import Path

from switchroom.engines.engine import Engine
from switchroom.engines.ffmpeg.composing import PROGRAM

CONVERTER = "janus-pp-rec"
"""Makes a file that plays of a track as Janus has written it."""


PROGRAMS = (CONVERTER, PROGRAM)


class FfmpegEngine(Engine):
    """ffmpeg and the converter of Janus' tracks. It has no process of its own."""

    name = "ffmpeg"
    title = "recordings of meetings"
    packages = ("janus-tools", "ffmpeg")
    without = "recordings wait for it"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, PROGRAMS)

    @property
    def version_arguments(self) -> dict[str, str]:
        return {CONVERTER: "--version", PROGRAM: "-version"}
