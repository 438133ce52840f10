"""Notices (bus messages) of mail."""

from msgspec import Struct


class MailQueued(Struct, frozen=True):
    """There is mail to deliver."""
