"""Isolation of names from the text around them, whatever direction they are written in (UAX #9).

A text has first strong isolates around its names; HTML has `<bdi>` in their place.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape

_FSI, _PDI = "\u2068", "\u2069"
_ISOLATED = re.compile(f"{_FSI}([^{_FSI}{_PDI}]*){_PDI}")
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


def isolated(name: str) -> str:
    """The name, which has no bidi controls of its own, between isolates; an empty one stays empty."""
    return f"{_FSI}{name}{_PDI}" if name else ""


def as_text(text: str) -> str:
    """The text with those isolates alone that change how it is read: the words of the mails run from left to
    right, and so do most names."""
    return _ISOLATED.sub(lambda found: found[0] if _turns(found[1]) else found[1], text)


def as_html(text: str) -> str:
    """The text as HTML, in one line."""
    return escape(text).replace(_FSI, "<bdi>").replace(_PDI, "</bdi>")


def _turns(name: str) -> bool:
    return any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in name)
