"""Callflows as they are configured: trees of modules, decoded and checked.

A node is `{"module", "data", "children"}`. Problems are named by their paths, such as
`flow.children.1.data.id`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, cast

import msgspec
from msgspec import Meta, Struct, structs

from switchroom.errors import ErrorCode, Problems, joined
from switchroom.reasons import problem_of
from switchroom.telephony.routing.configuration import RINGING_SECONDS
from switchroom.telephony.routing.numbers import dialled

MOST_NODES = 500
DEEPEST = 50
LONGEST_KEY = 64


class Module(StrEnum):
    USER = "user"
    DEVICE = "device"
    GROUP = "group"
    VOICEMAIL = "voicemail"
    CHECK_VOICEMAIL = "check_voicemail"
    MENU = "menu"
    CALENDAR = "calendar"
    PLAY = "play"
    CONFERENCE = "conference"
    CALLFLOW = "callflow"
    EXTERNAL = "external"
    HANGUP = "hangup"
    QUEUE = "queue"
    PARK = "park"
    PICKUP = "pickup"
    HOTDESK = "hotdesk"
    RECORD = "record"
    MEETING = "meeting"
    FEATURE_CODE = "feature_code"


CONFIGURABLE = tuple(one for one in Module if one is not Module.FEATURE_CODE)
"""The modules that callflows are made of."""

_Seconds = Annotated[int, Meta(ge=0, le=3600)]


class RingData(Struct, frozen=True):
    """Of `user` and `device`: for how long it rings, and whether a phone may ring itself."""

    id: int
    timeout: _Seconds = RINGING_SECONDS
    delay: _Seconds = 0
    can_call_self: bool = False


class GroupData(Struct, frozen=True):
    """Of `group`. With `fail_on_single_reject` one member who rejects the call ends the ringing of all."""

    id: int
    fail_on_single_reject: bool = False


class VoicemailData(Struct, frozen=True):
    id: int


class CheckVoicemailData(Struct, frozen=True):
    """Without an id it is the box of the user who calls, or the one whose number is entered."""

    id: int | None = None


class MenuData(Struct, frozen=True):
    id: int


class CalendarData(Struct, frozen=True):
    id: int


class PlayData(Struct, frozen=True):
    id: int


class ConferenceData(Struct, frozen=True):
    id: int


class CallflowData(Struct, frozen=True):
    id: int


class ExternalData(Struct, frozen=True):
    """A number through trunks: one of them, or all in their order. `timeout` is for each, in seconds.

    The account pays, or with `caller_pays` the user or device that calls.
    """

    number: str
    trunk_id: int | None = None
    timeout: _Seconds = 60
    caller_pays: bool = False


class HangupData(Struct, frozen=True):
    pass


class LaterData(Struct, frozen=True):
    """Of the modules that are not there yet: what is configured for them is kept, and not looked at."""


class QueueData(LaterData, frozen=True):
    """Of `queue`: the group for which callers wait."""

    id: int


class FeatureData(Struct, frozen=True):
    """Of a feature code, which stands for a flow of its own."""

    feature: str


Data = (
    RingData
    | GroupData
    | VoicemailData
    | CheckVoicemailData
    | MenuData
    | CalendarData
    | PlayData
    | ConferenceData
    | CallflowData
    | ExternalData
    | HangupData
    | LaterData
    | FeatureData
)

DATA: Mapping[Module, type[Data]] = {
    Module.USER: RingData,
    Module.DEVICE: RingData,
    Module.GROUP: GroupData,
    Module.VOICEMAIL: VoicemailData,
    Module.CHECK_VOICEMAIL: CheckVoicemailData,
    Module.MENU: MenuData,
    Module.CALENDAR: CalendarData,
    Module.PLAY: PlayData,
    Module.CONFERENCE: ConferenceData,
    Module.CALLFLOW: CallflowData,
    Module.EXTERNAL: ExternalData,
    Module.HANGUP: HangupData,
    Module.QUEUE: QueueData,
}
"""Data that are configured for each module; those of other modules are not looked at."""

REFERENCES: Mapping[Module, str] = {
    Module.USER: "users",
    Module.DEVICE: "devices",
    Module.GROUP: "groups",
    Module.QUEUE: "groups",
    Module.VOICEMAIL: "vmboxes",
    Module.CHECK_VOICEMAIL: "vmboxes",
    Module.MENU: "menus",
    Module.CALENDAR: "calendars",
    Module.PLAY: "medias",
    Module.CONFERENCE: "conferences",
    Module.CALLFLOW: "callflows",
}
"""The resource that `data.id` of a module is an id of."""


class Node(Struct, frozen=True):
    """A module of a callflow, what is configured for it, and what comes after it."""

    module: Module
    data: Data
    children: Mapping[str, Node] = {}


class Reference(Struct, frozen=True):
    """A use of a resource: its name in the API, the id, and where it stands."""

    resource: str
    id: int
    path: str


def decode(flow: object, path: str = "flow") -> Node:
    """The callflow of decoded JSON. Raises Invalid with all that is wrong."""
    problems = Problems()
    node = _Reader(problems).node(flow, path, 1)
    problems.require_none()
    return cast("Node", node)


def decode_stored(flow: object) -> Node:
    """The callflow as it was stored, for calls: what is wrong in it is a module that is not there."""
    node = _Reader(Problems(), is_strict=False).node(flow, "flow", 1)
    return node if node is not None else Node(Module.HANGUP, HangupData())


@cache
def _fields(kind: type[Struct]) -> tuple[structs.FieldInfo, ...]:
    return structs.fields(kind)


def normalized(flow: object) -> dict[str, Any]:
    """The JSON of a callflow that `decode` takes, in the one form that is stored: with the values of known
    fields as routing reads them, and what editors of flows keep in them (`id`, and fields of `data`)."""
    given = cast("Mapping[str, Any]", flow)
    module = Module(given["module"])
    data: dict[str, Any] = dict(given.get("data") or {})
    known = {one.encode_name: one.type for one in _fields(DATA.get(module, LaterData))}
    for name, kind in known.items():
        if data.get(name) is not None:
            data[name] = msgspec.convert(data[name], kind, strict=False)
    children: Mapping[str, object] = given.get("children") or {}
    drawn = {"id": given["id"]} if isinstance(given.get("id"), str | int) else {}
    return {
        **drawn,
        "module": module.value,
        "data": data,
        "children": {key: normalized(child) for key, child in children.items()},
    }


def references(node: Node, path: str = "flow") -> Iterator[Reference]:
    """The resources that a callflow uses, for loading them and for finding the users of one."""
    resource, id_ = REFERENCES.get(node.module), getattr(node.data, "id", None)
    if resource is not None and id_ is not None:
        yield Reference(resource, cast("int", id_), joined(path, "data.id"))
    if isinstance(node.data, ExternalData) and node.data.trunk_id is not None:
        yield Reference("trunks", node.data.trunk_id, joined(path, "data.trunk_id"))
    for key, child in node.children.items():
        yield from references(child, joined(path, f"children.{key}"))


def nodes_of(root: Node) -> Iterator[Node]:
    """The module and all that come after it."""
    yield root
    for child in root.children.values():
        yield from nodes_of(child)


class _Reader:
    def __init__(self, problems: Problems, *, is_strict: bool = True) -> None:
        self._is_strict = is_strict
        self._problems = problems
        self._nodes = 0

    def node(self, value: object, path: str, depth: int) -> Node | None:
        self._nodes += 1
        given = self._object(value, path)
        if given is None:
            return None
        if self._nodes > MOST_NODES:
            self._problems.add(ErrorCode.FLOW_TOO_LARGE, path.partition(".")[0], most=MOST_NODES)
            return None
        if depth > DEEPEST:
            self._problems.add(ErrorCode.FLOW_TOO_DEEP, path, most=DEEPEST)
            return None
        module = self._module(given, path)
        data = self._data(module, given.get("data"), joined(path, "data")) if module is not None else None
        children = self._children(given.get("children"), joined(path, "children"), depth)
        if module is not None and data is not None:
            return Node(module, data, children)
        return None if self._is_strict else Node(module or Module.HANGUP, LaterData(), children)

    def _module(self, given: dict[str, object], path: str) -> Module | None:
        name = given.get("module")
        if name is None:
            self._problems.add(ErrorCode.REQUIRED, joined(path, "module"))
            return None
        if not isinstance(name, str) or name not in CONFIGURABLE:
            self._problems.add(ErrorCode.VALUE_UNKNOWN, joined(path, "module"), value=repr(name)[:100])
            return None
        return Module(name)

    def _data(self, module: Module, value: object, path: str) -> Data | None:
        given = {} if value is None else self._object(value, path)
        if given is None:
            return None
        kind = DATA.get(module, LaterData)
        right = {one.encode_name: self._field(one, given, path) for one in _fields(kind)}
        number = right.get("number")
        if module is Module.EXTERNAL and isinstance(number, str) and dialled(number) is None:
            self._problems.add(ErrorCode.PHONE_NUMBER_INVALID, joined(path, "number"))
            return None
        return msgspec.convert(right, kind) if _WRONG not in right.values() else None

    def _field(self, known: structs.FieldInfo, given: dict[str, object], path: str) -> object:
        name = known.encode_name
        if given.get(name) is None:
            if known.required:
                self._problems.add(ErrorCode.REQUIRED, joined(path, name))
                return _WRONG
            return known.default
        try:
            found = msgspec.convert(given[name], known.type, strict=False)
        except msgspec.ValidationError as error:
            problem = problem_of(error, joined(path, name))
            self._problems.add(problem.code, problem.path, **problem.facts)
            return _WRONG
        if isinstance(found, int) and not isinstance(found, bool) and not 0 <= found < 2**53:
            self._problems.add(ErrorCode.OUT_OF_RANGE, joined(path, name), least=0, most=2**53 - 1)
            return _WRONG
        return found

    def _children(self, value: object, path: str, depth: int) -> Mapping[str, Node]:
        given = {} if value is None else self._object(value, path)
        found: dict[str, Node] = {}
        for key, child in (given or {}).items():
            if self._nodes > MOST_NODES:
                break  # what is wrong is said, and there may be a hundred thousand more
            if not 0 < len(key) <= LONGEST_KEY:
                self._nodes += 1
                self._problems.add(
                    ErrorCode.LENGTH_OUT_OF_RANGE, joined(path, key[:LONGEST_KEY]), least=1, most=LONGEST_KEY
                )
                continue
            node = self.node(child, joined(path, key), depth + 1)
            if node is not None:
                found[key] = node
        return found

    def _object(self, value: object, path: str) -> dict[str, object] | None:
        """An object; a client that knows no empty one sends an empty list."""
        if value == []:
            return {}
        if isinstance(value, dict):
            return {str(key): inner for key, inner in cast("dict[Any, object]", value).items()}
        self._problems.add(ErrorCode.TYPE_EXPECTED, path, expected="object")
        return None


_WRONG = object()
