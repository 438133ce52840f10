"""Decoder of bencode, the form in which rtpengine tells of telephone keys (BEP 3, without the order of keys).

rtpengine takes and gives JSON in answer to JSON, but what it tells unasked comes in this form only.
"""

from __future__ import annotations

DEEPEST = 8
LONGEST_NUMBER = 20
"""Digits of a number, or of the length of a string."""

Value = int | str | list["Value"] | dict[str, "Value"]


class BencodeError(ValueError):
    """The bytes are no bencode, and no beginning of it."""


class Incomplete(Exception):
    """The bytes are the beginning of a value."""


def decode(data: bytes, start: int = 0) -> tuple[Value, int]:
    """The value that begins at `start`, and where it ends. Strings are read as UTF-8.

    Raises Incomplete, BencodeError.
    """
    return _value(data, start, 0)


def _value(data: bytes, at: int, depth: int) -> tuple[Value, int]:
    if depth > DEEPEST:
        raise BencodeError("too deep")
    kind = data[at : at + 1]
    if kind == b"i":
        return _number(data, at + 1, b"e")
    if kind == b"l":
        values: list[Value] = []
        at += 1
        while not _ends(data, at):
            value, at = _value(data, at, depth + 1)
            values.append(value)
        return values, at + 1
    if kind == b"d":
        pairs: dict[str, Value] = {}
        at += 1
        while not _ends(data, at):
            key, at = _string(data, at)
            pairs[key], at = _value(data, at, depth + 1)
        return pairs, at + 1
    return _string(data, at)


def _ends(data: bytes, at: int) -> bool:
    if at >= len(data):
        raise Incomplete
    return data[at : at + 1] == b"e"


def _string(data: bytes, at: int) -> tuple[str, int]:
    length, begin = _number(data, at, b":")
    if length < 0:
        raise BencodeError("a length below zero")
    end = begin + length
    if end > len(data):
        raise Incomplete
    return data[begin:end].decode("utf-8", "replace"), end


def _number(data: bytes, at: int, end: bytes) -> tuple[int, int]:
    stop = data.find(end, at, at + LONGEST_NUMBER + 1)
    digits = data[at : at + LONGEST_NUMBER + 1] if stop < 0 else data[at:stop]
    unsigned = digits.removeprefix(b"-")
    if unsigned and not unsigned.isdigit():
        raise BencodeError("no number where one should be")
    if stop < 0:
        if len(digits) > LONGEST_NUMBER:
            raise BencodeError("a number that is too long")
        raise Incomplete
    if not unsigned:
        raise BencodeError("an empty number")
    return int(digits), stop + len(end)
