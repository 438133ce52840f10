"""Messages of the package `roomService`, and rooms between the message and the domain."""

# ruff: noqa: RUF012 (msgspec gives every instance a list or map of its own)

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import Annotated

from msgspec import Meta, Raw, Struct

from switchroom.dialects.alfaview_v1.messages import common
from switchroom.dialects.alfaview_v1.messages.scalars import Int64, Timestamp, UInt32, WireEnum
from switchroom.dialects.alfaview_v1.permissions import grant_of, permissions_message
from switchroom.errors import ErrorCode, Invalid
from switchroom.identity.permissions import Permission, Role
from switchroom.rooms.drafts import MOST_GRANTS, BreakoutDraft, QuotaWish, RoomDraft
from switchroom.rooms.listing import MOST_ROOMS, RoomView
from switchroom.rooms.models import RoomMode, RoomType
from switchroom.rooms.rooms import MOST_MOVES


class SkipFlags(WireEnum):
    SKIP_OTHER_PERMISSIONS = "SKIP_OTHER_PERMISSIONS", 0
    SKIP_METADATA = "SKIP_METADATA", 1
    SKIP_SUBROOMS = "SKIP_SUBROOMS", 2
    SKIP_UNJOINABLE = "SKIP_UNJOINABLE", 3


class Room(Struct, omit_defaults=True):
    displayName: str = ""
    mode: common.RoomMode = common.RoomMode.ROOM_MODE_KEEP
    quotas: common.RoomQuotas | None = None
    type: common.RoomType = common.RoomType.ROOM_TYPE_KEEP
    metadata: dict[str, str] = {}
    permissions: dict[str, common.Permissions] = {}
    defaultPermissions: common.Permissions | None = None
    subRooms: dict[str, common.SubRoom] = {}
    features: Annotated[list[common.RoomFeature], Meta(max_length=100)] = []
    parentId: str = ""
    allowSpectators: bool = False
    sort: Int64 = Int64(0)
    myPermissions: common.Permissions | None = None
    createdAt: Timestamp | None = None
    createdBy: str = ""
    managed: bool = False


class RoomListRequest(common.Request):
    limit: UInt32 = UInt32(0)
    offset: UInt32 = UInt32(0)
    skipFlags: Annotated[list[SkipFlags], Meta(max_length=100)] = []
    filterRoomIds: Annotated[list[str], Meta(max_length=MOST_ROOMS)] = []
    filterRoomTypes: Annotated[list[common.RoomType], Meta(max_length=100)] = []


