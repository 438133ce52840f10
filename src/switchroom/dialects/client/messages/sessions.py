"""Sessions of a person who is signed in, on the wire."""

from __future__ import annotations

from msgspec import Struct

from switchroom.conference.messages import Token


class SessionsQuery(Struct, frozen=True, rename="camel", kw_only=True):
    access_token: Token


class OwnSession(Struct, frozen=True, rename="camel"):
    """A session: since when, until when, and whether it is the one of the cookie `auth`."""

    created_at: str
    expires_at: str
    is_this: bool


class SessionsAnswer(Struct, frozen=True, rename="camel"):
    """The newest 100, newest first."""

    sessions: list[OwnSession]
