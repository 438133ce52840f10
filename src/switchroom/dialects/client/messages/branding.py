"""Branding of an organization, on the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from switchroom.conference.messages import Id, Token


class BrandingQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """Query for the branding of an organization: by its id, or by an access token of it, a guest's too."""

    company_id: Id | UnsetType = UNSET
    access_token: Token | UnsetType = UNSET


class BrandingAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """Branding of the pages of an organization, empty without one of its own. `colour` is like #1864ab,
    `logo` the path of a picture on this server, `logoWidth` and `logoHeight` its pixels where they are known.
    With `isInRooms` the logo is shown inside rooms too, and with `isAlone` without that of Switchroom."""

    title: str | UnsetType = UNSET
    colour: str | UnsetType = UNSET
    logo: str | UnsetType = UNSET
    logo_width: int | UnsetType = UNSET
    logo_height: int | UnsetType = UNSET
    is_in_rooms: bool = False
    is_alone: bool = False


class BrandingSettingsAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """Branding as it is set, whether or not it is shown. `logo` is what has been uploaded, as a data URL;
    `logoUrl` the address of one that has been named by a program; `mailText` stands at the end of each mail.
    Empty texts are none. `version` is to be sent along with a change."""

    is_shown: bool
    title: str
    colour: str
    logo: str
    logo_url: str
    is_in_rooms: bool
    is_alone: bool
    mail_text: str
    version: str


class BrandingChange(Struct, frozen=True, rename="camel", kw_only=True):
    """Change of the whole branding. `logo` is a PNG, JPEG or GIF in base64, or null for none; without it, the
    logo stays. `version` is that of the branding on which the change was made."""

    access_token: Token
    version: Annotated[str, Meta(min_length=1, max_length=100)]
    is_shown: bool
    title: Annotated[str, Meta(max_length=4000)]
    colour: Annotated[str, Meta(max_length=100)]
    logo: bytes | UnsetType | None = UNSET
    is_in_rooms: bool = False
    is_alone: bool = False
    mail_text: Annotated[str, Meta(max_length=4000)] = ""
