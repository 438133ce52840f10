"""Kinds of telephone numbers: what a call to a number is charged as."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

NO_COUNTRY = "001"
"""The region of numbers that are of no country, such as those of satellites."""


class NumberKind(StrEnum):
    """Kind of a number: what a call to it is charged as, seen from the country it is dialled in."""

    EMERGENCY = "emergency"
    NATIONAL = "national"
    MOBILE = "mobile"
    INTERNATIONAL = "international"
    TOLL_FREE = "toll_free"
    PREMIUM = "premium"
    SHARED_COST = "shared_cost"
    CARIBBEAN = "caribbean"
    SATELLITE = "satellite"
    UNKNOWN = "unknown"


class PublicNumber(Struct, frozen=True):
    """A number of the public network.

    `number` is E.164 with its plus; of emergency and other short numbers, which have no such form, it is what
    is dialled. `country` is the ISO 3166 code of the country it belongs to, `001` where it is of none.
    `is_foreign` is whether that is another one than where it is dialled.
    """

    number: str
    kind: NumberKind
    country: str
    is_foreign: bool = False
