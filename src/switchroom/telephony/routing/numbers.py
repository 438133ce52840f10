"""Telephone numbers: what a number is where it is dialled, and its form in E.164.

Each function loads the numbering plan itself: it takes time and memory, and most processes judge no number. A
process that serves calls loads it before the first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from switchroom.telephony.routing.number_kinds import NumberKind, PublicNumber

LONGEST_NUMBER = 35

LONGEST_ENDING = 7
"""Last digits of a number that tell it from most others, and have no country's code among them but for very
short numbers."""

_DIALLED = re.compile(r"\+?[0-9*#]{1,35}")
_PUBLIC = re.compile(r"\+?[0-9]{2,35}")
_SEPARATORS = str.maketrans("", "", " -./()")


def load_plan() -> None:
    """Load the numbering plan, which takes some 70 ms."""
    from switchroom.telephony.routing import numbering_plan

    numbering_plan.is_country("")


def dialled(typed: str) -> str | None:
    """Number that was typed, without what people put between digits; None for a text that is no number, such
    as a name."""
    plain = typed.translate(_SEPARATORS)
    return plain if _DIALLED.fullmatch(plain) else None


def public_number(number: str, country: str) -> PublicNumber | None:
    """Number of the public network that is meant by dialling it in the country (ISO 3166), or None where no
    network has such a number.

    Emergency numbers of the country come first, then its other short numbers, then the numbers of the world.
    """
    plain = dialled(number)
    return _public(plain, country) if plain is not None and _PUBLIC.fullmatch(plain) else None


@lru_cache(maxsize=4096)
def _public(plain: str, country: str) -> PublicNumber | None:
    if is_emergency(plain, country):
        return PublicNumber(plain, NumberKind.EMERGENCY, country)
    from switchroom.telephony.routing import numbering_plan

    return numbering_plan.short_number(plain, country) or numbering_plan.long_number(plain, country)


def is_emergency(number: str, country: str) -> bool:
    """Whether it is, exactly as dialled, an emergency number of the country; of one that is not known, those
    that networks everywhere put through (3GPP TS 22.101)."""
    from switchroom.telephony.routing import numbering_plan

    return numbering_plan.is_emergency(number, country)


def e164(number: str, country: str) -> str | None:
    """The number in E.164 with its plus, or None where it has no such form."""
    found = public_number(number, country)
    return found.number if found is not None and found.number.startswith("+") else None


def written_number(text: str, country: str) -> str | None:
    """The number in E.164 that a person of the country (ISO 3166, or empty) has written, or None where no
    network could have it."""
    from switchroom.telephony.routing import numbering_plan

    return numbering_plan.written_number(text, country)


def endings(number: str) -> Sequence[str]:
    """The ends (`ending`) that a number in E.164 has in all ways to write it: one, unless it is so short that
    what is written before it is among the last digits."""
    from switchroom.telephony.routing import numbering_plan

    return list(dict.fromkeys(map(ending, (number, *numbering_plan.national_forms(number)))))


def ending(written: str) -> str:
    """The last digits, of any script, of a number that somebody has written; empty for a text without."""
    return "".join(str(int(one)) for one in written if one.isdecimal())[-LONGEST_ENDING:]


def is_country(code: str) -> bool:
    """Whether it is the ISO 3166 code of a country or region that has telephone numbers."""
    from switchroom.telephony.routing import numbering_plan

    return numbering_plan.is_country(code)


def country_of(number: str) -> str:
    """The country (ISO 3166) of a number in E.164; empty for one that is of none."""
    found = country_and_type(number)
    return found[0] if found is not None else ""


def country_prefix(country: str) -> str:
    """The digits of the country's code, such as 49; empty where it has none."""
    from switchroom.telephony.routing import numbering_plan

    return numbering_plan.country_prefix(country)


def country_and_type(number: str) -> tuple[str, str] | None:
    """The country (ISO 3166, empty where it has none) and the type (such as `mobile`, empty where it is not
    known) of a number in E.164, or None where it is no such number."""
    from switchroom.telephony.routing import numbering_plan

    return numbering_plan.country_and_type(number)


def operator_of(number: str) -> str:
    """The operator to whom the range of a number in E.164 was given; empty where that is not known, as of all
    but mobile numbers. The operator that a number was ported to is not known here."""
    from switchroom.telephony.routing import numbering_plan

    return numbering_plan.operator_of(number)
