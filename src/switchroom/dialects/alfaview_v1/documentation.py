"""The OpenAPI document, made from the calls themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from msgspec import Struct, inspect

import switchroom
from switchroom.dialects.alfaview_v1.errors import Code, ErrorReply
from switchroom.dialects.alfaview_v1.messages.common import Room
from switchroom.dialects.alfaview_v1.messages.room import RoomListReply
from switchroom.dialects.alfaview_v1.messages.scalars import Int64, Timestamp, WireInteger
from switchroom.dialects.alfaview_v1.operations import BASE, Call

PATH = "/documentation/swagger"

_ENCODED: Mapping[tuple[type[Struct], str], Any] = {(RoomListReply, "rooms"): dict[str, Room]}
"""What fields hold that are written as bytes which are JSON already."""


def describe(calls: Sequence[Call[Any]]) -> dict[str, Any]:
    """The document, in OpenAPI 3.0.3. By the rules of proto3 JSON nothing is required, and what has its
    default value is left out of a reply."""
    schemas = _Schemas()
    paths = {f"{BASE}/{call.path}": {"post": _operation(call, schemas)} for call in calls}
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "alfaview JSON API",
            "version": "1",
            "description": "Authentication, companies, rooms, permission groups and links (Switchroom "
            f"{switchroom.__version__}). The access token goes into `accessInfo` of every request.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": schemas.named()},
    }


def _operation(call: Call[Any], schemas: _Schemas) -> dict[str, Any]:
    service, _, name = call.path.partition("/")
    return {
        "operationId": call.path.replace(".", "_").replace("/", "_"),
        "summary": call.summary,
        "tags": [service],
        "requestBody": {"required": True, "content": _json(schemas.of(call.request))},
        "responses": {
            "200": {"description": f"What {name} answers.", "content": _json(schemas.of(call.reply))},
            "default": {"description": _ERRORS, "content": _json(schemas.of(ErrorReply))},
        },
    }


def _json(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


_ERRORS = "An error: " + ", ".join(
    f"{code.http_status} with code {code.value} ({code.name})" for code in Code
)


class _Schemas:
    """Schemas of messages, each by its name."""

    def __init__(self) -> None:
        self._kinds: dict[str, type[Struct]] = {}
        self._schemas: dict[str, dict[str, Any]] = {}

    def named(self) -> dict[str, dict[str, Any]]:
        return dict(sorted(self._schemas.items()))

    def of(self, kind: type[Struct]) -> dict[str, Any]:
        """A reference to the message. Raises ValueError when two messages have one name."""
        name = kind.__name__
        if self._kinds.setdefault(name, kind) is not kind:
            raise ValueError(f"two messages are called {name}")
        if name not in self._schemas:
            self._schemas[name] = {}
            self._schemas[name] = self._object(kind)
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, kind: type[Struct]) -> dict[str, Any]:
        information = cast("inspect.StructType", inspect.type_info(kind))
        properties: dict[str, Any] = {}
        for field in information.fields:
            encoded = _ENCODED.get((kind, field.name))
            properties[field.encode_name] = self._schema(
                inspect.type_info(encoded) if encoded is not None else field.type
            )
        return {"type": "object", "properties": properties}

    def _schema(self, kind: inspect.Type) -> dict[str, Any]:
        match kind:
            case inspect.UnionType():
                return self._schema(next(one for one in kind.types if not isinstance(one, inspect.NoneType)))
            case inspect.StructType():
                return self.of(kind.cls)
            case inspect.ListType():
                return {"type": "array", "items": self._schema(kind.item_type)}
            case inspect.DictType():
                return {"type": "object", "additionalProperties": self._schema(kind.value_type)}
            case inspect.EnumType():
                return {"type": "string", "enum": [member.value for member in kind.cls]}
            case inspect.CustomType():
                return _scalar(kind.cls)
            case inspect.StrType():
                return {"type": "string"}
            case inspect.BoolType():
                return {"type": "boolean"}
            case inspect.IntType():
                return {"type": "integer"}
            case _:
                raise ValueError(f"there is no schema of {kind}")


def _scalar(kind: type) -> dict[str, Any]:
    if issubclass(kind, Timestamp):
        return {"type": "string", "format": "date-time"}
    if issubclass(kind, Int64):
        return {"type": "string", "format": "int64"}
    if issubclass(kind, WireInteger):
        return {"type": "integer", "minimum": kind.LOWEST, "maximum": kind.HIGHEST}
    raise ValueError(f"there is no schema of {kind}")
