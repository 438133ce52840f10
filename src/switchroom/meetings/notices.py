"""Notices (bus messages) of the meetings domain."""

from datetime import datetime

from msgspec import Struct


class MeetingChanged(Struct, frozen=True):
    """A meeting was made, moved or taken away. `next_end_at` is when what is on, or comes next, ends."""

    organization_id: int
    room_id: str
    next_end_at: datetime | None


class MeetingOver(Struct, frozen=True):
    """A meeting has been closed or canceled; people who are still inside leave."""

    organization_id: int
    room_id: str
