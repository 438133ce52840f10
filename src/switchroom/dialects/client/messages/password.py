"""Links by which a password is set, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Key = Annotated[str, Meta(max_length=128)]


class PasswordLinkQuery(Struct, frozen=True):
    """A link's key."""

    key: Key


class NewPassword(Struct, frozen=True):
    """A link's key, and the password to be."""

    key: Key
    password: str


class PasswordLinkAnswer(Struct, frozen=True, rename="camel"):
    """What a link is good for: `expired` comes with `valid_until`, `unknown` with nothing, `set` (the answer
    to setting) with the user name, `valid` with all."""

    state: Literal["valid", "expired", "unknown", "set"]
    username: str | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    company_names: list[str] | UnsetType = UNSET
    valid_until: datetime | UnsetType = UNSET
