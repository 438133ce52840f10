"""Permissions: inside a room, and in an organization's administration."""

from __future__ import annotations

from enum import IntEnum, IntFlag, StrEnum


class Permission(IntFlag):
    """Permissions of a person in a room."""

    ADMIN = 1 << 1
    VOICE = 1 << 2
    VIDEO = 1 << 3
    PROMOTE = 1 << 4
    JOIN = 1 << 5
    SCREEN = 1 << 6
    VIP = 1 << 7
    CHAT = 1 << 10
    CHAT_BROADCAST = 1 << 11
    ACTION = 1 << 30

    @property
    def is_spectator(self) -> bool:
        """May be inside, and may send none of voice, video and screen."""
        return not self & ACTIVE


NO_PERMISSION = Permission(0)
ACTIVE = Permission.VOICE | Permission.VIDEO | Permission.SCREEN
SPECTATOR = Permission.JOIN | Permission.CHAT
PARTICIPANT = SPECTATOR | ACTIVE
MODERATOR = PARTICIPANT | Permission.PROMOTE | Permission.CHAT_BROADCAST
ADMINISTRATOR = MODERATOR | Permission.ADMIN


class Role(IntEnum):
    """The named sets of room permissions; CUSTOM is any other set."""

    CUSTOM = 0
    NO_ACCESS = 1
    GUEST = 5
    SPECTATOR = 10
    PARTICIPANT = 15
    MODERATOR = 20
    ADMIN = 25

    @property
    def permissions(self) -> Permission:
        """Permissions of the role; none for CUSTOM, whose permissions stand beside it."""
        return _ROLE_PERMISSIONS.get(self, NO_PERMISSION)


_ROLE_PERMISSIONS = {
    Role.GUEST: PARTICIPANT,
    Role.SPECTATOR: SPECTATOR,
    Role.PARTICIPANT: PARTICIPANT,
    Role.MODERATOR: MODERATOR,
    Role.ADMIN: ADMINISTRATOR,
}


class Administration(IntFlag):
    """Permissions of a person or an API key in the organization: bit n is the permission numbered n."""

    USER_CREATE = 1 << 1
    USER_SHOW = 1 << 2
    USER_INVITE = 1 << 3
    USER_LIST = 1 << 4
    USER_ADMIN = 1 << 5
    GRANT_PERMISSIONS = 1 << 6
    COMPANY_LIST = 1 << 8
    COMPANY_ADMIN = 1 << 9
    ROOM_CREATE = 1 << 10
    ROOM_LIST = 1 << 13
    ROOM_ADMIN = 1 << 15
    MANAGE_COMPANY = 1 << 16
    MANAGE_BILLING = 1 << 17


ALL_ADMINISTRATION = Administration(sum(Administration))
NO_ADMINISTRATION = Administration(0)

_OF_PEOPLE = (
    Administration.USER_LIST
    | Administration.USER_CREATE
    | Administration.USER_INVITE
    | Administration.GRANT_PERMISSIONS
)
_OF_ROOMS = Administration.ROOM_LIST | Administration.ROOM_CREATE
_BRINGS = {
    Administration.USER_ADMIN: _OF_PEOPLE,
    Administration.ROOM_ADMIN: _OF_ROOMS,
    Administration.COMPANY_ADMIN: Administration.COMPANY_LIST,
    Administration.MANAGE_COMPANY: Administration.USER_SHOW
    | Administration.USER_ADMIN
    | _OF_PEOPLE
    | Administration.ROOM_ADMIN
    | _OF_ROOMS
    | Administration.COMPANY_ADMIN
    | Administration.COMPANY_LIST,
}


def with_children(permission: Administration) -> Administration:
    """A permission, and those that it brings along in the tree of permissions."""
    return permission | _BRINGS.get(permission, NO_ADMINISTRATION)


class Standing(StrEnum):
    """A person's standing in an organization.

    An administrator administers everything and enters every room. A moderator moderates those rooms that are
    open to everybody in the organization; a participant is what each room says.
    """

    ADMINISTRATOR = "administrator"
    MODERATOR = "moderator"
    PARTICIPANT = "participant"

    @property
    def administration(self) -> Administration:
        return ALL_ADMINISTRATION if self is Standing.ADMINISTRATOR else NO_ADMINISTRATION
