"""Notices (bus messages) of background work."""

from __future__ import annotations

from msgspec import Struct


class LeaseGivenUp(Struct, frozen=True):
    """A named lease is free: a process that waits for it may take it."""

    name: str


class BatchQueued(Struct, frozen=True):
    """There is a batch to carry out."""
