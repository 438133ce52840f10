"""How the live state looks in messages."""

from __future__ import annotations

from typing import Literal

from switchroom.conference.messages import (
    ParticipantView,
    PermissionsView,
    RoomView,
    SpectatorView,
)
from switchroom.conference.room.participants import Participant
from switchroom.db.base import time_of
from switchroom.rooms.admission import Admission
from switchroom.rooms.models import RoomMode
from switchroom.rooms.permissions import Permission

_Mode = Literal["normal", "exam", "spectator"]
_MODES: dict[RoomMode, _Mode] = {
    RoomMode.NORMAL: "normal",
    RoomMode.EXAM: "exam",
    RoomMode.SPECTATOR: "spectator",
}


def permissions_view(permissions: Permission) -> PermissionsView:
    return PermissionsView(
        voice=Permission.VOICE in permissions,
        video=Permission.VIDEO in permissions,
        screen=Permission.SCREEN in permissions,
        chat=Permission.CHAT in permissions,
        chat_broadcast=Permission.CHAT_BROADCAST in permissions,
        promote=Permission.PROMOTE in permissions,
    )


def participant_view(participant: Participant, *, with_permissions: bool) -> ParticipantView:
    media = participant.media
    return ParticipantView(
        id=participant.id,
        user_id=participant.user_id,
        display_name=participant.display_name,
        is_guest=participant.admission.is_guest,
        is_moderator=participant.is_moderator,
        is_spectator=participant.is_spectator,
        microphone=media.microphone,
        camera=media.camera,
        screen=media.screen,
        state="connected" if participant.connection is not None else "reconnecting",
        hand_raised_at=time_of(participant.hand_raised_at) if participant.hand_raised_at else None,
        permissions=permissions_view(participant.permissions) if with_permissions else None,
    )


def spectator_view(participant: Participant) -> SpectatorView:
    return SpectatorView(participant.id, participant.display_name)


def room_view(admission: Admission, *, recording: bool) -> RoomView:
    return RoomView(
        id=admission.room_id,
        display_name=admission.room_name,
        company_name=admission.company_name,
        mode=_MODES[admission.mode],
        recording=recording,
    )
