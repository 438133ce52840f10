"""What the recordings tell the rest of the platform after a commit."""

from msgspec import Struct


class RecordingEnded(Struct, frozen=True):
    """A recording has ended; its file is to be made."""

    organization_id: int
    recording_id: str
