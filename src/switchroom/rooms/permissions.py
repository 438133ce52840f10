"""The words of room permissions, where people who work with rooms look for them."""

from switchroom.identity.permissions import (
    ACTIVE,
    ADMINISTRATOR,
    MODERATOR,
    NO_PERMISSION,
    PARTICIPANT,
    SPECTATOR,
    Permission,
    Role,
)

__all__ = [
    "ACTIVE",
    "ADMINISTRATOR",
    "MODERATOR",
    "NO_PERMISSION",
    "PARTICIPANT",
    "SPECTATOR",
    "Permission",
    "Role",
]
