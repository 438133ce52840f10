"""Branding of an organization as its mails show it."""

from __future__ import annotations

from hashlib import sha256

from msgspec import Struct

_MOST_SHOWN = (240, 48)
"""Pixels of a logo, across and down."""


class InlinePicture(Struct, frozen=True, kw_only=True):
    """A picture that the mail carries: PNG, JPEG or GIF."""

    content: bytes
    content_type: str
    width: int
    height: int

    @property
    def content_id(self) -> str:
        """Content id by which the HTML refers to the picture (RFC 2392), without angle brackets."""
        return f"{sha256(self.content).hexdigest()[:32]}@logo.switchroom"

    @property
    def shown_size(self) -> tuple[int, int]:
        """Pixels across and down at which the picture is shown, in its proportions."""
        across, down = _MOST_SHOWN
        factor = min(across / self.width, down / self.height, 1)
        return max(round(self.width * factor), 1), max(round(self.height * factor), 1)


class MailBranding(Struct, frozen=True, kw_only=True):
    """Branding of one organization's mails: the head, its colour and that of buttons, like #1864ab, and the
    `text` at the end, which may have several lines. Empty texts are none; the `name` is the organization's,
    for readers who see no pictures."""

    name: str = ""
    title: str = ""
    colour: str = ""
    logo: InlinePicture | None = None
    text: str = ""


NO_BRANDING = MailBranding()


def readable_on(colour: str) -> str:
    """Black or white, whichever is read better on the colour (#rgb or #rrggbb): 4.5 to 1 at least, as WCAG
    2.2 counts contrast."""
    # Contrast with white is 1.05 / (l + 0.05), with black (l + 0.05) / 0.05: equal at 0.179.
    return "#000000" if _luminance(colour) > 0.179 else "#ffffff"


def stands_out_from_white(colour: str) -> bool:
    """Whether a shape of the colour is seen on white: by 3 to 1."""
    return 1.05 / (_luminance(colour) + 0.05) >= 3


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * one for one in colour[1:])
    red, green, blue = (_linear(int(digits[at : at + 2], 16) / 255) for at in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
