"""What mail tells the rest of the process after a commit."""

from msgspec import Struct


class MailQueued(Struct, frozen=True):
    """There is mail to deliver."""
