"""Documentation of the API: what its OpenAPI document says beside its operations."""

from __future__ import annotations

import switchroom
from switchroom.dialects.openapi import Documentation, Schema, Schemas, object_of
from switchroom.dialects.operation import Operation
from switchroom.dialects.telephony_v3.messages.authentication import Token
from switchroom.dialects.telephony_v3.messages.envelope import ErrorReply, Page
from switchroom.telephony.resources.flows import Node


def _envelope(operation: Operation, reply: Schema) -> Schema:
    kind: object = operation.reply
    is_page = isinstance(kind, type) and issubclass(kind, Page)
    if kind is Token:
        return object_of({"data": reply, "auth_token": {"type": "string"}})
    return reply if is_page else object_of({"data": reply})


def _request(message: Schema) -> Schema:
    return object_of({"data": message})


def _failure(schemas: Schemas) -> Schema:
    return schemas.of(ErrorReply)


DOCUMENTATION = Documentation(
    title="Telephony API",
    version="3.0",
    description=f"Telephony: configuration, live calls, events log (Switchroom {switchroom.__version__}).",
    failures={
        "400": "What was sent is not valid; `details` names the fields.",
        "401": "The credentials or the token are missing, wrong or too old.",
        "403": "Not allowed for this caller.",
        "404": "There is no such thing.",
        "409": "It is in use, or there is one already.",
        "413": "The request is too large.",
        "429": "Too many attempts.",
        "500": "Something went wrong at the server.",
        "501": "The platform cannot do this yet.",
        "503": "The server cannot do this at present.",
    },
    failure=_failure,
    envelope=_envelope,
    request=_request,
    messages=(Node,),
    security={"token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"}},
)
