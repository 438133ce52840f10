"""Mutations of bytes and of JSON messages."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import quote

from switchroom.dialects.body import LARGEST_BODY

_DEEP = 20_000
_LARGE = 1_000_000
_LONGEST_PATH = 60_000
_MANY = 1000
"""Elements of a list that is not made longer."""

_QUOTED = (" - at `$", "` - at `key in $", "Expected `", "a.")
"""What the words for what is wrong are made of, which a value may repeat."""

_ITEMS = ('""', "{}", "[]", "0", "null", '"\\u0000"', '{"":0}', "[[]]")
_PARTS = ("x", "%20", "%2f", "%00", "%ff", "calendar", "recordings", "calender", "0", "..", "\xff", "client")
_QUERIES = ("from", "to", "limit", "cursor", "page", "pageSize", "type", "search", "state", "before", "a%00")
_PATCHES = (
    b"\xff", b"\x00", b"\xc0\xaf", b"\xed\xa0\x80", b"\\ud800", b"[", b"{", b'"', b"\\", b"1e999", b"-0",
    b"NaN", b"null", b"18446744073709551616", "\u202e\u200b\ufeff".encode(), b"' OR 1=1 --", b"%00", b"../",
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 2**31, 2**63, 2**64, 10**400, 1e308, "", " ", "\x00", "\ud800", "\u202e", "🏳️‍🌈",
    "a" * 10_000, [], {}, [[]], [None], {"": ""}, "9999-12-31T23:59:59Z", "-1", "01FHHEX2VQQ378MV7Z5NAGHESK",
)  # fmt: skip


def patched(body: bytes, chance: random.Random) -> bytes:
    """Bytes put in, or in the place of others, anywhere."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randint(0, len(body))
        end = start + chance.choice((0, 0, 1, 10))
        body = body[:start] + chance.choice(_PATCHES) + body[end:]
    return body


def with_other_value(message: Any, chance: random.Random) -> Any:
    """Another value in the place of a field, wherever it is; or very many of a list's elements."""
    if isinstance(message, dict) and message:
        fields = cast("dict[Any, Any]", message)
        name = chance.choice([one for one in fields if one not in ("accessInfo", "type")] or list(fields))
        return {**fields, name: with_other_value(fields[name], chance)}
    if isinstance(message, list) and message and chance.random() < 0.7:
        elements = cast("list[Any]", message)
        if len(elements) < _MANY and chance.random() < 0.2:
            return elements * chance.choice((2, 100, 2000))
        return [with_other_value(elements[0], chance), *elements[1:]]
    return chance.choice(_VALUES)


