"""The names of time zones."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from switchroom.errors import Invalid

_NO_ZONES = frozenset({"Factory", "localtime"})
"""Files beside those of the zones: a machine's own zone, and one that is to be replaced by it."""


@cache
def _known() -> frozenset[str]:
    """Reading them takes files; they stay the same."""
    return frozenset(available_timezones() - _NO_ZONES)


def require_timezone(name: str, field: str = "timezone") -> str:
    """The name. Raises Invalid with the field for one that is not the IANA's."""
    if name not in _known():
        raise Invalid("timezone is not the name of a time zone", field=field)
    return name
