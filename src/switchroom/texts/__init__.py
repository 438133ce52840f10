"""Texts of errors for people, in the languages that they read, by the error's code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, get_args

from switchroom.errors import DomainError, ErrorCode, Fact, FieldProblem, Invalid
from switchroom.texts import de, en
from switchroom.texts.names import LONGEST_NAME

Language = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_TEXTS: Mapping[Language, Mapping[ErrorCode, str]] = {"en": en.TEXTS, "de": de.TEXTS}
_WORDS: Mapping[Language, Mapping[str, str]] = {"en": en.WORDS, "de": de.WORDS}
_TYPES = ("expected", "got")
"""Facts that are types of values, whose names are translated."""
_MOST_WISHES = 20


def text(code: ErrorCode, language: Language = "en", field: str = "", facts: Mapping[str, Fact] = {}) -> str:
    """The text with its facts filled in. `field` is what the caller calls the value it is about."""
    filled = _Filled(
        {name: _shown(name, fact, language) for name, fact in (facts or {}).items()}, field=field
    )
    return _TEXTS[language][code].format_map(filled)


def reason(problem: FieldProblem, language: Language, name_of: Callable[[str], str]) -> str:
    """Text of what is wrong with a value; `name_of` has the caller's name of it for its path."""
    return text(problem.code, language, name_of(problem.path), problem.facts)


def message(error: DomainError, language: Language = "en", name_of: Callable[[str], str] = str) -> str:
    """Text of an error: of several values that are wrong, the reason of each."""
    if isinstance(error, Invalid) and len(error.problems) > 1:
        return "; ".join(
            named(name_of(problem.path), reason(problem, language, name_of)) for problem in error.problems
        )
    return text(error.code, language, name_of(error.path), error.facts)


def named(name: str, what: str) -> str:
    """Text of what is wrong with a value, behind the value's name where the text does not have it."""
    name = name[:LONGEST_NAME]
    return what if not name or _has_word(what, name.rpartition(".")[2]) else f"{name}: {what}"


def _has_word(text: str, word: str) -> bool:
    """Whether the word stands in the text by itself, not in another word."""
    start = text.find(word)
    while start >= 0:
        if _is_end_of_word(text, start) and _is_end_of_word(text, start + len(word)):
            return True
        start = text.find(word, start + 1)
    return False


def _is_end_of_word(text: str, place: int) -> bool:
    """Whether a word begins or ends at the place."""
    return _is_of_word(text[max(place - 1, 0) : place]) is not _is_of_word(text[place : place + 1])


def _is_of_word(character: str) -> bool:
    return character.isalnum() or character == "_"


class _Filled(dict[str, Fact]):
    """Facts of a text; a fact that is missing is `…`, so that the text still says what is the matter."""

    def __missing__(self, name: str) -> str:
        return "…"


def _shown(name: str, fact: Fact, language: Language) -> Fact:
    if name not in _TYPES or not isinstance(fact, str):
        return fact
    words = _WORDS[language]
    return f" {words.get('or', 'or')} ".join(words.get(one, one) for one in fact.split(" or "))


def language_of(accepted: str) -> Language:
    """The first language of an Accept-Language header (RFC 9110, 12.5.4) that there are texts in."""
    wishes: list[tuple[float, int, Language]] = []
    for number, part in enumerate(accepted.split(",")[:_MOST_WISHES]):
        name, _, parameters = part.strip().partition(";")
        primary = name.strip().lower().partition("-")[0]
        quality = _quality(parameters)
        if quality > 0 and primary in ("de", "en"):
            wishes.append((-quality, number, "de" if primary == "de" else "en"))
    return min(wishes)[2] if wishes else "en"


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