def overlarge(chance: random.Random) -> bytes:
    """Far too many levels, or one very long thing; not all of them are JSON."""
    opening, closing = chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'{"accessInfo":', b"}")))
    return chance.choice((
        opening * _DEEP + b"1" + closing * _DEEP,
        opening * _DEEP,
        b'"' + b"\\u0000" * (_LARGE // 6) + b'"',
        b"9" * _LARGE,
        b"[" + b"0," * (_LARGE // 2) + b"0]",
        b"{" + b",".join(b'"%d":0' % number for number in range(_LARGE // 10)) + b"}",
    ))  # fmt: skip


def with_overlarge_field(body: bytes, names: list[str], chance: random.Random) -> bytes:
    """A message with a value of far too much before its other fields; or nothing but that value."""
    value = overlarge(chance)
    if names and chance.random() < 0.7:
        return b'{"%s":%s,%s' % (chance.choice(names).encode(), value, body[1:])
    return value


def filled(body: bytes, chance: random.Random) -> bytes:
    """The message with one field that takes all the room that a body may have: a list that is right but for
    its last item, many of something, or a text of what error texts are made of."""
    message = json.loads(body or b"{}")
    value = chance.choice(list(_fields(message)) or [message])
    mark = "4d61726b"
    if isinstance(value, dict) and value:
        fields = cast("dict[str, Any]", value)
        others = [one for one in fields if one not in ("accessInfo", "accessToken")]
        name = chance.choice(others or list(fields))
        before = fields[name]
        fields[name] = mark
    else:
        before, message = None, {"x": mark}
    head, _, tail = json.dumps(message).partition(f'"{mark}"')
    room = LARGEST_BODY - len(head) - len(tail) - 100
    if chance.random() < 0.4:
        piece = json.dumps(chance.choice(_QUOTED))[1:-1]
        return f'{head}"{piece * (room // len(piece))}"{tail}'.encode()
    item = chance.choice(_ITEMS)
    if isinstance(before, list) and before and chance.random() < 0.5:
        item = json.dumps(before[0])
    last = chance.choice(("1", "null", item, '"\\u0000"', "[]"))
    return f"{head}[{(item + ',') * (room // (len(item) + 1))}{last}]{tail}".encode()


def _fields(message: Any) -> Iterator[Any]:
    """All objects within a message, and itself; not what says who sends it."""
    if isinstance(message, dict):
        yield message
        for name, value in cast("dict[str, Any]", message).items():
            if name != "accessInfo":
                yield from _fields(value)
    elif isinstance(message, list):
        for item in cast("list[Any]", message):
            yield from _fields(item)


def changed_path(path: str, chance: random.Random) -> str:
    """The path with other parts, very many of them, or one that is very long."""
    parts, query = path.partition("?")[0].split("/"), "?" + path.partition("?")[2]
    place, part = chance.randrange(1, len(parts) + 1), chance.choice(_PARTS)
    way = chance.randrange(5)
    if way == 0:
        parts[place:place] = ["" if chance.random() < 0.5 else part] * (_LONGEST_PATH // (len(part) + 1))
    elif way == 1:
        parts[place:place] = [part * (_LONGEST_PATH // len(part))]
    elif way == 2:
        pair = f"{chance.choice(('a', 'from', 'limit', 'type', 'search'))}={part}&"
        query = "?" + pair * (_LONGEST_PATH // len(pair))
    else:
        parts[place : place + way - 3] = [part]
    return "/".join(parts) + query


def changed_query(path: str, chance: random.Random) -> str:
    """The path with something odd for one or more of what its query says, said again, or beside it."""
    path, _, query = path.partition("?")
    said = [one.partition("=")[::2] for one in query.split("&") if one]
    said = said or [(chance.choice(_QUERIES), "")]
    for _ in range(chance.randint(1, 3)):
        name = chance.choice(said)[0]
        value = quote(str(chance.choice(_VALUES)).encode(errors="surrogatepass"))
        odd = (name, chance.choice((value, *_PARTS)))
        place = chance.randrange(len(said) + 1)
        said[place : place + chance.choice((0, 1))] = [odd]
    return path + "?" + "&".join("=".join(one) for one in said)


def mutated_sdp(sdp: str, chance: random.Random) -> str:
    """A session description with lines that are missing, repeated very often, exchanged, or changed."""
    lines = sdp.splitlines()
    for _ in range(chance.randint(1, 5)):
        place = chance.randrange(len(lines))
        way = chance.randrange(6)
        if way == 0:
            del lines[place : place + chance.choice((1, 1, 5))]
        elif way == 1:
            lines[place:place] = [lines[place]] * chance.choice((1, 10, 1000))
        elif way == 2:
            other = chance.randrange(len(lines))
            lines[place], lines[other] = lines[other], lines[place]
        elif way == 3:
            lines[place] = patched(lines[place].encode(), chance).decode(errors="replace")
        elif way == 4:
            lines[place] += chance.choice((" ", "9" * 100, " 96" * 500, "=;" * 200))
        else:
            lines[place:place] = [f"a=rtpmap:{number % 200} VP8/90000" for number in range(500)]
        lines = lines or ["v=0"]
    return "\r\n".join(lines) + "\r\n"
