"""Finding: one thing that was looked at."""

from __future__ import annotations

from msgspec import Struct

LIMIT = 5.0
"""Seconds that a server that is asked has to answer."""


class Finding(Struct, frozen=True):
    """One thing looked at. `remedy` says what to do when it is not good."""

    subject: str
    good: bool
    state: str
    remedy: str = ""
