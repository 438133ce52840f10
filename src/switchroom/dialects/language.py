"""Languages of texts for callers."""

from __future__ import annotations

from typing import Literal

Language = Literal["en", "de"]

_MOST_WISHES = 20


def language_of(accepted: str) -> Language:
    """The first language of an Accept-Language header (RFC 9110, 12.5.4) that there are texts in."""
    wishes: list[tuple[float, int, Language]] = []
    for number, part in enumerate(accepted.split(",")[:_MOST_WISHES]):
        name, _, parameters = part.strip().partition(";")
        primary = name.strip().lower().partition("-")[0]
        quality = _quality(parameters)
        if quality > 0 and primary in ("de", "en"):
            wishes.append((-quality, number, "de" if primary == "de" else "en"))
    return min(wishes)[2] if wishes else "en"


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