_ROOMS = {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Room"}}


class RoomListReply(common.Reply):
    """`rooms` is an encoded map of room ids to Room."""

    rooms: Annotated[Raw, Meta(extra_json_schema=_ROOMS)] | None = None


class RoomCreateRequest(common.Request):
    room: Room | None = None
    skipDefaultSubrooms: bool = False


class RoomCreateReply(common.Reply):
    roomId: str = ""
    room: Room | None = None


class RoomUpdateRequest(common.Request):
    roomId: str = ""
    room: Room | None = None
    removeDefaultPermissions: bool = False


class RoomUpdateReply(common.Reply):
    room: Room | None = None


class RoomDestroyRequest(common.Request):
    roomId: str = ""


class RoomStatusRequest(common.Request):
    groupBySubroom: bool = False
    roomIds: Annotated[list[str], Meta(max_length=MOST_ROOMS)] = []


class UserInfo(Struct, omit_defaults=True):
    online: bool = False
    displayName: str = ""
    isGuest: bool = False
    state: common.UserState = common.UserState.CONNECTED
    isSpectator: bool = False


class SubroomInfo(Struct, omit_defaults=True):
    users: dict[str, UserInfo] = {}


class RoomInfo(Struct, omit_defaults=True):
    subrooms: dict[str, SubroomInfo] = {}
    users: dict[str, UserInfo] = {}


class RoomStatusReply(common.Reply):
    rooms: dict[str, RoomInfo] = {}


class RoomPermissionsRequest(common.Request):
    userId: str = ""
    roomId: str = ""
    ignorePromotes: bool = False


class RoomPermissionsReply(common.Reply):
    permissions: common.Permissions | None = None


class CreateJoinLinkRequest(common.Request):
    expiresAt: Int64 = Int64(0)
    roomId: str = ""


class CreateJoinLinkReply(common.Reply):
    joinLink: str = ""


class RoomMoveInfo(Struct, omit_defaults=True):
    roomId: str = ""
    parentId: str = ""
    moveAfterRoomId: str = ""


class RoomSortRequest(common.Request):
    roomMoves: Annotated[list[RoomMoveInfo], Meta(max_length=MOST_MOVES)] = []


class AvailableTypesRequest(common.Request):
    type: common.RoomType = common.RoomType.ROOM_TYPE_KEEP


class AvailableType(Struct, omit_defaults=True):
    """The message RoomType of this package."""

    limit: Int64 = Int64(0)
    available: Int64 = Int64(0)
    quota: common.RoomQuotas | None = None


class AvailableTypesReply(common.Reply):
    roomTypes: list[AvailableType] = []


def room_message(view: RoomView, subject_id: str, skip: Collection[SkipFlags] = ()) -> Room:
    """The room as `subject_id` gets to see it."""
    room = view.room
    message = Room(
        displayName=room.display_name,
        mode=common.RoomMode.of(room.mode),
        type=common.RoomType.of(room.type),
        quotas=common.RoomQuotas(
            name=room.quota_name or "",
            activeParticipants=UInt32(room.active_limit),
            passiveParticipants=UInt32(room.passive_limit),
        ),
        permissions={
            person_id: permissions_message(grant.permissions, grant.role)
            for person_id, grant in view.grants.items()
            if person_id == subject_id or SkipFlags.SKIP_OTHER_PERMISSIONS not in skip
        },
        features=[
            common.RoomFeature(common.RoomFeatureId(name), common.FeatureState(state))
            for name, state in room.features.items()
        ],
        parentId=room.parent_id or "",
        allowSpectators=room.mode == RoomMode.SPECTATOR,
        sort=Int64(room.position),
        myPermissions=permissions_message(view.mine, view.my_role),
        createdAt=Timestamp.of(room.created_at),
        createdBy=room.created_by,
        managed=room.managed,
    )
    if room.default_permissions is not None:
        message.defaultPermissions = permissions_message(
            Permission(room.default_permissions), Role(room.default_role)
        )
    if SkipFlags.SKIP_METADATA not in skip:
        message.metadata = dict(room.properties)
    if SkipFlags.SKIP_SUBROOMS not in skip:
        message.subRooms = {
            part.id: common.SubRoom(displayName=part.display_name, sort=UInt32(part.position), id=part.id)
            for part in view.breakout_rooms
        }
    return message


def room_draft(message: Room, *, remove_default: bool, quota: QuotaWish | None) -> RoomDraft:
    """The wish that the message stands for; a field with its default value is no wish."""
    default = message.defaultPermissions
    return RoomDraft(
        display_name=message.displayName or None,
        type=RoomType(message.type.number) if message.type.number else None,
        mode=_mode(message),
        parent_id=message.parentId or None,
        quota=quota,
        default=grant_of(default) if default and not default.remove else None,
        remove_default=remove_default or bool(default and default.remove),
        grants={
            person_id: None if permissions.remove else grant_of(permissions)
            # One more than there may be is refused, and each takes a while.
            for person_id, permissions in islice(message.permissions.items(), MOST_GRANTS + 1)
        },
        breakout_rooms=[
            BreakoutDraft(
                id=part.id or key or None,
                display_name=part.displayName or None,
                position=int(part.sort) or None,
                remove=part.remove,
            )
            for key, part in message.subRooms.items()
        ],
        properties=message.metadata,
        features=_features(message.features),
    )


def new_quota(message: common.RoomQuotas | None) -> QuotaWish | None:
    """Quota of a room to be made. Where one number is given, a number of spectators left out is none."""
    if message is None or not (message.name or message.activeParticipants or message.passiveParticipants):
        return None
    return QuotaWish(
        message.name or None, int(message.activeParticipants) or None, int(message.passiveParticipants)
    )


def changed_quota(message: common.RoomQuotas | None) -> QuotaWish | None:
    """Change of the quota of a room that exists: a number left out stays."""
    if message is None or not (message.name or message.activeParticipants or message.passiveParticipants):
        return None
    return QuotaWish(
        message.name or None,
        int(message.activeParticipants) or None,
        int(message.passiveParticipants) or None,
    )


def _mode(message: Room) -> RoomMode | None:
    if message.mode.number:
        return RoomMode(message.mode.number)
    return RoomMode.SPECTATOR if message.allowSpectators else None


def _features(messages: list[common.RoomFeature]) -> dict[str, str | None]:
    features: dict[str, str | None] = {}
    for number, feature in enumerate(messages):
        if feature.id is common.RoomFeatureId.UNDEFINED_FEATURE:
            raise Invalid(ErrorCode.REQUIRED, f"room.features[{number}].id")
        if feature.remove:
            features[feature.id.value] = None
        elif feature.state is not common.FeatureState.UNCHANGED:
            features[feature.id.value] = feature.state.value
    return features
