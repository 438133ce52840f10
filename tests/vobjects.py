"""Calendars as a library reads them that has nothing to do with the one that writes them."""

from __future__ import annotations

from typing import Any, cast

import vobject
from vobject import icalendar


def read_by_vobject(text: str) -> Any:
    """The calendar, read with the time zones that it says itself: vobject goes by the first it has ever read
    of a name."""
    cast("dict[str, Any]", getattr(icalendar, "__tzidMap")).clear()
    return cast("Any", vobject).readOne(text)
