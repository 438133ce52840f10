"""Request bodies to messages, with everything that is wrong about them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from types import UnionType
from typing import Annotated, Any, Final, Generic, TypeVar, Union, cast, get_args, get_origin

import msgspec
from msgspec import UNSET, Struct, structs

from switchroom.dialects.webmeeting_v6.errors import BadField, BadFields

T = TypeVar("T", bound=Struct)

_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_WORDS = {"str": "string", "int": "whole number", "float": "number", "bool": "boolean"}
_LONGEST_REASON = 300
_MOST_NAMED = 100
"""Wrong parts of one field that are named; whoever sends a million gets to know of some."""

_MISSING: Final = object()


class Reader(Generic[T]):
    """Reads one type of message. Fields that it does not have are passed over, and `null` stands for an
    absent one unless the field knows it."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._fields = structs.fields(kind)

    def read(self, body: bytes) -> T:
        """Raises BadFields, naming each that is wrong."""
        try:
            value = msgspec.json.decode(body or b"{}")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
            raise BadFields([BadField("", f"the body is not JSON: {reason}"[:_LONGEST_REASON])]) from None
        if not isinstance(value, dict):
            raise BadFields([BadField("", "the body is not a JSON object")])
        return self._convert(cast("dict[str, Any]", value))

    def _convert(self, value: dict[str, Any]) -> T:
        found: dict[str, Any] = {}
        missing: dict[str, Any] = {}
        wrong: list[BadField] = []
        for field in self._fields:
            if field.encode_name not in value:
                if field.required:
                    wrong.append(BadField(field.encode_name, "is required"))
                    missing[field.name] = UNSET
                continue
            given = value[field.encode_name]
            try:
                found[field.name] = _converted(given, field.type)
            except msgspec.ValidationError:
                if given is None and not field.required:
                    continue
                wrong += islice(_wrong_in(given, field.type, field.encode_name), _MOST_NAMED)
                if field.required:
                    missing[field.name] = UNSET
        if wrong:
            raise BadFields(wrong, self._kind(**found, **missing))
        return self._kind(**found)


def _converted(given: Any, kind: Any) -> Any:
    _require_no_null(given)
    return msgspec.convert(given, kind)


def _wrong_in(given: Any, kind: Any, path: str) -> Iterator[BadField]:
    """Everything that is wrong within a value that cannot be converted."""
    named = False
    for part, part_kind, part_path in _parts(given, kind, path):
        if part is _MISSING:
            named = True
            yield BadField(part_path, "is required")
            continue
        try:
            _converted(part, part_kind)
        except msgspec.ValidationError:
            named = True
            yield from _wrong_in(part, part_kind, part_path)
    if not named:
        try:
            _converted(given, kind)
        except msgspec.ValidationError as error:
            yield _bad_field(path, error)


def _parts(given: Any, kind: Any, path: str) -> Iterator[tuple[Any, Any, str]]:
    """The fields of an object and the items of a list, with their types and paths."""
    for choice in _choices(kind):
        if isinstance(given, list) and get_origin(choice) is list:
            for number, item in enumerate(cast("list[Any]", given)):
                yield item, get_args(choice)[0], f"{path}[{number}]"
        elif isinstance(given, dict) and isinstance(choice, type) and issubclass(choice, Struct):
            values = cast("dict[str, Any]", given)
            for field in structs.fields(choice):
                if field.encode_name in values or field.required:
                    part = values.get(field.encode_name, _MISSING)
                    yield part, field.type, f"{path}.{field.encode_name}"


def _choices(kind: Any) -> Iterator[Any]:
    """The types of which a value may be one."""
    if get_origin(kind) is Annotated:
        yield from _choices(get_args(kind)[0])
    elif get_origin(kind) in (Union, UnionType):
        for choice in get_args(kind):
            yield from _choices(choice)
    else:
        yield kind


def _require_no_null(value: Any) -> None:
    """PostgreSQL keeps no null characters, and nothing that people write has one."""
    if isinstance(value, str):
        if "\0" in value:
            raise msgspec.ValidationError("a text must not contain a null character")
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            _require_no_null(item)
    elif isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            _require_no_null(key)
            _require_no_null(item)


def _bad_field(name: str, error: msgspec.ValidationError) -> BadField:
    match = cast("re.Match[str]", _PLACE.match(str(error)))
    path = name + (match["path"] or "")
    missing = re.match(r"Object missing required field `(.*)`", match["what"])
    if missing:
        return BadField(f"{path}.{missing[1]}", "is required")
    reason = match["what"].replace("`", "").replace(" | null", "").replace(" | ", " or ")
    reason = re.sub(r"\b(str|int|float|bool)\b", lambda word: _WORDS[word[1]], reason)
    return BadField(path, (reason[0].lower() + reason[1:])[:_LONGEST_REASON] if reason else "is not valid")
