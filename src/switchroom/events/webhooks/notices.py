"""What web hooks say on the bus."""

from __future__ import annotations

from msgspec import Struct


class DeliveriesQueued(Struct, frozen=True):
    """There are deliveries whose time has come."""
