"""The table of engines: what `up` runs, `doctor` looks at and the metrics tell of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from switchroom.engines.ffmpeg.engine import FfmpegEngine
from switchroom.platform import call_control, media_relay, media_servers, message_server, sip_server
from switchroom.platform.engines import EngineEntry

TABLE: tuple[EngineEntry[Any], ...] = (
    message_server.ENTRY,
    media_servers.ENTRY,
    sip_server.ENTRY,
    media_relay.ENTRY,
    call_control.ENTRY,
    EngineEntry(lambda settings: FfmpegEngine(settings.data_directory / "ffmpeg")),
)


def sections() -> Mapping[str, type[Struct]]:
    """The types of the sections that engines have of their own, by the engine's name."""
    return {entry.section[0]: entry.section[1] for entry in TABLE if entry.section is not None}
