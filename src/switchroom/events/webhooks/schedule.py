"""Retry schedule of deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

RETRY_DELAYS: Sequence[timedelta] = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
)
"""Delays after each attempt that failed; after one more attempt than these the delivery is given up."""
