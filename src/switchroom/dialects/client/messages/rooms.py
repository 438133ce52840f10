"""The client's configuration and links to rooms, on the wire."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from switchroom.conference.messages import Id


class ClientConfig(Struct, frozen=True, rename="camel"):
    """Settings of the pages."""

    version: str
    product_name: str
    default_locale: str
    locales: list[str]


class LinkQuery(Struct, frozen=True, rename="camel"):
    """A link to a room, by the parts of its address."""

    company_id: Id
    room_id: Id
    access_key: Id


class LinkAnswer(Struct, frozen=True, rename="camel"):
    """Room that a link leads to, by the state of the link. `unknown` comes with nothing else; times are
    RFC 3339."""

    state: Literal["valid", "not_yet_valid", "expired", "unknown", "full"]
    kind: Literal["guest", "group"] | UnsetType = UNSET
    room_name: str | UnsetType = UNSET
    company_name: str | UnsetType = UNSET
    privacy_link: str | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    valid_from: str | UnsetType = UNSET
    valid_until: str | UnsetType = UNSET
