"""OpenAPI documents made of operations."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from msgspec import Struct
from openapi_spec_validator import OpenAPIV30SpecValidator

from switchroom.dialects.openapi import Schemas, describe
from tests.dialects.frame.library import DOCUMENTATION, Library, ask


class Shelf(Struct):
    """Where
    books are."""

    kind: Literal["wood", "steel", None]
    on_top: Shelf | None = None
    labels: dict[str, str] = {}
    height: float = 1.5


def no_scalar(kind: type) -> dict[str, Any]:
    raise ValueError(f"no {kind}")


def schemas_of(*kinds: Any, is_proto3: bool = False) -> dict[str, Any]:
    schemas = Schemas(no_scalar, is_proto3=is_proto3)
    for kind in kinds:
        schemas.of(kind)
    return schemas.named()


async def test_the_document_is_valid_and_lists_what_is_documented() -> None:
    document = (await ask("GET", "/library/v1/openapi.json", reader="")).json()

    assert document == describe(Library(), DOCUMENTATION)
    assert [error.message for error in OpenAPIV30SpecValidator(document).iter_errors()] == []
    assert "/library/v1/openapi.json" not in document["paths"]
    get = document["paths"]["/library/v1/shelves/{shelf_id}/books/{book_id}"]["get"]
    assert [(one["in"], one["name"]) for one in get["parameters"]] == [
        ("path", "shelf_id"),
        ("path", "book_id"),
    ]
    assert get["security"] == [{"reader": []}]
    sign_out = document["paths"]["/library/v1/sign-out"]["post"]
    assert ("security" in sign_out, "content" in sign_out["responses"]["204"]) == (False, False)
    cover = document["paths"]["/library/v1/books/{book_id}/cover"]["put"]
    assert cover["requestBody"]["content"]["*/*"]["schema"]["format"] == "binary"


def test_a_message_in_3_0() -> None:
    assert schemas_of(Shelf)["Shelf"] == {
        "title": "Shelf",
        "description": "Where\nbooks are.",
        "type": "object",
        "required": ["kind"],
        "properties": {
            "kind": {"type": "string", "enum": ["steel", "wood"], "nullable": True},
            "on_top": {
                "anyOf": [
                    {"$ref": "#/components/schemas/Shelf"},
                    {"type": "object", "nullable": True, "enum": [None]},
                ]
            },
            "labels": {"type": "object", "additionalProperties": {"type": "string"}, "default": {}},
            "height": {"type": "number", "default": 1.5},
        },
    }


def test_a_message_of_proto3() -> None:
    (shelf,) = schemas_of(Shelf, is_proto3=True).values()

    assert list(shelf) == ["type", "properties"]
    assert shelf["properties"]["on_top"] == {"$ref": "#/components/schemas/Shelf"}


def test_two_messages_of_one_name_are_refused() -> None:
    other = type("Shelf", (Struct,), {"__annotations__": {"x": int}})

    with pytest.raises(ValueError, match="Shelf"):
        schemas_of(Shelf, other)
