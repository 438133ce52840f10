"""Serializers of the live state into what messages hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from msgspec import structs

from switchroom.conference.messages import (
    Grant,
    ParticipantInfo,
    PermissionsInfo,
    RemovedInfo,
    RoomInfo,
    SpectatorInfo,
)
from switchroom.conference.room.participants import Participant
from switchroom.conference.room.permission_overrides import Removal, Rules
from switchroom.db.base import time_of
from switchroom.rooms.admission import RoomFacts
from switchroom.rooms.models import RoomMode
from switchroom.rooms.permissions import Permission

_Mode = Literal["normal", "exam", "spectator"]
_MODES: dict[RoomMode, _Mode] = {
    RoomMode.NORMAL: "normal",
    RoomMode.EXAM: "exam",
    RoomMode.SPECTATOR: "spectator",
}
_GRANTS: dict[Grant, Permission] = {
    "voice": Permission.VOICE,
    "video": Permission.VIDEO,
    "screen": Permission.SCREEN,
    "chat": Permission.CHAT,
}


def permissions(held: Permission) -> PermissionsInfo:
    return PermissionsInfo(
        voice=Permission.VOICE in held,
        video=Permission.VIDEO in held,
        screen=Permission.SCREEN in held,
        chat=Permission.CHAT in held,
        chat_broadcast=Permission.CHAT_BROADCAST in held,
        promote=Permission.PROMOTE in held,
    )


def participant(one: Participant, *, with_permissions: bool) -> ParticipantInfo:
    media = one.media
    return ParticipantInfo(
        id=one.id,
        user_id=one.user_id,
        display_name=one.display_name,
        is_guest=one.admission.is_guest,
        is_moderator=one.is_moderator,
        is_spectator=one.is_spectator,
        microphone=media.microphone,
        camera=media.camera,
        screen=media.screen,
        state="connected" if one.connection is not None else "reconnecting",
        hand_raised_at=time_of(one.hand_raised_at) if one.hand_raised_at else None,
        permissions=permissions(one.permissions) if with_permissions else None,
        consent=one.consent if with_permissions else None,
    )


def spectator(one: Participant) -> SpectatorInfo:
    return SpectatorInfo(one.id, one.display_name)


def removed(people: Mapping[str, Removal]) -> list[RemovedInfo]:
    """Removed people, by user id, as a message lists them: who was put out last comes first."""
    return [
        RemovedInfo(
            user_id,
            one.display_name,
            one.is_guest,
            time_of(datetime.fromtimestamp(one.until, UTC)),
            one.by_name,
        )
        for user_id, one in reversed(list(people.items()))
    ]


def room(facts: RoomFacts, rules: Rules, *, recording: bool, to_be_recorded: bool) -> RoomInfo:
    return RoomInfo(
        id=facts.room_id,
        company_name=facts.company_name,
        mode=_MODES[facts.mode],
        recording=recording,
        to_be_recorded=to_be_recorded,
        locked=rules.locked,
        forbidden=[grant for grant, permission in _GRANTS.items() if permission in rules.forbidden],
        **structs.asdict(facts.details),
    )
