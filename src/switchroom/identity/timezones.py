"""The names of time zones."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from switchroom.errors import ErrorCode, Invalid

_NO_ZONES = frozenset({"Factory", "localtime"})
"""Files beside those of the zones: a machine's own zone, and one that is to be replaced by it."""


@cache
def _known() -> frozenset[str]:
    """Reading them takes files; they stay the same."""
    return frozenset(available_timezones() - _NO_ZONES)


def is_timezone(name: str) -> bool:
    """Whether it is one of the IANA's."""
    return name in _known()


def require_timezone(name: str, path: str = "timezone") -> str:
    """The name. Raises Invalid, naming the path, for one that is not the IANA's."""
    if not is_timezone(name):
        raise Invalid(ErrorCode.TIMEZONE_UNKNOWN, path)
    return name
