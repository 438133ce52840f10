"""Telephone numbers: what a number is where it is dialled, and its form in E.164."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from msgspec import Struct
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType, ShortNumberCost, ValidationResult

LONGEST_NUMBER = 35
NO_COUNTRY = "001"
"""The region of numbers that are of no country, such as those of satellites."""

_DIALLED = re.compile(r"\+?[0-9*#]{1,35}")
_PUBLIC = re.compile(r"\+?[0-9]{2,35}")
_SEPARATORS = str.maketrans("", "", " -./()")
_DIALABLE = (ValidationResult.IS_POSSIBLE, ValidationResult.TOO_LONG)
_EMERGENCY_ANYWHERE = frozenset({"112", "911"})
_NORTH_AMERICA = 1
_SATELLITES = frozenset({870, 881, 882, 883})
_NOT_CARIBBEAN = frozenset({"US", "CA", NO_COUNTRY})


class NumberKind(StrEnum):
    """What a call to a number is charged as, seen from the country it is dialled in."""

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


def dialled(typed: str) -> str | None:
    """What was dialled without what people put between digits; None where it is no number, such as a name."""
    plain = typed.translate(_SEPARATORS)
    return plain if _DIALLED.fullmatch(plain) else None


@lru_cache(maxsize=4096)
def public_number(number: str, country: str) -> PublicNumber | None:
    """What the number is when it is dialled in the country (ISO 3166), or None where no network has such.

    Emergency numbers of the country come first, then its other short numbers, then the numbers of the world.
    """
    plain = dialled(number)
    if plain is None or not _PUBLIC.fullmatch(plain):
        return None
    if is_emergency(plain, country):
        return PublicNumber(plain, NumberKind.EMERGENCY, country)
    return _short_number(plain, country) or _long_number(plain, country)


def is_emergency(number: str, country: str) -> bool:
    """Whether it is, exactly as dialled, an emergency number of the country; of one that is not known, those
    that networks everywhere put through (3GPP TS 22.101)."""
    if country not in phonenumbers.SUPPORTED_SHORT_REGIONS:
        return number in _EMERGENCY_ANYWHERE
    return number.isdecimal() and phonenumbers.is_emergency_number(number, country)


def e164(number: str, country: str) -> str | None:
    """The number in E.164 with its plus, or None where it has no such form."""
    found = public_number(number, country)
    return found.number if found is not None and found.number.startswith("+") else None


_COSTS: Mapping[int, NumberKind] = {
    ShortNumberCost.TOLL_FREE: NumberKind.TOLL_FREE,
    ShortNumberCost.STANDARD_RATE: NumberKind.NATIONAL,
    ShortNumberCost.PREMIUM_RATE: NumberKind.PREMIUM,
}


def _short_number(plain: str, country: str) -> PublicNumber | None:
    if plain.startswith("+"):
        return None
    parsed = _parsed(plain, country)
    if parsed is None or not phonenumbers.is_valid_short_number_for_region(parsed, country):
        return None
    cost = phonenumbers.expected_cost_for_region(parsed, country)
    return PublicNumber(plain, _COSTS.get(cost, NumberKind.UNKNOWN), country)


def _long_number(plain: str, country: str) -> PublicNumber | None:
    parsed = _parsed(plain, country)
    if parsed is None:
        return None
    number = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    if phonenumbers.is_possible_number_with_reason(parsed) not in _DIALABLE:
        return None
    # Networks take the digits they need: what follows makes no other number of it, and none that is cheaper.
    judged = PhoneNumber()
    judged.merge_from(parsed)
    phonenumbers.truncate_too_long_number(judged)
    region = phonenumbers.region_code_for_number(judged) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 0
    )
    is_foreign = region != country
    kind = _kind(judged, region, is_foreign=is_foreign)
    return PublicNumber(number, kind, region, is_foreign)


_KINDS: Mapping[int, NumberKind] = {
    PhoneNumberType.PREMIUM_RATE: NumberKind.PREMIUM,
    # Who is called decides where these lead and what they cost: fraud lives on that.
    PhoneNumberType.PERSONAL_NUMBER: NumberKind.PREMIUM,
    PhoneNumberType.PAGER: NumberKind.PREMIUM,
    PhoneNumberType.SHARED_COST: NumberKind.SHARED_COST,
    PhoneNumberType.TOLL_FREE: NumberKind.TOLL_FREE,
}


def _kind(number: PhoneNumber, region: str, *, is_foreign: bool) -> NumberKind:
    type_of_number = phonenumbers.number_type(number)
    charged = _KINDS.get(type_of_number)
    if charged is not None:
        return charged
    if number.country_code in _SATELLITES:
        return NumberKind.SATELLITE
    if is_foreign:
        caribbean = number.country_code == _NORTH_AMERICA and region not in _NOT_CARIBBEAN
        return NumberKind.CARIBBEAN if caribbean else NumberKind.INTERNATIONAL
    if type_of_number == PhoneNumberType.MOBILE:
        return NumberKind.MOBILE
    return NumberKind.UNKNOWN if type_of_number == PhoneNumberType.UNKNOWN else NumberKind.NATIONAL


def _parsed(plain: str, country: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException:
        return None
