"""Query parameters, read with everything that is wrong about them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from switchroom.errors import ErrorCode, Invalid, Problems

T = TypeVar("T")

_WHOLE = re.compile("-?[0-9]{1,40}")


class QueryReader:
    """Reads the parameters of one query. One that is wrong is noted in `problems`, and read as if it had not
    been given; an empty one has not been given."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self._query = query
        self.problems = Problems()

    def value(self, name: str, read: Callable[[str], T], otherwise: T) -> T:
        """A parameter as `read` understands its text. What Invalid that raises names is the parameter."""
        text = self._query.get(name, "")
        if text:
            with self.problems.within(name):
                return read(text)
        return otherwise

    def number(self, name: str, otherwise: int, *, least: int = 0, most: int = 1_000_000) -> int:
        """A whole number in those bounds."""

        def read(text: str) -> int:
            number = whole_number(text)
            if number is None:
                raise Invalid(ErrorCode.NOT_A_WHOLE_NUMBER)
            if not least <= number <= most:
                raise Invalid(ErrorCode.OUT_OF_RANGE, least=least, most=most)
            return number

        return self.value(name, read, otherwise)

    def moment(self, name: str) -> datetime | None:
        """A time in RFC 3339, without an offset in UTC."""
        return self.value(name, _moment, None)


def whole_number(text: str) -> int | None:
    """The number that the digits are; None for what is none, though Python would take it for one (`1_0`)."""
    return int(text) if _WHOLE.fullmatch(text) else None


def unix_moment(text: str) -> datetime:
    """A time in Unix seconds, or as `QueryReader.moment` takes it. Raises Invalid."""
    if not (text.isascii() and text.isdecimal()):
        return _rfc3339(text, ErrorCode.NOT_A_TIME_OR_UNIX_SECONDS)
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        raise Invalid(ErrorCode.NOT_A_TIME_OR_UNIX_SECONDS) from None


def _moment(text: str) -> datetime:
    return _rfc3339(text, ErrorCode.NOT_A_TIME)


def _rfc3339(text: str, otherwise: ErrorCode) -> datetime:
    try:
        # A plus sign that was not encoded is a space.
        found = msgspec.convert(text.replace(" ", "+"), datetime)
    except msgspec.ValidationError:
        raise Invalid(otherwise) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
