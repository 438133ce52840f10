"""Passwords, and links by which one is set, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from switchroom.conference.messages import Token

Key = Annotated[str, Meta(max_length=128)]


class PasswordLinkQuery(Struct, frozen=True):
    """A link's key."""

    key: Key


class NewPassword(Struct, frozen=True):
    """A link's key, and the password to be."""

    key: Key
    password: str


class PasswordLinkAnswer(Struct, frozen=True, rename="camel"):
    """State of a link: `expired` comes with `valid_until`, `unknown` with nothing, `set` (the answer
    to setting) with the user name, `valid` with all."""

    state: Literal["valid", "expired", "unknown", "set"]
    username: str | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    company_names: list[str] | UnsetType = UNSET
    valid_until: datetime | UnsetType = UNSET


class ForgottenPassword(Struct, frozen=True):
    """The user name or e-mail address of a person who has forgotten their password."""

    username: Annotated[str, Meta(min_length=1, max_length=254)]


class PasswordChange(Struct, frozen=True, rename="camel"):
    """The password so far and the one to be, of the person whom the token is for."""

    access_token: Token
    old_password: str
    new_password: str


class PasswordChanged(Struct, frozen=True):
    """The user name, to sign in anew with: all sessions have ended."""

    username: str
