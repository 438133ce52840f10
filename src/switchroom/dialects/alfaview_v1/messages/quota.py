"""Messages of the package `quotaService`."""

# ruff: noqa: RUF012 (msgspec gives every instance a list or map of its own)

from __future__ import annotations

from msgspec import Struct

from switchroom.dialects.alfaview_v1.messages.common import Reply, Request
from switchroom.dialects.alfaview_v1.messages.scalars import Int64, Timestamp, WireEnum


class Duration(WireEnum):
    UNLIMITED = "UNLIMITED", 0
    MONTH = "MONTH", 1
    YEAR = "YEAR", 2


class Resource(WireEnum):
    ALL_LIMITS = "ALL_LIMITS", 0
    ROOM_LIMIT = "ROOM_LIMIT", 1
    ROOM_SUBROOM_LIMIT = "ROOM_SUBROOM_LIMIT", 2
    ROOM_ONLINE_SECONDS = "ROOM_ONLINE_SECONDS", 3
    ROOM_CONCURRENT_LIMIT = "ROOM_CONCURRENT_LIMIT", 4
    ROOM_PARTICIPANTS = "ROOM_PARTICIPANTS", 5
    ROOM_SPECTATORS = "ROOM_SPECTATORS", 6
    ROOM_TYPE = "ROOM_TYPE", 7
    MEETING_TYPE = "MEETING_TYPE", 8
    TRANSCRIPTION_SECONDS = "TRANSCRIPTION_SECONDS", 9
    TRANSLATION_LANGUAGE_LIMIT = "TRANSLATION_LANGUAGE_LIMIT", 10
    DIAL_IN_LINES = "DIAL_IN_LINES", 11


class Quota(Struct, omit_defaults=True):
    name: str = ""
    resource: Resource = Resource.ALL_LIMITS
    startTime: Timestamp | None = None
    endTime: Timestamp | None = None
    limit: Int64 = Int64(0)
    timeframe: Duration = Duration.UNLIMITED
    metadata: dict[str, str] = {}
    limits: dict[str, Int64] = {}
    remove: bool = False


class Stat(Struct, omit_defaults=True):
    startTime: Timestamp | None = None
    stopTime: Timestamp | None = None
    value: Int64 = Int64(0)


class StatsRequest(Request):
    resource: Resource = Resource.ALL_LIMITS
    name: str = ""
    startTime: Timestamp | None = None
    stopTime: Timestamp | None = None


class StatsReply(Reply):
    Stats: list[Stat] = []


class InfoRequest(Request):
    resource: Resource = Resource.ALL_LIMITS


class InfoReply(Reply):
    quotas: list[Quota] = []
