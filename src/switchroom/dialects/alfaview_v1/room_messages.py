"""Rooms, between the message and the domain."""

from __future__ import annotations

from collections.abc import Collection

from switchroom.dialects.alfaview_v1.messages import common
from switchroom.dialects.alfaview_v1.messages.room import SkipFlags
from switchroom.dialects.alfaview_v1.messages.scalars import Int64, Timestamp, UInt32
from switchroom.dialects.alfaview_v1.permissions import grant_of, permissions_message
from switchroom.errors import ErrorCode, Invalid
from switchroom.identity.permissions import Permission, Role
from switchroom.rooms.drafts import BreakoutDraft, QuotaWish, RoomDraft
from switchroom.rooms.listing import RoomView
from switchroom.rooms.models import RoomMode, RoomType


def room_message(view: RoomView, subject_id: str, skip: Collection[SkipFlags] = ()) -> common.Room:
    """The room as `subject_id` gets to see it."""
    room = view.room
    message = common.Room(
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


def room_draft(message: common.Room, *, remove_default: bool, quota: QuotaWish | None) -> RoomDraft:
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
            for person_id, permissions in message.permissions.items()
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
    """For a room to be made. Where one number is given, a number of spectators left out is none."""
    if message is None or not (message.name or message.activeParticipants or message.passiveParticipants):
        return None
    return QuotaWish(
        message.name or None, int(message.activeParticipants) or None, int(message.passiveParticipants)
    )


def changed_quota(message: common.RoomQuotas | None) -> QuotaWish | None:
    """For a room that exists: a number left out stays."""
    if message is None or not (message.name or message.activeParticipants or message.passiveParticipants):
        return None
    return QuotaWish(
        message.name or None,
        int(message.activeParticipants) or None,
        int(message.passiveParticipants) or None,
    )


def _mode(message: common.Room) -> RoomMode | None:
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
