"""Holds every reply of an API against the schema that its own documentation has for it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, cast
from weakref import WeakKeyDictionary

import httpx
from msgspec import Struct
from openapi_schema_validator import OAS30Validator


class _Operation(Struct, frozen=True):
    path: re.Pattern[str]
    methods: dict[str, Any]


class _Document(Struct, frozen=True):
    operations: Sequence[_Operation]
    components: dict[str, Any]


_documents: WeakKeyDictionary[httpx.Client, dict[str, _Document]] = WeakKeyDictionary()


def check(client: httpx.Client, address: str, response: httpx.Response) -> None:
    """Fails for a reply that is not as the document at the address says; passes over what nothing is
    documented about."""
    document = _document(client, address)
    path = response.request.url.raw_path.decode().partition("?")[0]
    known = next((one for one in document.operations if one.path.fullmatch(path)), None)
    described = known.methods.get(response.request.method.lower()) if known is not None else None
    if described is None or response.status_code == 413:
        return
    replies = described["responses"]
    reply = replies.get(str(response.status_code), replies.get("default"))
    assert reply is not None, f"{response.request.method} {path} documents no {response.text}"
    ((media_type, content),) = reply["content"].items()
    charset = "; charset=utf-8" if media_type.startswith("text/") else ""
    assert response.headers["content-type"] == media_type + charset
    if media_type == "application/json":
        schema = {**_closed(content["schema"]), "components": document.components}
        is_stream = "One a line." in reply["description"]
        # Not `splitlines`: a text may hold a line separator of another kind.
        lines = response.text.rstrip("\n").split("\n") if is_stream else [response.text]
        for line in lines:
            OAS30Validator(schema).validate(json.loads(line))


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
        )
    return known


def _closed(schema: Any) -> Any:
    """The same, with nothing in objects besides what is named."""
    if isinstance(schema, list):
        return [_closed(item) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in cast("dict[str, Any]", schema).items()}
    return {**closed, "additionalProperties": False} if isinstance(closed.get("properties"), dict) else closed
