"""Signing in, on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Level = Literal["user", "admin", "superduper"]


class KeyCredentials(Struct, frozen=True):
    """A key for telephony, for the events log, or for both."""

    api_key: str


class UserCredentials(Struct, frozen=True):
    """A person of an account, by their password, or by a key of the account that is good for telephony: the
    token is good for what the person may."""

    username: str
    password: str = ""
    api_key: str = ""


class Token(Struct, frozen=True):
    """Token for the header `X-Auth-Token`."""

    auth_token: str
    account_id: Annotated[int | None, Meta(description="Null for a token that is good for all accounts.")]
    priv_level: Level
    expires: Annotated[int, Meta(description="Unix seconds.")]


class TokenReply(Struct, frozen=True):
    """A token, also where clients look for it that read no `data`."""

    data: Token
    auth_token: str
