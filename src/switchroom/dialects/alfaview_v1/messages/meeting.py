"""Messages of the package `meetingService`: the Meeting of the v2 API in the manner of this one."""

# ruff: noqa: RUF012 (msgspec gives every instance a list or map of its own)

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from switchroom.dialects.alfaview_v1.messages.common import (
    Reply,
    Request,
    RoomFeature,
    SubRoom,
    TrackingInfo,
)
from switchroom.dialects.alfaview_v1.messages.guest import GroupLinkCreation, GuestLinkCreation
from switchroom.dialects.alfaview_v1.messages.scalars import Timestamp, UInt32, WireEnum
from switchroom.rooms.links import MOST_LINKS_AT_ONCE


class MeetingState(WireEnum):
    UNDEFINED_STATE = "UNDEFINED_STATE", 0
    SCHEDULED = "SCHEDULED", 1
    ONGOING = "ONGOING", 2
    ENDED = "ENDED", 3
    CANCELED = "CANCELED", 4


class Meeting(Struct, omit_defaults=True):
    """A meeting. `id` is that of its room, too. `groupLinks` are join links by permission group, `guestLinks`
    those of single people. What is said of `features` and `subRooms` is that of Room."""

    id: str = ""
    title: str = ""
    agenda: str = ""
    start: Timestamp | None = None
    end: Timestamp | None = None
    timezone: str = ""
    earlyAccessMinutes: UInt32 | None = None
    waitingRoomEnabled: bool = False
    waitingRoomWelcomeNote: str = ""
    features: Annotated[list[RoomFeature], Meta(max_length=100)] = []
    subRooms: dict[str, SubRoom] = {}
    state: MeetingState = MeetingState.UNDEFINED_STATE
    canJoin: bool = False
    canJoinAfter: Timestamp | None = None
    roomAvailable: bool = False
    canceledAt: Timestamp | None = None
    createdAt: Timestamp | None = None
    createdBy: str = ""
    groupLinks: dict[str, str] = {}
    guestLinks: list[str] = []


class MeetingCreateRequest(Request):
    """Request to schedule a meeting. Without `groupLinkCreations` it gets four links: for moderators,
    participants, guests and spectators; an empty list makes none."""

    meeting: Meeting | None = None
    groupLinkCreations: Annotated[list[GroupLinkCreation], Meta(max_length=MOST_LINKS_AT_ONCE)] | None = None
    guestLinkCreations: Annotated[list[GuestLinkCreation], Meta(max_length=MOST_LINKS_AT_ONCE)] = []
    origin: str = ""
    timezone: str = ""


class MeetingCreateReply(Reply):
    meetingId: str = ""
    meeting: Meeting | None = None
    trackingInfo: TrackingInfo | None = None


class MeetingGetRequest(Request):
    meetingId: str = ""


class MeetingGetReply(Reply):
    meeting: Meeting | None = None


class MeetingListRequest(Request):
    from_: Timestamp | None = field(name="from", default=None)
    to: Timestamp | None = None


class MeetingListReply(Reply):
    meetings: list[Meeting] = []


class MeetingUpdateRequest(Request):
    meetingId: str = ""
    meeting: Meeting | None = None


class MeetingUpdateReply(Reply):
    meeting: Meeting | None = None


class MeetingCancelRequest(Request):
    meetingId: str = ""
    reason: str = ""
    sendNotification: bool = False


class MeetingCancelReply(Reply):
    pass
