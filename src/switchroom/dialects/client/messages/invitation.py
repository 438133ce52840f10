"""Invitations of people to an organization, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Key = Annotated[str, Meta(max_length=128)]


class InvitationQuery(Struct, frozen=True):
    """The key in the link of an invitation."""

    key: Key


class InvitationAcceptance(Struct, frozen=True):
    """The key in the link of an invitation, and a password to be or, of somebody who has an account, the one
    they have."""

    key: Key
    password: str


class InvitationAnswer(Struct, frozen=True, rename="camel"):
    """State of an invitation: `expired` comes with `validUntil`, `unknown` with nothing, `accepted`
    and `joined` (the answer to accepting) with the user name, `open` with all."""

    state: Literal["open", "expired", "unknown", "accepted", "joined"]
    username: str | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    company_name: str | UnsetType = UNSET
    inviter_name: str | UnsetType = UNSET
    has_account: bool | UnsetType = UNSET
    valid_until: datetime | UnsetType = UNSET
