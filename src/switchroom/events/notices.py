"""What the event log says on the bus."""

from __future__ import annotations

from msgspec import Struct


class EventsRecorded(Struct, frozen=True):
    """There is more in the log than before."""
