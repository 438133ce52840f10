"""OpenAPI documents (3.0.3), made from operations and the types of their messages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from inspect import cleandoc
from typing import Any, cast

import msgspec
from msgspec import Struct, inspect

from switchroom.dialects.dialect import Dialect
from switchroom.dialects.operation import OPEN, Context, Nothing, Operation, Parameter

Schema = dict[str, Any]

_JSON = "application/json"
_PARAMETER = re.compile(r"{(\w+)}")


def _no_scalar(kind: type) -> Schema:
    raise ValueError(f"there is no schema of {kind}")


def _no_headers(operation: Operation) -> Sequence[Parameter]:
    return ()


def _by_method_and_path(operation: Operation) -> str:
    return re.sub(r"\W+", "_", f"{operation.method.lower()}{operation.path}").strip("_")


def _as_it_is(operation: Operation, reply: Schema) -> Schema:
    return reply


class Documentation(Struct, frozen=True, kw_only=True):
    """Documentation: what a dialect says of itself in its document.

    `failures` are descriptions of what goes wrong, by status (or `default`), and `failure` makes the schema
    of those answers. `envelope` makes the schema of an answer's body from that of a reply, `line` that of a
    line of a stream, and `request` the schema of a request's body from that of a message. `security` are the
    ways to authenticate, by name; operations that are not open need one of them. `scalars` gives the schemas
    of types that JSON does not have. `headers` are the request's headers that an operation takes. `is_proto3`
    is for messages by the rules of proto3 JSON: nothing is required, nothing is null, and what has its
    default value may be left out. `messages` are types beside those of operations whose schemas are wanted.
    """

    title: str
    version: str
    description: str
    failures: Mapping[str, str]
    failure: Callable[[Schemas], Schema]
    envelope: Callable[[Operation, Schema], Schema] = _as_it_is
    line: Callable[[Schema], Schema] | None = None
    request: Callable[[Schema], Schema] | None = None
    success: str = "Success."
    security: Mapping[str, Schema] = {}
    scalars: Callable[[type], Schema] = _no_scalar
    headers: Callable[[Operation], Sequence[Parameter]] = _no_headers
    operation_id: Callable[[Operation], str] = _by_method_and_path
    is_proto3: bool = False
    messages: Sequence[Any] = ()


def describe(dialect: Dialect[Any, Any], documentation: Documentation) -> Schema:
    """The document of all operations that are documented. Raises ValueError when two messages have one
    name, or one has a type without a schema."""
    schemas = Schemas(documentation.scalars, is_proto3=documentation.is_proto3)
    paths: dict[str, Schema] = {}
    for operation in dialect.operations():
        if operation.is_documented:
            path = paths.setdefault(dialect.base + operation.path, {})
            path[operation.method.lower()] = _operation(operation, documentation, schemas)
    for message in documentation.messages:
        schemas.of(message)
    components: Schema = {"schemas": schemas.named()}
    if documentation.security:
        components["securitySchemes"] = dict(documentation.security)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": documentation.title,
            "version": documentation.version,
            "description": documentation.description,
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": components,
    }


def document(dialect: Dialect[Any, Any], documentation: Documentation, path: str) -> Operation:
    """The operation by which everybody reads the document."""
    made = b""
    making = asyncio.Lock()

    async def read(context: Context[Any], _: Nothing) -> bytes:
        nonlocal made
        async with making:
            # Beside the loop: one of three hundred operations takes 0.2 s.
            made = made or await asyncio.to_thread(_made, dialect, documentation)
        return made

    return Operation(
        method="GET",
        path=path,
        summary="The OpenAPI document.",
        reply=bytes,
        raw=_JSON,
        access=OPEN,
        handler=read,
        is_documented=False,
    )


def _made(dialect: Dialect[Any, Any], documentation: Documentation) -> bytes:
    return msgspec.json.encode(describe(dialect, documentation))


def object_of(properties: Schema) -> Schema:
    """The schema of an object with all of these fields."""
    return {"type": "object", "required": list(properties), "properties": properties}


def _operation(operation: Operation, documentation: Documentation, schemas: Schemas) -> Schema:
    failure = _content(documentation.failure(schemas))
    described: Schema = {
        "operationId": documentation.operation_id(operation),
        "summary": operation.summary,
        "tags": [operation.path.split("/")[1]],
        "responses": {
            str(operation.status): _success(operation, documentation, schemas),
            **{
                status: {"description": text, "content": failure}
                for status, text in documentation.failures.items()
            },
        },
    }
    parameters = _parameters(operation, documentation)
    if parameters:
        described["parameters"] = parameters
    if operation.access != OPEN and documentation.security:
        described["security"] = [{name: []} for name in documentation.security]
    if operation.request is bytes:
        content = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
        described["requestBody"] = {"required": True, "content": content}
    elif operation.request is not Nothing:
        schema = schemas.of(operation.request)
        body = documentation.request(schema) if documentation.request else schema
        described["requestBody"] = {"required": True, "content": _content(body)}
    return described


def _parameters(operation: Operation, documentation: Documentation) -> list[Schema]:
    text = {"type": "string"}
    parameters: list[Schema] = [
        {"name": name, "in": "path", "required": True, "schema": text}
        for name in _PARAMETER.findall(operation.path)
    ]
    for place, given in (("query", operation.parameters), ("header", documentation.headers(operation))):
        parameters += [
            {"name": one.name, "in": place, "description": one.description, "schema": text} for one in given
        ]
    return parameters


def _success(operation: Operation, documentation: Documentation, schemas: Schemas) -> Schema:
    description = documentation.success.format(name=operation.path.split("/", 2)[-1])
    if operation.status == 204:
        return {"description": description}
    if operation.raw:
        return {"description": description, "content": {operation.raw: {"schema": {"type": "string"}}}}
    if operation.is_stream and documentation.line is not None:
        line = documentation.line(schemas.of(operation.reply))
        return {"description": f"{description} One a line.", "content": _content(line)}
    return {
        "description": description,
        "content": _content(documentation.envelope(operation, schemas.of(operation.reply))),
    }


def _content(schema: Schema) -> Schema:
    return {_JSON: {"schema": schema}}


class Schemas:
    """Schemas of types; those of messages (structs) by their names."""

    def __init__(self, scalars: Callable[[type], Schema], *, is_proto3: bool = False) -> None:
        self._scalars = scalars
        self._is_proto3 = is_proto3
        self._kinds: dict[str, Any] = {}
        self._schemas: dict[str, Schema] = {}

    def named(self) -> dict[str, Schema]:
        """The schemas of all messages that were asked for, and of those inside them."""
        return dict(sorted(self._schemas.items()))

    def of(self, kind: Any) -> Schema:
        """Raises ValueError when two messages have one name, or there is no schema of a type."""
        return self._schema(inspect.type_info(kind))

    def _schema(self, kind: inspect.Type) -> Schema:
        match kind:
            case inspect.Metadata():
                described = cast("Schema", kind.extra_json_schema or {})  # pyright: ignore[reportUnknownMemberType]
                return {**self._schema(kind.type), **described}
            case inspect.UnionType():
                return self._union(kind)
            case inspect.StructType():
                return self._reference(kind)
            case inspect.ListType():
                items = self._schema(kind.item_type)
                sizes = _limits(minItems=kind.min_length, maxItems=kind.max_length)
                return {"type": "array", **({"items": items} if items else {}), **sizes}
            case inspect.DictType():
                values = self._schema(kind.value_type)
                return {"type": "object", **({"additionalProperties": values} if values else {})}
            case inspect.LiteralType():
                names = [one for one in kind.values if one is not None]
                word = "integer" if all(isinstance(one, int) for one in names) else "string"
                schema: Schema = {"type": word, "enum": names}
                return schema if len(names) == len(kind.values) else {**schema, "nullable": True}
            case inspect.EnumType():
                return {"type": "string", "enum": [member.value for member in kind.cls]}
            case inspect.CustomType():
                return self._scalars(kind.cls)
            case inspect.DateTimeType():
                return {"type": "string", **({} if kind.tz is False else {"format": "date-time"})}
            case inspect.DateType():
                return {"type": "string", "format": "date"}
            case inspect.StrType():
                sizes = _limits(minLength=kind.min_length, maxLength=kind.max_length, pattern=kind.pattern)
                return {"type": "string", **sizes}
            case inspect.BytesType():
                return {"type": "string", "format": "byte"}
            case inspect.BoolType():
                return {"type": "boolean"}
            case inspect.IntType():
                return {"type": "integer", **_limits(minimum=kind.ge, maximum=kind.le)}
            case inspect.FloatType():
                return {"type": "number", **_limits(minimum=kind.ge, maximum=kind.le)}
            case inspect.AnyType() | inspect.RawType():
                return {}
            case _:
                raise ValueError(f"there is no schema of {kind}")

    def _union(self, kind: inspect.UnionType) -> Schema:
        choices = [self._schema(one) for one in kind.types if not isinstance(one, inspect.NoneType)]
        nullable = len(choices) < len(kind.types) and not self._is_proto3
        if nullable and any("$ref" in one for one in choices):
            # Beside a reference, 3.0 reads nothing.
            return {"anyOf": [*choices, {"type": "object", "nullable": True, "enum": [None]}]}
        schema = choices[0] if len(choices) == 1 else {"anyOf": choices}
        return {**schema, "nullable": True} if nullable else schema

    def _reference(self, kind: inspect.StructType) -> Schema:
        name = kind.cls.__name__
        if self._kinds.setdefault(name, kind.cls) is not kind.cls:
            raise ValueError(f"two messages are called {name}")
        if name not in self._schemas:
            self._schemas[name] = {}
            self._schemas[name] = self._object(kind)
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, kind: inspect.StructType) -> Schema:
        properties = {one.encode_name: self._schema(one.type) for one in kind.fields}
        if self._is_proto3:
            return {"type": "object", "properties": properties}
        for one in kind.fields:
            default = _default(one)
            if default is not None:
                properties[one.encode_name] = {**properties[one.encode_name], "default": default}
        described: Schema = {"title": kind.cls.__name__}
        if kind.cls.__doc__:
            described["description"] = cleandoc(kind.cls.__doc__)
        required = [one.encode_name for one in kind.fields if one.required]
        return {
            **described,
            "type": "object",
            **({"required": required} if required else {}),
            "properties": properties,
        }


def _limits(**limits: Any) -> Schema:
    return {name: value for name, value in limits.items() if value is not None}


def _default(field: inspect.Field) -> Any:
    """The value of a field that is left out, as JSON; None for none."""
    if field.default not in (msgspec.NODEFAULT, msgspec.UNSET):
        return msgspec.to_builtins(field.default)
    if field.default_factory in (list, dict):
        return cast("Callable[[], Any]", field.default_factory)()
    return None
