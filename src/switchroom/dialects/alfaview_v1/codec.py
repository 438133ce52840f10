"""Bytes to requests and replies to bytes, by the rules of proto3 JSON."""

from __future__ import annotations

from typing import Any, Generic, TypeVar, cast

import msgspec
from msgspec import Struct, inspect

from switchroom.dialects.alfaview_v1.messages import scalars
from switchroom.dialects.alfaview_v1.messages.scalars import WireEnum
from switchroom.dialects.body import Reader
from switchroom.errors import ErrorCode, Invalid

T = TypeVar("T", bound=Struct)

_WORDS = {"str": "string", "int": "number", "float": "number", "bool": "boolean"}

_MOST_ENTRIES = 2000
"""Entries of a list or an object that are put into the canonical form, unless its type may have more."""

_encoder = msgspec.json.Encoder(enc_hook=scalars.write)
encode = _encoder.encode


class Decoder(Generic[T]):
    """Reads one type of request.

    What proto3 JSON accepts beside the canonical form (`null` for an absent field, enums by number), and this
    API too (an empty string for an absent one), is put into that form first.
    """

    def __init__(self, kind: type[T]) -> None:
        information = inspect.type_info(kind)
        self._reader = Reader(
            kind,
            scalars=scalars.read,
            canonical=lambda value: _canonical(value, information, ""),
            words=_WORDS,
        )

    def read(self, body: bytes) -> T:
        """Raises Unreadable."""
        return self._reader.read(body)


def _canonical(value: Any, kind: inspect.Type, path: str) -> Any:
    if isinstance(kind, inspect.UnionType):
        kind = next(item for item in kind.types if not isinstance(item, inspect.NoneType))
    if _has_too_many(value, kind):
        return value
    if isinstance(kind, inspect.StructType) and isinstance(value, dict):
        return _canonical_object(cast("dict[str, Any]", value), kind, path)
    if isinstance(kind, inspect.DictType) and isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        for key in entries:
            _require_no_null(key, path)
        return {key: _canonical(item, kind.value_type, f"{path}.{key}") for key, item in entries.items()}
    if isinstance(kind, inspect.ListType) and isinstance(value, list):
        items = cast("list[Any]", value)
        return [_canonical(item, kind.item_type, f"{path}[{number}]") for number, item in enumerate(items)]
    if isinstance(kind, inspect.EnumType) and isinstance(value, int) and not isinstance(value, bool):
        return _enum_name(cast("type[WireEnum]", kind.cls), value, path)
    if isinstance(value, str):
        _require_no_null(value, path)
    return value


def _has_too_many(value: Any, kind: inspect.Type) -> bool:
    most = max(_MOST_ENTRIES, (isinstance(kind, inspect.ListType) and kind.max_length) or 0)
    return isinstance(value, (dict, list)) and len(cast("list[Any]", value)) > most


def _canonical_object(value: dict[str, Any], kind: inspect.StructType, path: str) -> dict[str, Any]:
    canonical: dict[str, Any] = {}
    for field in kind.fields:
        item = value.get(field.encode_name)
        if item is None or (item == "" and not isinstance(field.type, inspect.StrType)):
            continue
        place = f"{path}.{field.encode_name}" if path else field.encode_name
        canonical[field.encode_name] = _canonical(item, field.type, place)
    return canonical


def _enum_name(kind: type[WireEnum], number: int, path: str) -> str:
    try:
        return kind.of(number).value
    except ValueError:
        raise Invalid(ErrorCode.VALUE_UNKNOWN, path, value=number) from None


def _require_no_null(text: str, path: str) -> None:
    """PostgreSQL keeps no null characters, and nothing that people write has one."""
    if "\0" in text:
        raise Invalid(ErrorCode.TEXT_WITH_NULL_CHARACTER, path)
