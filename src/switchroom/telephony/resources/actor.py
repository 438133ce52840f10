"""Actor: the person or key that works on resources, and in which account."""

from __future__ import annotations

from enum import IntEnum

from msgspec import Struct

from switchroom.identity.tokens import AccessToken


class Level(IntEnum):
    """Privilege level: a user's own things, an account, all accounts."""

    USER = 1
    ADMIN = 2
    SUPERDUPER = 3


class Actor(Struct, frozen=True):
    """Actor on the resources of an account: a person or a key. `user_id` is that of a person's membership,
    None for a key; `by` is the actor's name in the log. `claims` are a person's: what they may do to
    people."""

    organization_id: int
    level: Level
    user_id: int | None = None
    by: str = ""
    claims: AccessToken | None = None

    @property
    def is_user(self) -> bool:
        return self.level is Level.USER
