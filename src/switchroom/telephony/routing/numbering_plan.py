"""The numbering plans of the world, as the library `phonenumbers` has them.

The library takes some 7 MiB and a tenth of a second to load: `numbers` loads this module with the first
number that it judges.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType, ShortNumberCost, ValidationResult

from switchroom.telephony.routing.number_kinds import NO_COUNTRY, NumberKind, PublicNumber

_DIALABLE = (ValidationResult.IS_POSSIBLE, ValidationResult.TOO_LONG)
_EMERGENCY_ANYWHERE = frozenset({"112", "911"})
_NORTH_AMERICA = 1
_SATELLITES = frozenset({870, 881, 882, 883})
_NOT_CARIBBEAN = frozenset({"US", "CA", NO_COUNTRY})

_COSTS: Mapping[int, NumberKind] = {
    ShortNumberCost.TOLL_FREE: NumberKind.TOLL_FREE,
    ShortNumberCost.STANDARD_RATE: NumberKind.NATIONAL,
    ShortNumberCost.PREMIUM_RATE: NumberKind.PREMIUM,
}


def is_emergency(number: str, country: str) -> bool:
    """Whether it is an emergency number of the country (see `numbers.is_emergency`)."""
    if country not in phonenumbers.SUPPORTED_SHORT_REGIONS:
        return number in _EMERGENCY_ANYWHERE
    return number.isdecimal() and phonenumbers.is_emergency_number(number, country)


def country_prefix(country: str) -> str:
    """The digits of the country's code (see `numbers.country_prefix`)."""
    return str(phonenumbers.country_code_for_region(country) or "")


def short_number(plain: str, country: str) -> PublicNumber | None:
    """The short number of the country that these digits are, or None."""
    if plain.startswith("+"):
        return None
    parsed = _parsed(plain, country)
    if parsed is None or not phonenumbers.is_valid_short_number_for_region(parsed, country):
        return None
    cost = phonenumbers.expected_cost_for_region(parsed, country)
    return PublicNumber(plain, _COSTS.get(cost, NumberKind.UNKNOWN), country)


def long_number(plain: str, country: str) -> PublicNumber | None:
    """The number of the world that these digits are when they are dialled in the country, or None."""
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
    # The called party decides where these lead and what they cost: fraud lives on that.
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
        return phonenumbers.parse(plain, country or None)
    except phonenumbers.NumberParseException:
        return None


_TYPES: Mapping[int, str] = {
    PhoneNumberType.FIXED_LINE: "fixed_line",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_line_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal_number",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
}


def country_and_type(number: str) -> tuple[str, str] | None:
    """The country and the type of a number in E.164 (see `numbers.country_and_type`)."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.region_code_for_number(parsed) or "", _TYPES.get(phonenumbers.number_type(parsed), "")


def operator_of(number: str) -> str:
    """The operator to whom the range of a number in E.164 was given (see `numbers.operator_of`)."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ""
    if phonenumbers.number_type(parsed) not in _WITH_OPERATORS:
        return ""
    operators, digits = _operators(parsed.country_code or 0), number.removeprefix("+")
    prefixes = (digits[:length] for length in range(len(digits), 0, -1))
    return next((operators[prefix] for prefix in prefixes if prefix in operators), "")


_WITH_OPERATORS = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.PAGER)
_RANGE = re.compile(r" '(?P<prefix>[0-9]+)':{.*?'en': (?:u\()?(?P<name>'[^']*'|\"[^\"]*\")\)?[,}]")


@cache
def _operators(country_code: int) -> Mapping[str, str]:
    """The operators of a country's ranges, by their first digits.

    They are read from the source of the library's own tables, a range a line: to import those keeps the
    operators of all countries in memory, 45 MiB.
    """
    return {found["prefix"]: ast.literal_eval(found["name"]) for found in _ranges(country_code)}


def _ranges(country_code: int) -> Iterator[re.Match[str]]:
    tables = resources.files(phonenumbers) / "carrierdata"
    for table in sorted(tables.iterdir(), key=lambda file: file.name):
        if table.name.startswith("data") and table.name.endswith(".py"):
            with table.open(encoding="utf-8") as lines:
                for line in lines:
                    if line.startswith(f" '{country_code}") and (found := _RANGE.match(line)):
                        yield found


def is_country(code: str) -> bool:
    """Whether it is a country's code (see `numbers.is_country`)."""
    return code in phonenumbers.SUPPORTED_REGIONS


def national_forms(number: str) -> Iterator[str]:
    """A number in E.164 as it is written in its country, with what is dialled before it there and without."""
    parsed = _parsed(number, "")
    if parsed is not None:
        yield phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
        yield phonenumbers.national_significant_number(parsed)


def written_number(text: str, country: str) -> str | None:
    """The number in E.164 that is written (see `numbers.written_number`)."""
    number = _parsed(text, country)
    if number is None or not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
