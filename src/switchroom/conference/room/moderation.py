"""Moderation: what moderators do to other participants."""

from __future__ import annotations

import time

import msgspec

from switchroom.conference.messages import (
    Moderate,
    Moderated,
    PermissionChanges,
    Permit,
    Promote,
    RemovedInfo,
)
from switchroom.conference.room import to_message
from switchroom.conference.room.conference import Conference
from switchroom.conference.room.participants import Participant
from switchroom.conference.room.permission_overrides import REMOVED_FOR, Removal
from switchroom.conference.room.review import turning
from switchroom.errors import ErrorCode, Exhausted, Forbidden, Invalid, NotFound
from switchroom.rooms.permissions import ACTIVE, MODERATOR, NO_PERMISSION, Permission


def moderate(conference: Conference, moderator: Participant, request: Moderate) -> None:
    """Switch a source off, lower a hand, or put somebody out of the room.

    Raises Forbidden, NotFound.
    """
    target = _target(conference, moderator, request.participant_id)
    wish = target.wish
    if request.action == "remove":
        _require_not_above(moderator, target)
        _keep_out(conference, moderator, target)
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
    granted, revoked = read_changes(request.permissions)
    if revoked:
        _require_not_above(moderator, target)
    if granted & ACTIVE and target.is_spectator and not conference.has_place(as_spectator=False):
        raise Exhausted(ErrorCode.ROOM_FULL)
    target.wish = target.media
    conference.overrides.permit(target.user_id, granted, allowed=True)
    conference.overrides.permit(target.user_id, revoked, allowed=False)
    conference.become_active_if_permitted(target)
    target.send(Moderated("permissions", moderator.display_name))
    conference.moderated(moderator, target, "permissions")
    conference.media_changed(target)


def promote(conference: Conference, moderator: Participant, request: Promote) -> None:
    """Make somebody a moderator as long as somebody is inside, or take that back.

    Raises Forbidden, also for who moderates by their role, NotFound, and Exhausted when there is no active
    place for a spectator.
    """
    target = _target(conference, moderator, request.participant_id)
    if target.is_moderator is request.moderator:
        return
    if not request.moderator and _moderates_by_role(target):
        raise Forbidden(ErrorCode.MODERATOR_PROTECTED)
    if target.is_spectator and not conference.has_place(as_spectator=False):
        raise Exhausted(ErrorCode.ROOM_FULL)
    target.wish = target.media
    with turning(conference, [target]):
        if request.moderator:
            conference.overrides.permit(target.user_id, MODERATOR, allowed=True)
        else:
            conference.overrides.demote(target.user_id)
    conference.become_active_if_permitted(target)
    target.send(Moderated("permissions", moderator.display_name))
    conference.moderated(moderator, target, "promote" if request.moderator else "demote")
    conference.media_changed(target)


def removed(conference: Conference, moderator: Participant) -> list[RemovedInfo]:
    """People who were put out and are kept out. Raises Forbidden."""
    require_moderator(moderator)
    return to_message.removed(conference.overrides.removed())


def readmit(conference: Conference, moderator: Participant, user_id: str) -> None:
    """Let somebody back who was put out. Raises Forbidden, and NotFound for who may come in already."""
    require_moderator(moderator)
    removal = conference.overrides.readmit(user_id)
    if removal is None:
        raise NotFound(ErrorCode.PARTICIPANT_NOT_FOUND, "user_id")
    conference.readmitted(moderator, user_id, removal.display_name)


def require_moderator(moderator: Participant) -> None:
    """Raises Forbidden for a participant who is no moderator."""
    if not moderator.is_moderator:
        raise Forbidden(ErrorCode.MODERATORS_ONLY)


def read_changes(changes: PermissionChanges) -> tuple[Permission, Permission]:
    """Permissions to grant, and permissions to revoke. Raises Invalid when there are neither."""
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
    return granted, revoked


def _keep_out(conference: Conference, moderator: Participant, target: Participant) -> None:
    """Put a participant on the list of those who are kept out. One who comes back later is a moderator by
    their role only."""
    conference.overrides.demote(target.user_id)
    conference.overrides.remove(
        target.user_id,
        Removal(
            until=int(time.time()) + REMOVED_FOR,
            display_name=target.display_name,
            is_guest=target.admission.is_guest,
            browser=target.browser,
            by_name=moderator.display_name,
        ),
    )


def _target(conference: Conference, moderator: Participant, participant_id: str) -> Participant:
    require_moderator(moderator)
    return conference.find(participant_id)


def _moderates_by_role(participant: Participant) -> bool:
    return Permission.PROMOTE in participant.admission.permissions


def _require_not_above(moderator: Participant, target: Participant) -> None:
    if Permission.ADMIN in target.permissions and Permission.ADMIN not in moderator.permissions:
        raise Forbidden(ErrorCode.ADMINISTRATOR_PROTECTED)
    if _moderates_by_role(target) and not _moderates_by_role(moderator):
        raise Forbidden(ErrorCode.MODERATOR_PROTECTED)
