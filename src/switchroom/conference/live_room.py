"""A live room with all its parts, and a person's way into it."""

from __future__ import annotations

from dataclasses import dataclass

from switchroom.conference.media.room_media import RoomMedia
from switchroom.conference.room.conference import Conference
from switchroom.conference.room.participants import Participant
from switchroom.conference.room.waiting_room import WaitingParticipant, WaitingRoom


@dataclass(frozen=True)
class LiveRoom:
    """A conference with its media, and those who wait to be let in."""

    conference: Conference
    media: RoomMedia
    waiting_room: WaitingRoom


@dataclass(frozen=True)
class Stay:
    """Stay of a participant in a room, as a join made or found it."""

    participant: Participant
    room: LiveRoom


@dataclass(eq=False)
class Arrival:
    """Arrival of a person over a connection: inside, or `waiting` until they have a `stay`."""

    stay: Stay | None = None
    waiting: WaitingParticipant | None = None
