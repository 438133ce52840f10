"""Spectators of a room: everybody is told how many, moderators who.

Moderators know the list from when they come in, or become one, and are told each change of it; the list
itself would be as long again for each who comes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from switchroom.conference.messages import Spectators, SpectatorsInfo
from switchroom.conference.room import to_message
from switchroom.conference.room.announcements import tell
from switchroom.conference.room.participants import Participant


def spectators_for(viewer: Participant, inside: Sequence[Participant]) -> SpectatorsInfo:
    """Spectators as a participant who comes in is told of them: the count, and for moderators the list."""
    listed = [to_message.spectator(one) for one in inside] if viewer.is_moderator else None
    return SpectatorsInfo(len(inside), listed)


def announce_all(viewers: Sequence[Participant], inside: Sequence[Participant]) -> None:
    """Tell the whole list to those who have become moderators, and the count to those who are none now."""
    for viewer in viewers:
        told = spectators_for(viewer, inside)
        viewer.send(Spectators(count=told.count, list=told.list))


def announce_changes(
    everybody: Collection[Participant],
    count: int,
    *,
    come: Sequence[Participant] = (),
    gone: Sequence[Participant] = (),
) -> None:
    """Tell how many watch now, and moderators who has come and who is gone."""
    change = Spectators(
        count=count, joined=[to_message.spectator(one) for one in come], left=[one.id for one in gone]
    )
    tell([one for one in everybody if one.is_moderator], change)
    tell([one for one in everybody if not one.is_moderator], Spectators(count=count))
