"""Branding of organizations: what their pages and mails show of them, kept so that it can do nothing."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct, structs

from switchroom import sanitize
from switchroom.errors import ErrorCode, Invalid, Problems
from switchroom.identity.models import Organization

_LONGEST_TITLE = 200
LONGEST_MAIL_TEXT = 1000
_LONGEST_URL = 2000
_LARGEST_LOGO = 10_000
"""Pixels of the height or the width of a logo."""

_COLOUR = re.compile(r"#[0-9A-Fa-f]{3}([0-9A-Fa-f]{3})?")
_URL = re.compile(r"https://[A-Za-z0-9._~:/?#@!$&*+,=%\[\]-]+")
"""Address of a picture. Nothing in it ends an attribute or a style, or begins an element."""

_URLS = (
    "logo_url",
    "logo_alternative_url",
    "logo_square_48_url",
    "logo_square_96_url",
    "logo_square_256_url",
)


class Branding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Branding of an organization, shown where it is `enabled`. Addresses are of pictures, by HTTPS; empty
    texts are none."""

    enabled: bool = False
    title: str = ""
    navbar_colour: str = ""
    logo_url: str = ""
    logo_alternative_url: str = ""
    logo_square_48_url: str = ""
    logo_square_96_url: str = ""
    logo_square_256_url: str = ""
    logo_height: int = 0
    logo_width: int = 0
    stock_branding_disabled: bool = False
    logo_in_meeting_room: bool = False
    mail_text: str = ""
    """Text at the end of each mail, of several lines. v1 knows nothing of it."""


def branding_of(organization: Organization) -> Branding | None:
    """None for an organization that has said nothing of it."""
    if not organization.branding:
        return None
    return msgspec.json.decode(organization.branding, type=Branding)


def write_branding(organization: Organization, branding: Branding) -> None:
    """Raises Invalid as `checked_branding` does."""
    checked = checked_branding(branding)
    organization.branding = "" if checked == Branding() else msgspec.json.encode(checked).decode()


def checked_branding(branding: Branding) -> Branding:
    """The branding without space around its texts. Raises Invalid with all that is wrong: an address that is
    not plain HTTPS or says who asks, a colour that is not like #1864ab."""
    problems, checked = Problems(), dict[str, str]()
    title = sanitize.name(branding.title)
    if len(title) > _LONGEST_TITLE:
        problems.add(ErrorCode.TOO_LONG, "branding.title", most=_LONGEST_TITLE)
    mail_text = sanitize.without_format(sanitize.text(branding.mail_text)).replace("\r\n", "\n").strip()
    if len(mail_text) > LONGEST_MAIL_TEXT:
        problems.add(ErrorCode.TOO_LONG, "branding.mail_text", most=LONGEST_MAIL_TEXT)
    colour = branding.navbar_colour.strip()
    if colour and not _COLOUR.fullmatch(colour):
        reason = "it is not a colour such as #1864ab"
        problems.add(ErrorCode.VALUE_INVALID, "branding.navbar_colour", reason=reason)
    for name in _URLS:
        with problems:
            checked[name] = _picture(getattr(branding, name).strip(), f"branding.{name}")
    for name in ("logo_height", "logo_width"):
        if not 0 <= getattr(branding, name) <= _LARGEST_LOGO:
            problems.add(ErrorCode.OUT_OF_RANGE, f"branding.{name}", least=0, most=_LARGEST_LOGO)
    problems.require_none()
    return structs.replace(branding, title=title, navbar_colour=colour, mail_text=mail_text, **checked)


def _picture(url: str, path: str) -> str:
    if not url:
        return ""
    if len(url) > _LONGEST_URL:
        raise Invalid(ErrorCode.TOO_LONG, path, most=_LONGEST_URL)
    if not _URL.fullmatch(url):
        raise Invalid(ErrorCode.URL_NOT_HTTPS, path)
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise Invalid(ErrorCode.URL_MALFORMED, path) from None
    if not parts.hostname:
        raise Invalid(ErrorCode.URL_WITHOUT_HOST, path)
    if "@" in parts.netloc:
        raise Invalid(ErrorCode.URL_WITH_CREDENTIALS, path)
    return url
