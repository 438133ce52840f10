"""Holds every reply of an API against the schema that its own documentation has for it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, cast
from weakref import WeakKeyDictionary

import httpx
from jsonschema.protocols import Validator
from msgspec import Struct
from openapi_schema_validator import OAS30Validator


class _Operation(Struct, frozen=True):
    path: re.Pattern[str]
    methods: dict[str, Any]


class _Content(Struct, frozen=True):
    """The body of a reply."""

    media_type: str
    is_stream: bool
    schema: Validator


class _Document(Struct, frozen=True):
    operations: Sequence[_Operation]
    components: dict[str, Any]
    contents: dict[tuple[str, str, int], _Content | None]
    """Of replies that have been checked, by method, path and status."""


_documents: WeakKeyDictionary[httpx.Client, dict[str, _Document]] = WeakKeyDictionary()


def check(client: httpx.Client, address: str, response: httpx.Response) -> None:
    """Fails for a reply that is not as the document at the address says; passes over what nothing is
    documented about."""
    if response.status_code == 413:
        return
    document = _document(client, address)
    path = response.request.url.raw_path.decode().partition("?")[0]
    key = response.request.method.lower(), path, response.status_code
    if key not in document.contents:
        document.contents[key] = _content(document, response, path)
    content = document.contents[key]
    if content is None:
        return
    charset = "; charset=utf-8" if content.media_type.startswith("text/") else ""
    assert response.headers["content-type"] == content.media_type + charset
    if content.media_type == "application/json":
        # Not `splitlines`: a text may hold a line separator of another kind.
        lines = response.text.rstrip("\n").split("\n") if content.is_stream else [response.text]
        for line in lines:
            content.schema.validate(json.loads(line))


def _document(client: httpx.Client, address: str) -> _Document:
    of_client = _documents.setdefault(client, {})
    known = of_client.get(address)
    if known is None:
        document = client.get(address).json()
        # What is spelled out comes before what is a parameter, as the server has it.
        paths = sorted(document["paths"], key=lambda path: re.sub(r"{\w+}", "\uffff", path))
        known = of_client[address] = _Document(
            [
                _Operation(re.compile(re.sub(r"{\w+}", "[^/]+", path)), document["paths"][path])
                for path in paths
            ],
            _closed(document["components"]),
            {},
        )
    return known


def _content(document: _Document, response: httpx.Response, path: str) -> _Content | None:
    """What the reply has to be; None where nothing is documented about it."""
    method = response.request.method
    known = next((one for one in document.operations if one.path.fullmatch(path)), None)
    described = known.methods.get(method.lower()) if known is not None else None
    if described is None:
        return None
    replies = described["responses"]
    reply = replies.get(str(response.status_code), replies.get("default"))
    assert reply is not None, f"{method} {path} documents no {response.text}"
    ((media_type, content),) = reply["content"].items()
    schema = {**_closed(content.get("schema", {})), "components": document.components}
    return _Content(media_type, "One a line." in reply["description"], OAS30Validator(schema))


def _closed(schema: Any) -> Any:
    """The same, with nothing in objects besides what is named."""
    if isinstance(schema, list):
        return [_closed(item) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in cast("dict[str, Any]", schema).items()}
    return {**closed, "additionalProperties": False} if isinstance(closed.get("properties"), dict) else closed
