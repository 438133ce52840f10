"""Flows: the modules of a callflow, what each needs, and what follows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from switchroom.errors import ErrorCode, Problems
from switchroom.telephony.resources.references import Reference
from switchroom.telephony.routing.flow import MOST_NODES

Module = Literal[
    "user",
    "device",
    "group",
    "voicemail",
    "menu",
    "calendar",
    "play",
    "conference",
    "callflow",
    "external",
    "queue",
    "park",
    "pickup",
    "hotdesk",
    "check_voicemail",
    "record",
    "meeting",
    "hangup",
]

_BRANCH = Annotated[str, Meta(max_length=64)]


class Node(Struct, frozen=True, kw_only=True):
    """A module with its data, and the modules that follow it, by key: `_` runs when the module ends without
    connecting. `id` and the data's `caption` are for whoever draws the flow."""

    module: Module
    data: dict[str, Any] = {}
    children: dict[_BRANCH, Node] = {}
    id: str | int | UnsetType = UNSET


class _Use(Struct, frozen=True):
    """What a module uses: the kind of resource that a field of its data names, which may have to be there."""

    field: str
    kind: str
    required: bool = True


_USES: Mapping[str, tuple[_Use, ...]] = {
    "user": (_Use("id", "users"),),
    "device": (_Use("id", "devices"),),
    "group": (_Use("id", "groups"),),
    "queue": (_Use("id", "groups"),),
    "voicemail": (_Use("id", "vmboxes"),),
    "check_voicemail": (_Use("id", "vmboxes", required=False),),
    "menu": (_Use("id", "menus"),),
    "calendar": (_Use("id", "calendars"),),
    "play": (_Use("id", "medias"),),
    "conference": (_Use("id", "conferences", required=False),),
    "callflow": (_Use("id", "callflows"),),
    "external": (_Use("trunk_id", "trunks", required=False),),
}


def nodes_of(flow: Node) -> Iterator[tuple[str, Node]]:
    """Every module with its path, the first first."""
    waiting = [("flow", flow)]
    while waiting:
        path, node = waiting.pop()
        yield path, node
        waiting += [(f"{path}.children.{key}", child) for key, child in node.children.items()]


def references_of(flow: Node) -> Iterator[Reference]:
    """What the modules use."""
    for path, node in nodes_of(flow):
        for use in _USES.get(node.module, ()):
            used = node.data.get(use.field)
            if isinstance(used, int) and not isinstance(used, bool) and 0 < used < 1 << 63:
                yield Reference(f"{path}.data.{use.field}", use.kind, used)


def check_flow(flow: Node, problems: Problems) -> None:
    """Add what is wrong about a flow by itself."""
    for number, (path, node) in enumerate(nodes_of(flow)):
        if number >= MOST_NODES:
            problems.add(ErrorCode.FLOW_TOO_LARGE, "flow", most=MOST_NODES)
            return
        for use in _USES.get(node.module, ()):
            used = node.data.get(use.field)
            if used is None:
                if use.required:
                    problems.add(ErrorCode.MISSING, f"{path}.data.{use.field}")
            elif not isinstance(used, int) or isinstance(used, bool) or not 0 < used < 1 << 63:
                problems.add(ErrorCode.NOT_A_WHOLE_NUMBER, f"{path}.data.{use.field}")
