"""Encoded messages of rooms, which lists are put together from."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from weakref import WeakKeyDictionary

from msgspec import Raw

from switchroom.dialects.alfaview_v1 import codec
from switchroom.dialects.alfaview_v1.room_messages import SkipFlags, room_message
from switchroom.rooms.listed_rooms import ListedRoom
from switchroom.rooms.listing import RoomView

_MOST_OF_A_ROOM = 16


class EncodedRooms:
    """Messages that are the same for many viewers, kept for as long as the listed room is.

    A message that shows a viewer's own entry among the permissions is made for them alone.
    """

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[ListedRoom, dict[Hashable, Raw]] = WeakKeyDictionary()

    def get(self, view: RoomView, subject_id: str, skip: Collection[SkipFlags]) -> Raw:
        """The message of `room_message`, encoded. `skip` has to be hashable."""
        shows_all = view.grants is view.listed.grants and SkipFlags.SKIP_OTHER_PERMISSIONS not in skip
        if not shows_all and subject_id in view.grants:
            return _encoded(view, subject_id, skip)
        messages = self._kept.get(view.listed)
        if messages is None:
            messages = self._kept[view.listed] = {}
        key = (view.mine, view.my_role, shows_all, skip)
        message = messages.get(key)
        if message is None:
            message = _encoded(view, subject_id, skip)
            if len(messages) < _MOST_OF_A_ROOM:
                messages[key] = message
        return message


def _encoded(view: RoomView, subject_id: str, skip: Collection[SkipFlags]) -> Raw:
    return Raw(codec.encode(room_message(view, subject_id, skip)))
