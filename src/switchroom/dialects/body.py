"""Request bodies: read whole and within limits, and put into messages with everything that is wrong about
them."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from types import UnionType
from typing import Annotated, Any, Final, Generic, TypeVar, Union, cast, get_args, get_origin

import msgspec
from litestar.types import Receive
from msgspec import UNSET, Struct, structs

from switchroom.dialects.problem import Unreadable
from switchroom.errors import ErrorCode, FieldProblem, Unavailable
from switchroom.http.incoming import Holding
from switchroom.reasons import NULL_CHARACTER, problem_of

T = TypeVar("T")

LARGEST_BODY = 1 << 20
_LARGE = 64 << 10
_LONGEST_REASON = 300
MOST_CONTAINERS = 100_000
"""Lists and objects of a body, for each MiB of it that is begun: each costs more time than the bytes that it
is written with. 10,000 contacts with all that a contact has are 90,000, in more than one MiB."""

_MOST_NAMED = 100
"""Wrong parts of one field that are named; a caller who sends a million gets to know of some."""

_MOST_LOOKED_AT = 2000
"""Parts of one body that are looked at by themselves; of a wrong one among more, the first is named."""

DEEPEST = 128
"""Levels of lists and objects within each other: what is kept of a body is written and read again by others,
some of which cannot go as deep as the reader can."""

_NULL = b"\\u0000"
"""A null character in JSON, unless the backslash is one itself."""

_CONTAINERS: tuple[type[Any], ...] = (dict, list)

_MISSING: Final = object()

WORDS: Mapping[str, str] = {"str": "string", "int": "whole number", "float": "number", "bool": "boolean"}
"""Names for callers of the types of values; a type that is not named here keeps its name, as `object`."""


class BodyTooLarge(Exception):
    """The request is larger than a request may be."""


class ClientGone(Exception):
    """The connection ended before the request was complete; there is nobody to answer."""


async def read_body(receive: Receive, largest: int = LARGEST_BODY, holding: Holding | None = None) -> bytes:
    """The body, of at most `largest` bytes. `holding` is what counts for its sender. Raises
    BodyTooLarge, ClientGone, and Unavailable when all together send too much."""
    # One buffer: a body that comes in many small pieces takes many times its size with each kept by itself.
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        part = message["body"]
        if len(body) + len(part) > largest:
            raise BodyTooLarge(f"the body is larger than {largest} bytes")
        if holding is not None and not holding.holds(len(body) + len(part)):
            raise Unavailable(ErrorCode.TOO_MUCH_AT_ONCE)
        is_complete = not message.get("more_body", False)
        if is_complete and not body:
            return part
        body += part
        if is_complete:
            return bytes(body)


class Reader(Generic[T]):
    """Reads one type of message out of bodies of JSON.

    What is in order is converted in one go. Anything else is looked at field by field: `null` stands for an
    absent field unless the field knows it, and all that is wrong is named. Fields that the type does not have
    are passed over.

    `under` is the name of the field of the body that holds the message, where it is not the body itself.
    `scalars` reads types that JSON does not have (a `dec_hook` of msgspec), and `canonical` puts a decoded
    body that was not in order into the form that the type is written for. `words` are what callers call the
    types of values.
    """

    def __init__(
        self,
        kind: type[T],
        *,
        under: str = "",
        scalars: Callable[[type[Any], Any], Any] | None = None,
        canonical: Callable[[Any], Any] | None = None,
        words: Mapping[str, str] = WORDS,
    ) -> None:
        self._kind = kind
        self._under = under
        self._scalars = scalars
        self._canonical = canonical
        self._words = words
        self._fields = _fields(kind)

    def read(self, body: bytes) -> T:
        """Raises Unreadable; its `rest` is the message without them, where the type has fields."""
        if len(body) < _LARGE:
            return self._read(body)
        # No garbage comes of it, and half a million lists make the collector look through everything.
        collects = gc.isenabled()
        gc.disable()
        try:
            return self._read(body)
        finally:
            if collects:
                gc.enable()

    def _read(self, body: bytes) -> T:
        containers = _count_containers(body)
        most = MOST_CONTAINERS * (1 + max(len(body) - 1, 0) // LARGEST_BODY)
        if containers > most:
            raise Unreadable([FieldProblem("", ErrorCode.BODY_TOO_MANY_CONTAINERS, {"most": most})])
        try:
            value = msgspec.json.decode(body or b"{}")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _not_json(error) from None
        if containers > DEEPEST and _is_deeper(value):
            raise _too_deep()
        value = self._unwrapped(value)
        has_null = _has_null(body)
        if not has_null:
            try:
                return msgspec.convert(value, self._kind, dec_hook=self._scalars)
            except msgspec.ValidationError:
                pass
        return self._convert(value, _Conversion(self._scalars, self._words, has_null=has_null))

    def _unwrapped(self, value: Any) -> Any:
        if not self._under:
            return value
        if not isinstance(value, dict) or self._under not in value:
            facts = {"name": self._under}
            raise Unreadable([FieldProblem(self._under, ErrorCode.BODY_WITHOUT_DATA, facts)])
        return cast("dict[str, Any]", value)[self._under]

    def _convert(self, value: Any, conversion: _Conversion) -> T:
        if self._canonical is not None:
            value = self._canonical(value)
        if self._fields is None:
            wrong = conversion.problems(value, self._kind, "")
            if wrong:
                raise Unreadable(wrong)
            return conversion.converted(value, self._kind)
        if not isinstance(value, dict):
            raise Unreadable([FieldProblem(self._under, ErrorCode.BODY_NOT_OBJECT)])
        return self._struct(cast("dict[str, Any]", value), self._fields, conversion)

    def _struct(
        self, value: dict[str, Any], fields: tuple[structs.FieldInfo, ...], conversion: _Conversion
    ) -> T:
        found: dict[str, Any] = {}
        missing: dict[str, Any] = {}
        wrong: list[FieldProblem] = []
        for field in fields:
            if field.encode_name not in value:
                if field.required:
                    wrong.append(FieldProblem(field.encode_name, ErrorCode.MISSING))
                    missing[field.name] = UNSET
                continue
            given = value[field.encode_name]
            try:
                found[field.name] = conversion.converted(given, field.type)
            except msgspec.ValidationError:
                if given is None and not field.required:
                    continue
                wrong += conversion.problems(given, field.type, field.encode_name)
                if field.required:
                    missing[field.name] = UNSET
        if wrong:
            raise Unreadable(wrong, self._kind(**found, **missing))
        return self._kind(**found)


class _Conversion:
    """Conversion of what one body holds, by its parts where it is not in order. Of these it looks at so many,
    however they lie within each other."""

    def __init__(
        self, scalars: Callable[[type[Any], Any], Any] | None, words: Mapping[str, str], *, has_null: bool
    ) -> None:
        """`has_null` is whether there is a null character somewhere in the body."""
        self._scalars = scalars
        self._words = words
        self._has_null = has_null
        self._left = _MOST_LOOKED_AT

    def converted(self, given: Any, kind: Any) -> Any:
        """Raises msgspec.ValidationError."""
        if self._has_null and _holds_null(given):
            raise msgspec.ValidationError(NULL_CHARACTER)
        return msgspec.convert(given, kind, dec_hook=self._scalars)

    def problems(self, given: Any, kind: Any, path: str) -> list[FieldProblem]:
        """Problems within a value, `_MOST_NAMED` at most; none if the value can be converted."""
        return list(islice(self._problems(given, kind, path), _MOST_NAMED))

    def _problems(self, given: Any, kind: Any, path: str) -> Iterator[FieldProblem]:
        named = False
        for part, part_kind, part_path in _parts(given, kind, path):
            if not self._left:
                break
            self._left -= 1
            if part is _MISSING:
                named = True
                yield FieldProblem(part_path, ErrorCode.MISSING)
                continue
            try:
                self.converted(part, part_kind)
            except msgspec.ValidationError:
                named = True
                yield from self._problems(part, part_kind, part_path)
        if not named:
            try:
                self.converted(given, kind)
            except msgspec.ValidationError as error:
                yield problem_of(error, path, self._words)


def _fields(kind: Any) -> tuple[structs.FieldInfo, ...] | None:
    """The fields of an object; None for a type of anything else."""
    return _fields_of(kind) if isinstance(kind, type) and issubclass(kind, Struct) else None


@cache
def _fields_of(kind: type[Struct]) -> tuple[structs.FieldInfo, ...]:
    return structs.fields(kind)


def _parts(given: Any, kind: Any, path: str) -> Iterator[tuple[Any, Any, str]]:
    """The fields of an object and the items of a list, with their types and paths."""
    for choice in _choices(kind):
        if isinstance(given, list) and get_origin(choice) is list:
            for number, item in enumerate(cast("list[Any]", given)):
                yield item, get_args(choice)[0], f"{path}[{number}]"
        elif isinstance(given, dict):
            values = cast("dict[str, Any]", given)
            for field in _fields(choice) or ():
                if field.encode_name in values or field.required:
                    part = values.get(field.encode_name, _MISSING)
                    yield part, field.type, f"{path}.{field.encode_name}" if path else field.encode_name


def _choices(kind: Any) -> Iterator[Any]:
    """The types of which a value may be one."""
    if get_origin(kind) is Annotated:
        yield from _choices(get_args(kind)[0])
    elif get_origin(kind) in (Union, UnionType):
        for choice in get_args(kind):
            yield from _choices(choice)
    else:
        yield kind


def _holds_null(value: Any) -> bool:
    """PostgreSQL keeps no null characters, and nothing that people write has one."""
    if isinstance(value, str):
        return "\0" in value
    return isinstance(value, (list, dict)) and _has_null(msgspec.json.encode(value))


def _has_null(encoded: bytes) -> bool:
    """Whether there is a null character in JSON: one that an even number of backslashes is before."""
    after, place = 0, encoded.find(_NULL)
    while place >= 0:
        before = encoded[after:place]
        if (len(before) - len(before.rstrip(b"\\"))) % 2 == 0:
            return True
        after = place + len(_NULL)
        place = encoded.find(_NULL, after)
    return False


def _count_containers(body: bytes) -> int:
    """Largest number of lists and objects that the body can have: brackets within strings count too."""
    return body.count(b"[") + body.count(b"{")


def _is_deeper(value: Any) -> bool:
    """Whether lists and objects lie deeper in each other than they may."""
    level: list[Any] = [value] if isinstance(value, _CONTAINERS) else []
    for _ in range(DEEPEST):
        level = [part for whole in level for part in _inside(whole) if part and isinstance(part, _CONTAINERS)]
        if not level:
            return False
    return True


def _inside(whole: Any) -> Iterable[Any]:
    return cast("dict[str, Any]", whole).values() if isinstance(whole, dict) else whole


def _too_deep() -> Unreadable:
    return Unreadable([FieldProblem("", ErrorCode.BODY_TOO_DEEP)])


def _not_json(error: Exception) -> Unreadable:
    if isinstance(error, RecursionError):
        return _too_deep()
    facts = {"reason": str(error)[:_LONGEST_REASON]}
    return Unreadable([FieldProblem("", ErrorCode.BODY_NOT_JSON, facts)])
