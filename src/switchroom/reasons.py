"""Why a value could not be converted: msgspec's words for it as codes and facts."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from switchroom.errors import ErrorCode, Fact, FieldProblem

NULL_CHARACTER = "a text must not contain a null character"

_LONGEST_FACT = 250
_LONGEST_TEXT = 1000
"""Characters of a text that are looked at: it may quote all that was sent."""

_MISSING = re.compile(r"Object missing required field `(.*)`")
_TYPE = r"Expected `(?P<expected>[^`]*)`"
_REASONS: tuple[tuple[re.Pattern[str], ErrorCode], ...] = tuple(
    (re.compile(pattern, re.DOTALL), code)
    for pattern, code in (
        (rf"{_TYPE}, got `(?P<got>[^`]*)`", ErrorCode.TYPE_MISMATCH),
        (_TYPE, ErrorCode.TYPE_EXPECTED),
        (rf"{_TYPE} of length <= (?P<most>[0-9]+)", ErrorCode.LENGTH_ABOVE),
        (rf"{_TYPE} of length >= (?P<least>[0-9]+)", ErrorCode.LENGTH_BELOW),
        (rf"{_TYPE} <= (?P<most>[-0-9.]+)", ErrorCode.NUMBER_ABOVE),
        (rf"{_TYPE} >= (?P<least>[-0-9.]+)", ErrorCode.NUMBER_BELOW),
        (rf"{_TYPE} with a timezone component", ErrorCode.TIME_WITHOUT_ZONE),
        (rf"{_TYPE} matching regex (?P<pattern>.*)", ErrorCode.PATTERN_MISMATCH),
        (r"Invalid RFC3339 encoded (?P<expected>\w+)", ErrorCode.TIME_MALFORMED),
        (r"Invalid (?:enum )?value (?P<value>.*)", ErrorCode.VALUE_UNKNOWN),
        (r"(?:Integer value|Number) out of range", ErrorCode.NUMBER_OVERFLOW),
        (NULL_CHARACTER, ErrorCode.TEXT_WITH_NULL_CHARACTER),
    )
)


def problem_of(
    error: msgspec.ValidationError, path: str = "", words: Mapping[str, str] | None = None
) -> FieldProblem:
    """Problem with the value at `path`, or in it. `words` are names for callers of the types of values."""
    what, inner = _what_and_path(str(error))
    path = f"{path}.{inner}" if path and inner and not inner.startswith("[") else path + inner
    missing = _MISSING.fullmatch(what)
    if missing:
        return FieldProblem(f"{path}.{missing[1]}" if path else missing[1], ErrorCode.MISSING)
    for pattern, code in _REASONS:
        found = pattern.fullmatch(what)
        if found:
            return FieldProblem(path, code, _facts(found.groupdict(), words or {}))
    reason = (what[:1].lower() + what[1:])[:_LONGEST_FACT]
    return FieldProblem(path, ErrorCode.VALUE_INVALID, {"reason": reason})


def _what_and_path(text: str) -> tuple[str, str]:
    """Reason in msgspec's words, and its path in the value: the end of the text, whatever is quoted
    before."""
    what, at, place = text.removesuffix("`").rpartition(" - at `")
    root, found, path = place.removeprefix("key in ").partition("$")
    if not (at and found and not root and text.endswith("`")):
        what, path = text, ""
    return what[:_LONGEST_TEXT], path.removeprefix(".")[:_LONGEST_TEXT]


def _facts(found: Mapping[str, str], words: Mapping[str, str]) -> Mapping[str, Fact]:
    return {
        name: _in_words(fact, words) if name in ("expected", "got") else fact[:_LONGEST_FACT]
        for name, fact in found.items()
    }


def _in_words(types: str, words: Mapping[str, str]) -> str:
    return " or ".join(words.get(name, name) for name in types.split(" | ") if name != "null")
