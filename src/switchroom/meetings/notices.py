"""What the meetings tell the rest of the platform after a commit."""

from msgspec import Struct


class MeetingChanged(Struct, frozen=True):
    """A meeting was made, moved or taken away: when the next one ends may be another time."""

    organization_id: int
    room_id: str


class MeetingOver(Struct, frozen=True):
    """A meeting has been closed or canceled; whoever is still inside leaves."""

    organization_id: int
    room_id: str
