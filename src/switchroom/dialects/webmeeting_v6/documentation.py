"""Documentation of the API: what its OpenAPI document says beside its operations."""

from __future__ import annotations

from collections.abc import Sequence

import switchroom
from switchroom.dialects.openapi import Documentation, Schema, Schemas, object_of
from switchroom.dialects.operation import Operation, Parameter
from switchroom.dialects.webmeeting_v6.errors import BadField


def _envelope(_: Operation, reply: Schema) -> Schema:
    return object_of({"responseCode": {"type": "integer", "enum": [0]}, "data": reply})


def _failure(schemas: Schemas) -> Schema:
    return object_of(
        {
            "responseCode": {"type": "integer"},
            "responseMessage": {"type": "string"},
            "data": {"type": "array", "nullable": True, "items": schemas.of(BadField)},
        }
    )


def _headers(operation: Operation) -> Sequence[Parameter]:
    if operation.access != "meeting":
        return ()
    return (
        Parameter("X-USER-ID", "The organizer in whose name the request is made."),
        Parameter("X-USER-EMAIL", "The organizer's address, instead of the id."),
    )


DOCUMENTATION = Documentation(
    title="Web Meeting API",
    version="6",
    description=f"Accounts, organizers and meetings (Switchroom {switchroom.__version__}).",
    failures={
        "400": "-4: data not valid; `data` lists each bad field with its reason.",
        "401": "-1: API key missing or wrong. -2: user unknown or not of this account.",
        "403": "-3: not allowed for this key or user.",
        "404": "-5: not found.",
        "409": "-10: exists already.",
        "500": "-99: unknown error.",
    },
    failure=_failure,
    envelope=_envelope,
    headers=_headers,
    security={"key": {"type": "apiKey", "in": "header", "name": "X-API-KEY"}},
)
