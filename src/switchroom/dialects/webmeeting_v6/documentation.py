"""The OpenAPI document, made from the calls themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

import msgspec

import switchroom
from switchroom.dialects.webmeeting_v6.errors import BadField
from switchroom.dialects.webmeeting_v6.operations import BASE, Call, Nothing

_REFERENCE = "#/components/schemas/{name}"
_ERRORS = {
    "400": "-4: data not valid; `data` lists each bad field with its reason.",
    "401": "-1: API key missing or wrong. -2: user unknown or not of this account.",
    "403": "-3: not allowed for this key or user.",
    "404": "-5: not found.",
    "409": "-10: exists already.",
    "500": "-99: unknown error.",
}


PATH = "/documentation/swagger"


def describe(calls: Sequence[Call]) -> dict[str, Any]:
    """The document, in OpenAPI 3.0.3."""
    kinds: list[Any] = [BadField]
    for call in calls:
        kinds += [kind for kind in (call.request, call.reply) if kind not in (Nothing, bytes)]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    by_kind = {str(kind): _in_3_0(schema) for kind, schema in zip(kinds, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for call in calls:
        paths.setdefault(BASE + call.path, {})[call.method.lower()] = _operation(call, by_kind)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Web Meeting API",
            "version": "6",
            "description": f"Accounts, organizers and meetings (Switchroom {switchroom.__version__}).",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {name: _in_3_0(schema) for name, schema in components.items()},
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-KEY"}},
        },
    }


def _operation(call: Call, by_kind: dict[str, Any]) -> dict[str, Any]:
    names = re.findall(r"{(\w+)}", call.path)
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
    ]
    parameters += [
        {"name": one.name, "in": "query", "description": one.description, "schema": {"type": "string"}}
        for one in call.parameters
    ]
    if call.access == "meeting":
        parameters += [
            {"name": name, "in": "header", "description": what, "schema": {"type": "string"}}
            for name, what in (
                ("X-USER-ID", "The organizer in whose name the call is made."),
                ("X-USER-EMAIL", "The organizer's address, instead of the id."),
            )
        ]
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{call.method.lower()}{call.path}").strip("_"),
        "summary": call.summary,
        "tags": [call.path.split("/")[1]],
        "responses": {"200": _success(call, by_kind), **_failures()},
    }
    if parameters:
        operation["parameters"] = parameters
    if call.access != "none":
        operation["security"] = [{"key": []}]
    if call.request is not Nothing:
        schema = by_kind[str(call.request)]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _success(call: Call, by_kind: dict[str, Any]) -> dict[str, Any]:
    if call.raw:
        return {"description": "Success.", "content": {call.raw: {"schema": {"type": "string"}}}}
    properties = {"responseCode": {"type": "integer", "enum": [0]}, "data": by_kind[str(call.reply)]}
    return {"description": "Success.", "content": {"application/json": {"schema": _object(properties)}}}


def _failures() -> dict[str, Any]:
    properties = {
        "responseCode": {"type": "integer"},
        "responseMessage": {"type": "string"},
        "data": {
            "type": "array",
            "nullable": True,
            "items": {"$ref": _REFERENCE.format(name=BadField.__name__)},
        },
    }
    content = {"application/json": {"schema": _object(properties)}}
    return {status: {"description": text, "content": content} for status, text in _ERRORS.items()}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _in_3_0(schema: Any) -> Any:
    """A JSON Schema of today as OpenAPI 3.0 has them: `nullable` for null, no defaults that are none."""
    if isinstance(schema, list):
        return [_in_3_0(item) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    found = {key: _in_3_0(value) for key, value in cast("dict[str, Any]", schema).items()}
    for key in ("anyOf", "oneOf"):
        if key not in found:
            continue
        choices = [one for one in found[key] if one != {"type": "null"}]
        nullable = len(choices) < len(found[key])
        if nullable and "$ref" in choices[0]:
            found[key] = [*choices, {"type": "object", "nullable": True, "enum": [None]}]
            continue
        if len(choices) == 1:
            del found[key]
            found = {**choices[0], **found}
        else:
            found[key] = choices
        if nullable:
            found["nullable"] = True
    if len(found.get("enum", ())) > 1 and None in found["enum"]:
        found["enum"] = [one for one in found["enum"] if one is not None]
        found["nullable"] = True
    if "default" in found and found["default"] is None:
        del found["default"]
    if "const" in found:
        found["enum"] = [found.pop("const")]
    if "enum" in found and "type" not in found:
        found["type"] = "string"
    if found.get("required") == []:
        del found["required"]
    return found
