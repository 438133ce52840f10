"""Moderation of everybody at once: what a moderator does to a room, and to all in it who do not moderate."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence

from msgspec import structs

from switchroom.conference.messages import Everybody, ModerateAll, ParticipantsUpdated, PermitAll
from switchroom.conference.room import to_message
from switchroom.conference.room.announcements import tell, tell_self
from switchroom.conference.room.conference import Conference
from switchroom.conference.room.moderation import read_changes, require_moderator
from switchroom.conference.room.participants import Participant
from switchroom.conference.room.waiting_room import WaitingRoom
from switchroom.rooms.permissions import NO_PERMISSION, Permission

AT_ONCE = 0.005
"""Seconds of processor time in which people are told before others have their turn."""


def moderate_all(conference: Conference, moderator: Participant, request: ModerateAll) -> None:
    """Mute all but the moderators, or lower all hands. Raises Forbidden.

    However many are inside, one message tells each of all the others.
    """
    require_moderator(moderator)
    everybody = list(conference.participants.values())
    match request.action:
        case "mute":
            muted = [one for one in everybody if one.wish.microphone and not one.is_moderator]
            for one in muted:
                one.wish = structs.replace(one.wish, microphone=False)
            conference.media_of_many_changed(muted)
        case "lower-hand":
            for one in everybody:
                one.hand_raised_at = None
    conference.tell_all(Everybody(action=request.action, by_name=moderator.display_name))
    conference.moderated_all(moderator, request.action)


def permit_all(conference: Conference, moderator: Participant, request: PermitAll) -> None:
    """Forbid or allow voice, video, screen and chat to all but the moderators, those who come later included.

    Raises Forbidden, Invalid. It holds when this returns: only what each person may do now is told
    afterwards, piece by piece, also when the moderator is gone by then.
    """
    require_moderator(moderator)
    allowed, forbidden = (_with_broadcast(one) for one in read_changes(request.permissions))
    everybody = list(conference.participants.values())
    before = {one.id: one.permissions for one in everybody}
    for one in everybody:
        one.wish = one.media
    if forbidden:
        conference.overrides.forbid(forbidden, besides={one.user_id for one in conference.moderators})
    if allowed:
        conference.overrides.allow(allowed)
    changed = [one for one in everybody if one.permissions != before[one.id]]
    conference.media_of_many_changed(changed)
    conference.rules_changed(moderator)
    conference.moderated_all(moderator, "permissions")
    conference.in_background(_tell_permissions(conference, changed), "permissions of everybody")


def lock(conference: Conference, moderator: Participant, *, locked: bool) -> None:
    """Let in only moderators and those who have been inside, or everybody again. Raises Forbidden."""
    require_moderator(moderator)
    if conference.rules.locked is locked:
        return
    conference.overrides.lock(locked=locked)
    conference.rules_changed(moderator)
    conference.moderated_all(moderator, "lock" if locked else "unlock")


def end(conference: Conference, moderator: Participant, waiting_room: WaitingRoom) -> None:
    """End the session for everybody, those who wait included. Raises Forbidden."""
    require_moderator(moderator)
    conference.moderated_all(moderator, "end")
    waiting_room.end(waiting_room.everybody, "session_over")
    everybody = conference.dismiss_all("session_over")
    conference.in_background(_remove(conference, everybody), "end of a session")


def _with_broadcast(permission: Permission) -> Permission:
    """Add the permission to write to all rooms where that to write is among them: the two go together."""
    return permission | (Permission.CHAT_BROADCAST if Permission.CHAT in permission else NO_PERMISSION)


async def _remove(conference: Conference, those: Sequence[Participant]) -> None:
    """Remove people who have been dismissed, some at a time."""
    rest = list(those)
    while rest:
        for one in piece(rest):
            conference.remove(one, "session_over", "session_over")
        await asyncio.sleep(0)


async def _tell_permissions(conference: Conference, those: Sequence[Participant]) -> None:
    """Tell people what they may do now, and the moderators what all of them may."""
    rest = list(those)
    while rest:
        told: list[Participant] = []
        for one in piece(rest):
            if one.id in conference.participants:
                tell_self(one)
                told.append(one)
        listed = [to_message.participant(one, with_permissions=True) for one in told if not one.is_spectator]
        if listed:
            tell(conference.moderators, ParticipantsUpdated(listed))
        await asyncio.sleep(0)


def piece(rest: list[Participant]) -> Iterator[Participant]:
    """Take people from the end of a list: one, and more until `AT_ONCE` is over."""
    until = time.thread_time() + AT_ONCE
    yield rest.pop()
    while rest and time.thread_time() < until:
        yield rest.pop()
