"""Tables of docs/telephony.md that are made from code: modules of callflows, feature codes, and what else has
names and numbers there.

`python -m switchroom.telephony.documentation docs/telephony.md` writes the page with the tables as the code
has them; with `--check` it changes nothing, and fails when one of them is old.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec import NODEFAULT, structs

from switchroom.events.documentation import renew
from switchroom.telephony.routing.configuration import Strategy
from switchroom.telephony.routing.destinations import DEFAULT_CODES, WITHOUT_DIGITS, Feature
from switchroom.telephony.routing.flow import CONFIGURABLE, DATA, REFERENCES, LaterData, Module
from switchroom.telephony.routing.modules.features import THERE
from switchroom.telephony.routing.number_kinds import NumberKind
from switchroom.telephony.routing.trunks import CONCURRENT_CALLS

_BEGIN, _END = "<!-- made from code: {} -->\n", "<!-- end -->\n"

_MODULES: Mapping[Module, tuple[str, str]] = {
    Module.USER: ("rings all phones of a user, or goes where the user forwards to", ""),
    Module.DEVICE: ("rings one phone, or goes where it forwards to", ""),
    Module.GROUP: ("rings the members of a group as its strategy says", ""),
    Module.VOICEMAIL: ("takes a message", "`0`: the caller has asked for the operator"),
    Module.CHECK_VOICEMAIL: (
        "lets the caller listen to a box; without an `id` their own, or one they enter",
        "",
    ),
    Module.MENU: (
        "plays the menu's sound and takes digits",
        "the digits; `timeout`: none came; `max_retries`: all tries were wrong",
    ),
    Module.CALENDAR: ("branches by opening hours", "`open`, `closed`"),
    Module.PLAY: ("plays a sound; any digit ends it", ""),
    Module.CONFERENCE: ("leads into a conference", ""),
    Module.CALLFLOW: ("goes on in another callflow", ""),
    Module.EXTERNAL: ("calls a number over the trunks, or over one of them", ""),
    Module.HANGUP: ("ends the call", "none"),
    Module.QUEUE: ("lets callers wait for a group", ""),
    Module.PARK: ("parks the call", ""),
    Module.PICKUP: ("takes a call that rings elsewhere", ""),
    Module.HOTDESK: ("signs a user in at a phone", ""),
    Module.RECORD: ("records the call", ""),
    Module.MEETING: ("leads into a web meeting", ""),
}
"""Description of each module, and of the children that it has beside those of its end."""

_FEATURES: Mapping[Feature, str] = {
    Feature.FORWARD_ON: "forwards the user's calls, to the number after the code or one that is entered",
    Feature.FORWARD_OFF: "ends that",
    Feature.FORWARD_TOGGLE: "turns it on or off",
    Feature.FORWARD_UPDATE: "asks for another number",
    Feature.HOTDESK_LOGIN: "signs in at this phone",
    Feature.HOTDESK_LOGOUT: "signs out",
    Feature.HOTDESK_TOGGLE: "the one or the other",
    Feature.CHECK_VOICEMAIL: "listens to the box whose number follows, or is entered",
    Feature.OWN_VOICEMAIL: "listens to one's own box",
    Feature.DIRECT_VOICEMAIL: "leaves a message in the box, or that of the extension, whose number follows",
    Feature.INTERCOM: "calls the extension that follows, whose phones are asked to answer by themselves",
    Feature.WITHHOLD: "calls the number that follows, with one's own hidden",
    Feature.PARK_AND_RETRIEVE: "parks in the slot that follows, or retrieves",
    Feature.VALET: "parks in a free slot",
    Feature.RETRIEVE: "retrieves from the slot that follows",
    Feature.PICKUP: "takes the call that rings at the extension that follows",
    Feature.MOVE: "moves the call to another own phone",
    Feature.GROUP_LOGIN: "logs in to the group whose number follows, or to all of one's own",
    Feature.GROUP_LOGOUT: "logs out of it",
}

_STRATEGIES: Mapping[Strategy, str] = {
    Strategy.SIMULTANEOUS: "all members at once, each after its `delay`",
    Strategy.SEQUENTIAL: "one after the other, in their order",
    Strategy.ROUND_ROBIN: "one after the other, beginning with the next at each call",
    Strategy.LONGEST_IDLE: "one after the other, those first whose last call ended longest ago",
}

_KINDS: Mapping[NumberKind, str] = {
    NumberKind.EMERGENCY: "the country's emergency numbers: they are always called, and cannot be denied",
    NumberKind.NATIONAL: "of the own country, and none of the others",
    NumberKind.MOBILE: "mobile, of the own country",
    NumberKind.INTERNATIONAL: "of another country; those of the kinds below are that too",
    NumberKind.TOLL_FREE: "at no cost",
    NumberKind.PREMIUM: "at a raised cost, personal numbers and pagers among them",
    NumberKind.SHARED_COST: "at a shared cost",
    NumberKind.CARIBBEAN: "with +1, and neither in the United States nor in Canada",
    NumberKind.SATELLITE: "of satellites and international networks",
    NumberKind.UNKNOWN: "possible by its length, and of no range that is known",
}


def modules() -> Iterator[str]:
    yield "| `module` | What it does | `data` | Children beside `_` |\n| --- | --- | --- | --- |\n"
    for module in CONFIGURABLE:
        does, children = _MODULES[module]
        kind = DATA.get(module, LaterData)
        if issubclass(kind, LaterData):
            does += " (not there yet: it is announced)"
        yield f"| `{module.value}` | {does} | {_data(module)} | {children} |\n"


def _data(module: Module) -> str:
    told: list[str] = []
    for field in structs.fields(DATA.get(module, LaterData)):
        note = f" ({REFERENCES[module]})" if field.encode_name == "id" and module in REFERENCES else ""
        if field.default is not NODEFAULT:
            value = "null" if field.default is None else str(field.default).lower()
            note = f"{note} = {value}"
        told.append(f"`{field.encode_name}`{note}")
    return ", ".join(told)


def feature_codes() -> Iterator[str]:
    yield "| `featurecode.name` | Usual code | What it does | Digits after it |\n| --- | --- | --- | --- |\n"
    for feature, code in DEFAULT_CODES.items():
        later = "" if feature in THERE else " (not there yet: it is announced)"
        digits = "none" if feature in WITHOUT_DIGITS else "may follow"
        yield f"| `{feature.value}` | `{code}` | {_FEATURES[feature]}{later} | {digits} |\n"


def volumes() -> Iterator[str]:
    yield "| `concurrent_calls_volume` | Calls at once |\n| --- | --- |\n"
    for name, calls in CONCURRENT_CALLS.items():
        yield f"| `{name}` | {calls} |\n"


def strategies() -> Iterator[str]:
    yield "| `strategy` | Who rings |\n| --- | --- |\n"
    for strategy in Strategy:
        yield f"| `{strategy.value}` | {_STRATEGIES[strategy]} |\n"


def kinds() -> Iterator[str]:
    yield "| Kind | Numbers |\n| --- | --- |\n"
    for kind in NumberKind:
        yield f"| `{kind.value}` | {_KINDS[kind]} |\n"


_TABLES: Mapping[str, Callable[[], Iterator[str]]] = {
    "modules": modules,
    "feature codes": feature_codes,
    "trunk volumes": volumes,
    "group strategies": strategies,
    "kinds of numbers": kinds,
}


def with_tables(page: str) -> str:
    """The page, with the tables as they are now between their marks. Raises ValueError without a mark."""
    for name, table in _TABLES.items():
        begin = _BEGIN.format(name)
        marked = re.compile(re.escape(begin) + r".*?" + re.escape(_END), re.DOTALL)
        made = f"{begin}\n{''.join(table())}\n{_END}"
        page, count = marked.subn(lambda _, made=made: made, page)
        if count != 1:
            raise ValueError(f"the page has {count} places for the table of {name}")
    return page


def main(path: Path, *, check: bool) -> None:
    renew(path, with_tables, check=check)


if __name__ == "__main__":
    main(Path(sys.argv[1]), check="--check" in sys.argv)
