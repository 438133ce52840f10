"""Sanitizing of what people type: without the characters that nobody means to type."""

from __future__ import annotations

import re

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BREAKS = re.compile(r"[\t\r\n\u2028\u2029]+")


def text(typed: str) -> str:
    """Of several lines; their ends and tabs stay."""
    return _CONTROLS.sub("", typed)


def name(typed: str) -> str:
    """In one line, without space around it."""
    return _BREAKS.sub(" ", _CONTROLS.sub("", typed)).strip()
