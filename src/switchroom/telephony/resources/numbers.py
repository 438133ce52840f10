"""Numbers: extensions of an account, and telephone numbers in E.164."""

from __future__ import annotations

import re

from switchroom.errors import ErrorCode, Invalid
from switchroom.telephony.routing.numbers import written_number

LONGEST_NUMBER = 20
_EXTENSION = re.compile(r"[0-9*#]{1,20}")
_SPACES = re.compile(r"[\s().\-/]+")


def require_phone_number(text: str, path: str, country: str = "") -> str:
    """The number in E.164, read as people of the country (ISO 3166) write it. Raises Invalid."""
    number = written_number(text, country)
    if number is None:
        raise Invalid(ErrorCode.PHONE_NUMBER_INVALID, path)
    return number


def require_number(text: str, path: str) -> str:
    """Number that can be dialled: an extension as it is, or a telephone number, which begins with a plus
    sign, in E.164. Raises Invalid."""
    plain = _SPACES.sub("", text)
    if plain.startswith("+"):
        return require_phone_number(plain, path)
    if not _EXTENSION.fullmatch(plain):
        raise Invalid(ErrorCode.EXTENSION_INVALID, path)
    return plain
