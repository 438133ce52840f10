"""Notices (bus messages) of web hooks."""

from __future__ import annotations

from msgspec import Struct


class DeliveriesQueued(Struct, frozen=True):
    """There are deliveries whose time has come."""
