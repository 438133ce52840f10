"""Live occupants of rooms, as the processes that run the conferences tell them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Protocol

from msgspec import Struct


class LiveState(IntEnum):
    """CONNECTED, or TIMED_OUT while the person's connection is lost and may come back."""

    CONNECTED = 0
    TIMED_OUT = 1


class LiveParticipant(Struct, frozen=True):
    user_id: str
    display_name: str
    is_guest: bool
    is_spectator: bool
    is_moderator: bool = False
    state: LiveState = LiveState.CONNECTED


class LiveRooms(Protocol):
    def occupants(self, room_ids: Sequence[str]) -> Mapping[str, Sequence[LiveParticipant]]:
        """The people inside each of the rooms; a room with nobody may be left out."""
        ...
