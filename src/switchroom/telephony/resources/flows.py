"""Flows: the first module of a callflow and all that follow it, as the API takes and stores them. What is
right about one is for routing to say, which carries it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from switchroom.errors import Problems
from switchroom.telephony.resources.references import Reference
from switchroom.telephony.routing.flow import (
    CONFIGURABLE,
    LONGEST_KEY,
    Module,
    decode,
    decode_stored,
    references,
)


class Node(Struct, frozen=True, kw_only=True):
    """A module with its data, and the modules that follow it, by key: `_` runs when the module ends without
    connecting. `id` and the data's `caption` are for editors of flows."""

    module: Annotated[Module, Meta(extra_json_schema={"enum": [one.value for one in CONFIGURABLE]})]
    data: dict[str, Any] = {}
    children: dict[Annotated[str, Meta(max_length=LONGEST_KEY)], Node] = {}
    id: str | int | UnsetType = UNSET


Flow = Annotated[
    dict[str, Any],
    Meta(
        description="The first module.", extra_json_schema={"$ref": f"#/components/schemas/{Node.__name__}"}
    ),
]
"""A flow as JSON. `check_flow` looks at it, whose paths lead to each module; it is documented as Node."""


def references_of(flow: Mapping[str, Any]) -> Iterator[Reference]:
    """References of the modules to other resources, as far as the modules are right."""
    for one in references(decode_stored(flow)):
        yield Reference(one.path, one.resource, one.id)


def check_flow(flow: Mapping[str, Any], problems: Problems) -> None:
    """Add what is wrong about a flow by itself."""
    with problems:
        decode(flow)
