"""Notices (bus messages) of recordings."""

from msgspec import Struct


class RecordingEnded(Struct, frozen=True):
    """A recording has ended; its file is to be made."""

    organization_id: int
    recording_id: str
