"""Room permissions, between the message and the domain's flags."""

from __future__ import annotations

from functools import lru_cache

from switchroom.dialects.alfaview_v1.messages import common
from switchroom.identity.permissions import NO_PERMISSION, Permission, Role
from switchroom.rooms.drafts import Grant

_FIELDS = (
    ("admin", Permission.ADMIN),
    ("voice", Permission.VOICE),
    ("video", Permission.VIDEO),
    ("promote", Permission.PROMOTE),
    ("join", Permission.JOIN),
    ("screen", Permission.SCREEN),
    ("vip", Permission.VIP),
    ("chat", Permission.CHAT),
    ("chatBroadcast", Permission.CHAT_BROADCAST),
    ("action", Permission.ACTION),
)


@lru_cache(maxsize=1024)
def permissions_message(permissions: Permission, role: Role = Role.CUSTOM) -> common.Permissions:
    """The message is the same object for the same permissions, which most rooms share: not to be changed."""
    message = common.Permissions(role=common.Role.of(role))
    for name, flag in _FIELDS:
        if permissions & flag:
            setattr(message, name, True)
    return message


def grant_of(message: common.Permissions) -> Grant:
    """A role counts before single permissions."""
    custom = NO_PERMISSION
    for name, flag in _FIELDS:
        if getattr(message, name):
            custom |= flag
    return Grant(Role(message.role.number), custom)
