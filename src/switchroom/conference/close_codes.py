"""The codes that sockets are closed with (docs/signalling.md, "Staying")."""

from __future__ import annotations

from enum import IntEnum

from switchroom.conference.messages import EndReason


class CloseCode(IntEnum):
    """Clients reconnect after those below 4000, but for `LEFT`."""

    LEFT = 1000
    MISUSE = 1008
    TOO_LARGE = 1009
    LOST = 1011
    RESTART = 1012
    TOO_SLOW = 1013
    REFUSED = 4000
    REMOVED = 4001
    REPLACED = 4002
    ROOM_CLOSED = 4003
    REVOKED = 4004
    DENIED = 4005
    MEETING_OVER = 4006
    SESSION_OVER = 4007


def close_code(reason: EndReason) -> CloseCode:
    """The code that follows `ended` with this reason."""
    return CloseCode[reason.upper()]
