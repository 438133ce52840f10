"""Branding of an organization, on the wire."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from switchroom.conference.messages import Id


class BrandingQuery(Struct, frozen=True, rename="camel"):
    company_id: Id


class BrandingAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """What pages of the organization show, empty where it shows nothing of its own. `colour` is like #1864ab,
    `logo` the path of a picture on this server, `logoWidth` and `logoHeight` its pixels where they are known.
    With `isInRooms` the logo is shown inside rooms too, and with `isAlone` without that of Switchroom."""

    title: str | UnsetType = UNSET
    colour: str | UnsetType = UNSET
    logo: str | UnsetType = UNSET
    logo_width: int | UnsetType = UNSET
    logo_height: int | UnsetType = UNSET
    is_in_rooms: bool = False
    is_alone: bool = False
