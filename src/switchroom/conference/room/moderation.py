"""Moderation: what moderators do to other participants."""

from __future__ import annotations

import msgspec

from switchroom.conference.messages import Moderate, Moderated, Permit
from switchroom.conference.room.conference import Conference
from switchroom.conference.room.participants import Participant
from switchroom.errors import ErrorCode, Exhausted, Forbidden, Invalid
from switchroom.rooms.permissions import ACTIVE, NO_PERMISSION, Permission


def moderate(conference: Conference, moderator: Participant, request: Moderate) -> None:
    """Switch a source off, lower a hand, or put somebody out of the room.

    Raises Forbidden, NotFound.
    """
    target = _target(conference, moderator, request.participant_id)
    wish = target.wish
    if request.action == "remove":
        _require_not_above(moderator, target)
    conference.moderated(moderator, target, request.action)
    match request.action:
        case "remove":
            conference.remove(target, "removed", end="removed")
            return
        case "lower-hand":
            target.hand_raised_at = None
        case "mute":
            target.wish = msgspec.structs.replace(wish, microphone=False)
        case "stop-video":
            target.wish = msgspec.structs.replace(wish, camera=False)
        case "stop-screen":
            target.wish = msgspec.structs.replace(wish, screen=False)
    target.send(Moderated(request.action, moderator.display_name))
    conference.media_changed(target)


def permit(conference: Conference, moderator: Participant, request: Permit) -> None:
    """Grant or revoke voice, video, screen and chat of one person.

    Raises Forbidden, NotFound, Invalid, and Exhausted when there is no active place for a spectator.
    """
    target = _target(conference, moderator, request.participant_id)
    changes = request.permissions
    granted, revoked = NO_PERMISSION, NO_PERMISSION
    for permission, allowed in (
        (Permission.VOICE, changes.voice),
        (Permission.VIDEO, changes.video),
        (Permission.SCREEN, changes.screen),
        (Permission.CHAT, changes.chat),
    ):
        if allowed is True:
            granted |= permission
        elif allowed is False:
            revoked |= permission
    if not granted | revoked:
        raise Invalid(ErrorCode.PERMISSIONS_EMPTY, "permissions")
    if revoked:
        _require_not_above(moderator, target)
    if granted & ACTIVE and target.is_spectator and not conference.has_place(as_spectator=False):
        raise Exhausted(ErrorCode.ROOM_FULL)
    target.overrides.set(granted, allowed=True)
    target.overrides.set(revoked, allowed=False)
    target.wish = target.media
    conference.become_active_if_permitted(target)
    target.send(Moderated("permissions", moderator.display_name))
    conference.moderated(moderator, target, "permissions")
    conference.media_changed(target)


def _target(conference: Conference, moderator: Participant, participant_id: str) -> Participant:
    if not moderator.is_moderator:
        raise Forbidden(ErrorCode.MODERATORS_ONLY)
    return conference.find(participant_id)


def _require_not_above(moderator: Participant, target: Participant) -> None:
    if Permission.ADMIN in target.permissions and Permission.ADMIN not in moderator.permissions:
        raise Forbidden(ErrorCode.ADMINISTRATOR_PROTECTED)
