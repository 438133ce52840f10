"""Bytes to requests and replies to bytes, by the rules of proto3 JSON."""

from __future__ import annotations

import re
from typing import Any, Generic, TypeVar, cast

import msgspec
from msgspec import Struct, inspect

from switchroom.dialects.alfaview_v1.messages import scalars
from switchroom.dialects.alfaview_v1.messages.scalars import WireEnum
from switchroom.errors import Invalid

T = TypeVar("T", bound=Struct)

_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$\.?(?P<path>.*)`)?$", re.DOTALL)
_WORDS = {"str": "string", "int": "number", "float": "number", "bool": "boolean"}
_LONGEST_MESSAGE = 300

_encoder = msgspec.json.Encoder(enc_hook=scalars.write)
encode = _encoder.encode


class Decoder(Generic[T]):
    """Reads one type of request.

    A body in the canonical form is decoded in one go. What proto3 JSON accepts besides (`null` for an absent
    field, enums by number) and this API too (an empty string for an absent one) is put into that form first.
    """

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._decoder = msgspec.json.Decoder(kind, dec_hook=scalars.read)
        self._type = inspect.type_info(kind)

    def decode(self, body: bytes) -> T:
        """Raises Invalid, naming the field by its path."""
        try:
            if not body.isascii():
                body.decode()
            if b"\\u0000" not in body:
                return self._decoder.decode(body or b"{}")
        except msgspec.ValidationError:
            pass
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _not_json(error) from None
        try:
            value = msgspec.json.decode(body)
            return msgspec.convert(_canonical(value, self._type, ""), self._kind, dec_hook=scalars.read)
        except msgspec.ValidationError as error:
            raise _invalid(error) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _not_json(error) from None


def _canonical(value: Any, kind: inspect.Type, path: str) -> Any:
    if isinstance(kind, inspect.UnionType):
        kind = next(item for item in kind.types if not isinstance(item, inspect.NoneType))
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
    except ValueError as error:
        raise Invalid(f"{path}: {error}", field=path) from None


def _require_no_null(text: str, path: str) -> None:
    """PostgreSQL keeps no null characters, and nothing that people write has one."""
    if "\0" in text:
        raise Invalid(f"{path}: a text must not contain a null character", field=path)


def _invalid(error: msgspec.ValidationError) -> Invalid:
    match = cast("re.Match[str]", _PLACE.match(str(error)))
    path = match["path"] or ""
    what = re.sub(r"`(\w+)( \| null)?`", lambda word: _WORDS.get(word[1], word[1]), match["what"])
    what = what[0].lower() + what[1:] if what else "invalid"
    message = f"{path or 'the body'}: {what}"
    return Invalid(message[:_LONGEST_MESSAGE], field=path or None)


def _not_json(error: Exception) -> Invalid:
    if isinstance(error, RecursionError):
        return Invalid("the body is nested too deeply")
    return Invalid(f"the body is not valid JSON: {error}"[:_LONGEST_MESSAGE])
