"""Documentation of the API: what its OpenAPI document says beside its operations."""

from __future__ import annotations

import re

import switchroom
from switchroom.dialects.alfaview_v1.errors import Code, ErrorReply
from switchroom.dialects.alfaview_v1.messages.scalars import Int64, Timestamp, WireInteger
from switchroom.dialects.openapi import Documentation, Schema, Schemas
from switchroom.dialects.operation import Operation

_ERRORS = "An error: " + ", ".join(
    f"{code.http_status} with code {code.value} ({code.name})" for code in Code
)


def _failure(schemas: Schemas) -> Schema:
    return schemas.of(ErrorReply)


def _line(reply: Schema) -> Schema:
    return {"type": "object", "properties": {"result": reply}}


def _operation_id(operation: Operation) -> str:
    return re.sub(r"\W", "_", operation.path.strip("/"))


def _scalar(kind: type) -> Schema:
    if issubclass(kind, Timestamp):
        return {"type": "string", "format": "date-time"}
    if issubclass(kind, Int64):
        return {"type": "string", "format": "int64"}
    if issubclass(kind, WireInteger):
        return {"type": "integer", "minimum": kind.LOWEST, "maximum": kind.HIGHEST}
    raise ValueError(f"there is no schema of {kind}")


DOCUMENTATION = Documentation(
    title="alfaview JSON API",
    version="1",
    description="Authentication, companies, rooms, permission groups and links (Switchroom "
    f"{switchroom.__version__}). The access token goes into `accessInfo` of every request.",
    success="What {name} answers.",
    failures={"default": _ERRORS},
    failure=_failure,
    operation_id=_operation_id,
    line=_line,
    scalars=_scalar,
    is_proto3=True,
)
