"""Tokens, quoted strings, lists and parameters (RFC 3261 section 25.1). Everything is linear in the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, wraps
from typing import TypeVar

from switchroom.engines.sip.errors import MalformedValue

TCHAR = r"[A-Za-z0-9\-.!%*_+`'~]"
"""The pattern of one character of a token."""

Parameters = Mapping[str, str | None]
"""Parameters by name in lower case, in their order; None for one without a value."""

_T = TypeVar("_T")

_MOST_KEPT = 1024
_LONGEST_KEPT = 256

_USUAL_PARAMETERS = frozenset({"branch", "rport", "received", "tag", "expires", "lr", "r2", "alias"})

_TOKEN = re.compile(TCHAR + "+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MARKS = re.compile(r'\\.|[",<>]', re.DOTALL)
_PARAMETER_MARKS = re.compile(r'\\.|[";]', re.DOTALL)
_BREAKS = re.compile(r"[\r\n\0]")
_ESCAPED_NULS = re.compile(r'(?:[^"\0]++|"(?:[^"\\\0]++|\\.)*+")*+', re.DOTALL)
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9\-.!%*_+`'~\[\]:/@$&]*")


def parsed_once(parse: Callable[[str], _T]) -> Callable[[str], _T]:
    """The parser of a value that keeps what it has parsed last: the messages of a call have the same values.

    The values must not be changed. Errors are raised anew each time.
    """
    remembered = lru_cache(_MOST_KEPT)(parse)

    @wraps(parse)
    def parse_kept(text: str) -> _T:
        return remembered(text) if len(text) <= _LONGEST_KEPT else parse(text)

    return parse_kept


def is_token(text: str) -> bool:
    """Whether the text is a token."""
    return _TOKEN.fullmatch(text) is not None


def quoted(text: str) -> str:
    """The text as a quoted-string; it fits no line if the text has CR or LF, which cannot be escaped."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\0", "\\\0") + '"'


def fits_line(text: str) -> bool:
    """Whether the text can be a line of a message: it has no CR or LF, and NUL only as a quoted-pair.

    RFC 3261 section 25.1 allows the latter, and RFC 4475 section 3.1.1.2 has one.
    """
    if _BREAKS.search(text) is None:
        return True
    return "\r" not in text and "\n" not in text and _ESCAPED_NULS.fullmatch(text) is not None


def fit_lines(texts: Sequence[str]) -> bool:
    """Whether each of the texts can be a line of a message."""
    # Hardly any has one of these: one look at all of them tells.
    joined = "".join(texts)
    if "\r" not in joined and "\n" not in joined and "\0" not in joined:
        return True
    return all(map(fits_line, texts))


def check_lines(*texts: str) -> None:
    """Raises MalformedValue for a text that would end its line, or be cut by readers that end it at NUL."""
    if not fit_lines(texts):
        raise MalformedValue("a header field or start line has CR, LF or NUL in it")


def unquoted(text: str) -> str:
    """The text without its quotes and escapes, if it is a quoted-string."""
    if len(text) < 2 or text[0] != '"':
        return text
    inner = text[1:-1]
    return _ESCAPED.sub(r"\1", inner) if "\\" in inner else inner


def leading_quoted(text: str) -> tuple[str, str]:
    """The quoted-string at the start, unquoted, and what follows it. Raises MalformedValue."""
    found = _QUOTED.match(text)
    if found is None:
        raise MalformedValue("a quoted string does not end")
    inner = found[1]
    return _ESCAPED.sub(r"\1", inner) if "\\" in inner else inner, text[found.end() :]


def split_list(text: str) -> list[str]:
    """The values of a comma-separated list; commas in quoted strings and angle brackets do not separate.

    Raises MalformedValue for a quoted string or bracket that does not end.
    """
    if "," not in text:
        return [text.strip()]
    values: list[str] = []
    start = 0
    in_quotes = in_brackets = False
    for mark in _MARKS.finditer(text):
        what = mark[0]
        if in_quotes:
            in_quotes = what != '"'
        elif what == '"':
            in_quotes = True
        elif what == "<":
            in_brackets = True
        elif what == ">":
            in_brackets = False
        elif what == "," and not in_brackets:
            values.append(text[start : mark.start()].strip())
            start = mark.end()
    if in_quotes or in_brackets:
        raise MalformedValue("a quoted string or bracket does not end")
    values.append(text[start:].strip())
    return values


def parse_parameters(text: str) -> dict[str, str | None]:
    """The parameters of `;name=value;name`; an empty one at the end is forgiven. Raises MalformedValue."""
    text = text.strip()
    if not text:
        return {}
    if text[0] != ";":
        raise MalformedValue("parameters do not begin with a semicolon")
    parts = text[1:].split(";") if '"' not in text else _quoted_parts(text[1:])
    if len(parts) > 1 and not parts[-1].strip():
        parts.pop()
    parameters: dict[str, str | None] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if name not in _USUAL_PARAMETERS:
            name = name.strip()
            if _TOKEN.fullmatch(name) is None:
                raise MalformedValue("a parameter has no name")
            name = name.lower()
        parameters[name] = unquoted(value.strip()) if equals else None
    return parameters


def _quoted_parts(text: str) -> list[str]:
    parts: list[str] = []
    start = 0
    in_quotes = False
    for mark in _PARAMETER_MARKS.finditer(text):
        what = mark[0]
        if what == '"':
            in_quotes = not in_quotes
        elif what == ";" and not in_quotes:
            parts.append(text[start : mark.start()])
            start = mark.end()
    if in_quotes:
        raise MalformedValue("a quoted string does not end")
    parts.append(text[start:])
    return parts


def format_parameters(parameters: Parameters) -> str:
    """The parameters as `;name=value;name`; values that need it are quoted."""
    text = ""
    for name, value in parameters.items():
        if value is None:
            text += f";{name}"
        elif value and _PLAIN_VALUE.fullmatch(value):
            text += f";{name}={value}"
        else:
            text += f";{name}={quoted(value)}"
    return text


def clean(text: str) -> str:
    """The text with U+FFFD for bytes that were not UTF-8 (surrogates, as the parser keeps them)."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
