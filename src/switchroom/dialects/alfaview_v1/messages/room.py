"""Messages of the package `roomService`."""

# ruff: noqa: RUF012 (msgspec gives every instance a list or map of its own)

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Raw, Struct

from switchroom.dialects.alfaview_v1.messages.common import (
    Permissions,
    Reply,
    Request,
    Room,
    RoomQuotas,
    RoomType,
    UserState,
)
from switchroom.dialects.alfaview_v1.messages.scalars import Int64, UInt32, WireEnum


class SkipFlags(WireEnum):
    SKIP_OTHER_PERMISSIONS = "SKIP_OTHER_PERMISSIONS", 0
    SKIP_METADATA = "SKIP_METADATA", 1
    SKIP_SUBROOMS = "SKIP_SUBROOMS", 2
    SKIP_UNJOINABLE = "SKIP_UNJOINABLE", 3


class RoomListRequest(Request):
    limit: UInt32 = UInt32(0)
    offset: UInt32 = UInt32(0)
    skipFlags: list[SkipFlags] = []
    filterRoomIds: list[str] = []
    filterRoomTypes: list[RoomType] = []


_ROOMS = {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Room"}}


class RoomListReply(Reply):
    """`rooms` is an encoded map of room ids to Room."""

    rooms: Annotated[Raw, Meta(extra_json_schema=_ROOMS)] | None = None


class RoomCreateRequest(Request):
    room: Room | None = None
    skipDefaultSubrooms: bool = False


class RoomCreateReply(Reply):
    roomId: str = ""
    room: Room | None = None


class RoomUpdateRequest(Request):
    roomId: str = ""
    room: Room | None = None
    removeDefaultPermissions: bool = False


class RoomUpdateReply(Reply):
    room: Room | None = None


class RoomDestroyRequest(Request):
    roomId: str = ""


class RoomStatusRequest(Request):
    groupBySubroom: bool = False
    roomIds: list[str] = []


class UserInfo(Struct, omit_defaults=True):
    online: bool = False
    displayName: str = ""
    isGuest: bool = False
    state: UserState = UserState.CONNECTED
    isSpectator: bool = False


class SubroomInfo(Struct, omit_defaults=True):
    users: dict[str, UserInfo] = {}


class RoomInfo(Struct, omit_defaults=True):
    subrooms: dict[str, SubroomInfo] = {}
    users: dict[str, UserInfo] = {}


class RoomStatusReply(Reply):
    rooms: dict[str, RoomInfo] = {}


class RoomPermissionsRequest(Request):
    userId: str = ""
    roomId: str = ""
    ignorePromotes: bool = False


class RoomPermissionsReply(Reply):
    permissions: Permissions | None = None


class CreateJoinLinkRequest(Request):
    expiresAt: Int64 = Int64(0)
    roomId: str = ""


class CreateJoinLinkReply(Reply):
    joinLink: str = ""


class RoomMoveInfo(Struct, omit_defaults=True):
    roomId: str = ""
    parentId: str = ""
    moveAfterRoomId: str = ""


class RoomSortRequest(Request):
    roomMoves: list[RoomMoveInfo] = []


class AvailableTypesRequest(Request):
    type: RoomType = RoomType.ROOM_TYPE_KEEP


class AvailableType(Struct, omit_defaults=True):
    """The message RoomType of this package."""

    limit: Int64 = Int64(0)
    available: Int64 = Int64(0)
    quota: RoomQuotas | None = None


class AvailableTypesReply(Reply):
    roomTypes: list[AvailableType] = []
