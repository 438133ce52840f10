"""Requests made of OpenAPI documents: one of every operation, with all that it may say, to be changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from fuzz.credentials import Credentials

DOCUMENTS = (
    "/json/v1/documentation/swagger",
    "/api/v6/documentation/swagger",
    "/v3.0/documentation/swagger",
    "/client/openapi.json",
)

# What ends the attack itself, or is somebody's who is not under attack.
LEFT_OUT = ("/companies/destroy", "/companyService/destroy")

ABOUT_ONESELF = ("/userService/update", "/authenticationService/authenticationUpdate")
"""Calls that change who sends them, unless they name somebody else."""

_DEEPEST = 6
_PARAMETER = re.compile(r"\{(\w+)\}")
_FORMATS: Mapping[str, str] = {
    "date-time": "2030-01-01T00:00:00Z",
    "date": "2030-01-01",
    "email": "fuzz@example.org",
    "uri": "https://example.org/fuzz",
    "byte": "eA==",
    "binary": "RIFF\x04\x00\x00\x00WAVE",
}
_NAMES: Mapping[str, str] = {
    "timezone": "Europe/Brussels", "language": "en", "email": "fuzz@example.org", "country": "BE",
    "url": "https://example.org/fuzz", "number": "+3225550100", "numbers": "+3225550100",
}  # fmt: skip
_TEXTS = ("1", "1234", "en", "BE", "+3225550100", "Europe/Brussels", "x" * 32)
Schema = Mapping[str, Any]


class Request(Struct, frozen=True):
    """A request that is well as it is, or nearly so. `body` is what its JSON says, bytes for what is none."""

    method: str
    path: str
    body: Any


def examples(document: Schema, known: Credentials) -> Iterator[Request]:
    """One of every operation of a document, with values that exist; none that takes away what others need."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if not path.endswith(LEFT_OUT) and method != "delete":
                yield _Example(document, known, operation).request(method, path)


class _Example:
    def __init__(self, document: Schema, known: Credentials, operation: Schema) -> None:
        self._document = document
        self._known = known
        self._operation = operation

    def request(self, method: str, path: str) -> Request:
        filled = _PARAMETER.sub(lambda found: quote(str(self._text(found[1], {})), safe=""), path)
        queries = [
            f"{one['name']}={quote(str(self._value(one['name'], one['schema'], 0)), safe='')}"
            for one in self._operation.get("parameters", ())
            if one["in"] == "query" and one["name"] != "account_id"
        ]
        return Request(method.upper(), "?".join(filter(None, (filled, "&".join(queries)))), self._body())

    def _body(self) -> Any:
        for kind, content in self._operation.get("requestBody", {}).get("content", {}).items():
            made = self._value("", content["schema"], 0)
            if kind != "application/json":
                return str(made).encode("latin-1")
            return self._identified(made) if "accessInfo" in made else made
        return None

    def _identified(self, message: Any) -> dict[str, Any]:
        link = {"id": self._known.values["linkid"][0]} if "id" in message else {}
        return {**message, **link, "accessInfo": {"accessToken": self._known.tokens[0]}}

    def _value(self, name: str, schema: Schema, depth: int) -> Any:
        while "$ref" in schema:
            schema = self._document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        if "anyOf" in schema:
            return self._value(name, schema["anyOf"][0], depth)
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type")
        if kind == "object" or "properties" in schema:
            return self._object(schema, depth)
        if kind == "array":
            return [self._value(name, schema.get("items", {}), depth + 1)] if depth < _DEEPEST else []
        if kind in ("integer", "number"):
            return schema.get("minimum", 1)
        return True if kind == "boolean" else self._text(name, schema)

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        properties: Schema = schema.get("properties", {}) if depth < _DEEPEST else {}
        made = {name: self._value(name, one, depth + 1) for name, one in properties.items()}
        others = schema.get("additionalProperties")
        return made or ({"a": "b"} if others in (True, {"type": "string"}) else {})

    def _text(self, name: str, schema: Schema) -> str:
        said = self._known.values.get(name) or self._known.values.get(name.replace("_", "").lower())
        if said:
            return said[0]
        if "format" in schema:
            return _FORMATS.get(schema["format"], "1")
        texts = (_NAMES.get(name.replace("_", "").lower(), _TEXTS[0]), *_TEXTS)
        return next((text for text in texts if _fits(text, schema)), _TEXTS[0])


def _fits(text: str, schema: Schema) -> bool:
    fits = schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text))
    return fits and re.search(schema.get("pattern", ""), text) is not None
