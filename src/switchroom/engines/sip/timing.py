"""Timer values in seconds (RFC 3261 table 4)."""

from __future__ import annotations

from msgspec import Struct


class Timing(Struct, frozen=True):
    """T1, T2 and T4, and what is 64 times T1: timers B, D, F, H, J, L and M over UDP.

    `ringing` is how long an INVITE may be without a final response, which the standard leaves open.
    """

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0
    ringing: float = 3600.0

    @property
    def limit(self) -> float:
        """64 times T1."""
        return 64 * self.t1
