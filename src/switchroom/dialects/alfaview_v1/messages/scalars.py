"""The scalar types of proto3 JSON that JSON itself lacks, and the functions that read and write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, ClassVar, Self, cast

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_DECIMAL = re.compile(r"-?\d{1,20}")


_NO_TIME = "Invalid RFC3339 encoded datetime"


class WireInteger(int):
    """Read from a string or a number. Zero is one object for each kind, by which `omit_defaults` knows it."""

    LOWEST: ClassVar[int]
    HIGHEST: ClassVar[int]
    _zero: ClassVar[Self | None] = None

    def __new__(cls, value: int) -> Self:
        if value:
            return super().__new__(cls, value)
        if "_zero" not in vars(cls):
            cls._zero = super().__new__(cls, 0)
        return cast("Self", cls._zero)


class Int64(WireInteger):
    """Written as a string."""

    LOWEST = -(1 << 63)
    HIGHEST = (1 << 63) - 1


class Int32(WireInteger):
    LOWEST = -(1 << 31)
    HIGHEST = (1 << 31) - 1


class UInt32(WireInteger):
    LOWEST = 0
    HIGHEST = (1 << 32) - 1


class Timestamp(datetime):
    """A moment in UTC, written as RFC 3339 with `Z` and as many groups of three decimals as it has."""

    @classmethod
    def of(cls, moment: datetime | None) -> Self | None:
        if moment is None:
            return None
        utc = moment.astimezone(UTC)
        return cls(
            utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond, tzinfo=UTC
        )

    @classmethod
    def parse(cls, text: object) -> Self | None:
        if not isinstance(text, str) or not _TIMESTAMP.fullmatch(text):
            raise ValueError(_NO_TIME)
        try:
            return cls.of(datetime.fromisoformat(text))
        except (ValueError, OverflowError):
            raise ValueError(_NO_TIME) from None

    @property
    def instant(self) -> datetime:
        """The same moment as a plain datetime."""
        return datetime.combine(self.date(), self.timetz())

    def __str__(self) -> str:
        precision = "seconds"
        if self.microsecond:
            precision = "microseconds" if self.microsecond % 1000 else "milliseconds"
        return self.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


class WireEnum(Enum):
    """An enum whose members have the name that JSON carries as value, and a protobuf number."""

    number: int

    def __new__(cls, name: str, number: int) -> Self:
        member = object.__new__(cls)
        member._value_ = name
        member.number = number
        return member

    @classmethod
    @cache
    def of(cls, number: int) -> Self:
        """The member with this number. Raises ValueError."""
        for member in cls:
            if member.number == number:
                return member
        raise ValueError(f"{number} is not a {cls.__name__}")


def read(kind: type[Any], value: object) -> object:
    """The decoder's hook for the types above."""
    if issubclass(kind, WireInteger):
        return kind(_integer(value, kind.LOWEST, kind.HIGHEST))
    if kind is Timestamp:
        return Timestamp.parse(value)
    raise NotImplementedError(kind)


def write(value: object) -> object:
    """The encoder's hook for the types above."""
    if isinstance(value, (Int64, Timestamp)):
        return str(value)
    if isinstance(value, WireInteger):
        return int(value)
    raise NotImplementedError(type(value))


def _integer(value: object, lowest: int, highest: int) -> int:
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("Expected `int`")
    if value < lowest:
        raise ValueError(f"Expected `int` >= {lowest}")
    if value > highest:
        raise ValueError(f"Expected `int` <= {highest}")
    return value
