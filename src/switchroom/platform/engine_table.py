"""The table of engines: what `up` runs, `doctor` looks at and the metrics tell of."""

from __future__ import annotations

from typing import Any

from switchroom.engines.ffmpeg.engine import FfmpegEngine
from switchroom.platform import media_servers, message_server
from switchroom.platform.engines import EngineEntry

TABLE: tuple[EngineEntry[Any], ...] = (
    message_server.ENTRY,
    media_servers.ENTRY,
    EngineEntry(lambda settings: FfmpegEngine(settings.data_directory / "ffmpeg")),
)
