"""Times as this API writes them."""

from __future__ import annotations

from datetime import UTC, datetime

from switchroom.db.base import time_of
from switchroom.errors import ErrorCode, Invalid


def in_utc(moment: datetime, path: str) -> datetime:
    """The moment as it is shown, to the millisecond. Raises Invalid for one that UTC has no year for."""
    try:
        found = moment.astimezone(UTC)
    except OverflowError:
        raise Invalid(ErrorCode.TIME_OVERFLOW, path) from None
    return found.replace(microsecond=found.microsecond // 1000 * 1000)


def text_or_none(moment: datetime | None) -> str | None:
    return time_of(moment) if moment is not None else None
