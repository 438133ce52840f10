"""Fields of the wrong type: each is named, in every request that the API's document has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from msgspec import Struct

from tests.databases import ON_ONE_DATABASE
from tests.dialects.telephony_v3.client import Api
from tests.dialects.telephony_v3.test_tenants import operations
from tests.platform import RunningPlatform

Schema = dict[str, Any]

_ANYTHING = object()
_VALUES = (("object", {"wrong": True}), ("array", ["wrong"]), ("number", 0.5), ("string", "wrong"))

_FLOW = "Node"
"""Schema of the modules of callflows, which `test_checks` has the wrong fields of."""

_LISTS = {"/function_keys/device/{id}": "FunctionKey"}
"""Schemas of what requests have lists of that are documented as lists of anything."""


class Schemas(Struct, frozen=True):
    named: dict[str, Schema]

    def choices(self, schema: Schema) -> Iterator[Schema]:
        """The schemas of which a value may be one."""
        if "$ref" in schema:
            yield from self.choices(self.named[schema["$ref"].rpartition("/")[2]])
        elif "anyOf" in schema:
            for one in schema["anyOf"]:
                yield from self.choices(one)
        else:
            yield schema

    def wrong(self, schema: Schema) -> Any:
        """A value of a type that the schema has not; `_ANYTHING` where it has all."""
        types = {one.get("type") for one in self.choices(schema)}
        return _ANYTHING if None in types else next(value for kind, value in _VALUES if kind not in types)

    def all_wrong(self, schema: Schema, path: str = "") -> tuple[Any, list[str]]:
        """An object or a list in which whatever has a type is wrong, and the paths of that."""
        for one in () if schema.get("$ref", "").endswith(f"/{_FLOW}") else self.choices(schema):
            found: dict[str, tuple[Any, list[str]]] = {
                name: self.all_wrong(inner, f"{path}.{name}" if path else name)
                for name, inner in one.get("properties", {}).items()
            }
            if found:
                values = {name: value for name, (value, paths) in found.items() if paths}
                return values, [place for _, paths in found.values() for place in paths]
            if one.get("type") == "array":
                value, paths = self.all_wrong(one.get("items", {}), f"{path}[0]")
                return [value], paths
            if isinstance(others := one.get("additionalProperties"), dict) and others:
                return {"wrong": self.wrong(cast("Schema", others))}, [path]
        value = self.wrong(schema)
        return value, [] if value is _ANYTHING else [path]

    def wrong_fields(self, schema: Schema) -> dict[str, Any]:
        """An object whose fields are all wrong."""
        (one,) = self.choices(schema)
        values = {name: self.wrong(inner) for name, inner in one["properties"].items()}
        return {name: value for name, value in values.items() if value is not _ANYTHING}


def requests(running: RunningPlatform) -> Iterator[tuple[str, str, Any, list[str]]]:
    """Method and path of requests, what is sent, and the paths of what is wrong in it."""
    document = running.http.get("/v3.0/openapi.json").json()
    schemas = Schemas(document["components"]["schemas"])
    for method, template in operations(running):
        body = document["paths"][f"/v3.0{template}"][method.lower()].get("requestBody")
        if body is None or "application/json" not in body["content"]:
            continue
        path = re.sub(r"{\w+}", "1", template)
        message = body["content"]["application/json"]["schema"]["properties"]["data"]
        if template in _LISTS:
            reference = {"$ref": f"#/components/schemas/{_LISTS[template]}"}
            message = {"type": "array", "items": reference}
        else:
            fields = schemas.wrong_fields(message)
            yield method, path, fields, list(fields)
        yield method, path, *schemas.all_wrong(message)


@ON_ONE_DATABASE
def test_every_field_of_a_wrong_type_is_named(api: Api) -> None:
    looked_at: set[str] = set()
    for method, path, sent, wrong in requests(api.running):
        status, fields = api.refused(method, path, sent)
        unnamed = [one for one in wrong if not any(name.startswith(one) for name in fields)]
        assert (status, unnamed) == (400, []), (method, path, sent, fields)
        looked_at.add(path.split("/")[1])
    kinds = set(api.running.platform.telephony.resources.kinds) - {"recordings"}
    assert kinds | {"function_keys", "networks", "webhooks", "channels", "quickcall"} <= looked_at
