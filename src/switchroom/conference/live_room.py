"""A room while it is live, and somebody's stay in it."""

from __future__ import annotations

from dataclasses import dataclass

from switchroom.conference.media.room_media import Media
from switchroom.conference.room.conference import Conference
from switchroom.conference.room.participants import Participant
from switchroom.conference.room.waiting_room import WaitingRoom


@dataclass(frozen=True)
class Live:
    """A conference with its media, and those who wait before it."""

    conference: Conference
    media: Media
    waiting_room: WaitingRoom


@dataclass(frozen=True)
class Stay:
    """Somebody inside, as a join made or found it."""

    participant: Participant
    live: Live
