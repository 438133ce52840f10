"""Numbers that come as text."""

from __future__ import annotations

import re

_WHOLE = re.compile("-?[0-9]{1,40}")


def whole_number(text: str) -> int | None:
    """The number that the digits are; None for what is none, though Python would take it for one (`1_0`)."""
    return int(text) if _WHOLE.fullmatch(text) else None
