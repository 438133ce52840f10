"""Module `menu`: digits that choose a child, or an extension."""

from __future__ import annotations

import re
from collections.abc import Iterable

from switchroom.telephony.routing.actions import Collect, Digits, Event, JumpTo, Timeout
from switchroom.telephony.routing.configuration import Hunt, Menu
from switchroom.telephony.routing.flow import MenuData, Node
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.prompts import Named, Prompt, PromptName, Sound
from switchroom.telephony.routing.state import Context, Do, Jumping, Leave, MenuState, Stay, Turn, leave

EXTENSION_DIGITS = 4
MOST_DIGITS = 6
MOST_RETRIES = 10
LONGEST_WAIT = 60

ANY_KEY = "?"
_BEGINNING = re.compile(r"\^?[0-9*#?]{1,35}")
_NAMED = frozenset({"timeout", "max_retries", "_"})


def enter(context: Context, node: Node, data: MenuData) -> Turn:
    menu = context.flow.menus.get(data.id)
    if menu is None:
        return leave(HangupCause.NO_ROUTE_DESTINATION)
    return _ask(menu, node, MenuState(left=max(min(menu.retries, MOST_RETRIES), 1)))


def resume(context: Context, node: Node, data: MenuData, state: MenuState, event: Event) -> Turn:
    menu = context.flow.menus.get(data.id)
    if menu is None:
        return leave(HangupCause.NO_ROUTE_DESTINATION)
    match event:
        case Digits(digits) if digits:
            return _chosen(menu, node, state, digits)
        case Timeout() | Digits():
            if "timeout" in node.children:
                return Leave(("timeout",), HangupCause.NORMAL_CLEARING, 200)
            return again(menu, node, state, is_invalid=False)
        case _:
            return Stay()


def again(menu: Menu, node: Node, state: MenuState, *, is_invalid: bool) -> Turn:
    """Ask once more, if a try is left."""
    if state.left > 1:
        return _ask(menu, node, MenuState(left=state.left - 1, is_invalid=is_invalid))
    return Leave(("max_retries", "_"), HangupCause.NORMAL_CLEARING, 200, notice=PromptName.GOODBYE)


def hunts(hunt: Hunt | None, digits: str) -> bool:
    """Whether the menu puts through to that extension. A `deny` that is not understood denies all."""
    if hunt is None or not all(_is_understood(one) for one in hunt.deny):
        return False
    return (not hunt.allow or _matches(hunt.allow, digits)) and not _matches(hunt.deny, digits)


def _chosen(menu: Menu, node: Node, state: MenuState, digits: str) -> Turn:
    if digits in node.children and digits not in _NAMED:
        return Leave((digits,), HangupCause.NORMAL_CLEARING, 200)
    if hunts(menu.hunt, digits[:MOST_DIGITS]) and digits == digits[:MOST_DIGITS]:
        return Do(JumpTo(number=digits, extensions_only=True), Jumping(back=state))
    return again(menu, node, state, is_invalid=True)


def _ask(menu: Menu, node: Node, state: MenuState) -> Do:
    greeting = (Sound(menu.media_id),) if menu.media_id is not None else ()
    prompts: tuple[Prompt, ...] = greeting
    if state.is_invalid:
        prompts = (Named(PromptName.INVALID_ENTRY), *greeting)
    keys = max((len(key) for key in node.children if key not in _NAMED), default=1)
    most = max(keys, EXTENSION_DIGITS) if menu.hunt is not None else keys
    first = max(min(menu.timeout, LONGEST_WAIT), 1)
    return Do(Collect(prompts, most=min(most, MOST_DIGITS), first=first), state)


def _matches(beginnings: Iterable[str], digits: str) -> bool:
    return any(_is_understood(one) and _begins(digits, one.removeprefix("^")) for one in beginnings)


def _is_understood(beginning: str) -> bool:
    return _BEGINNING.fullmatch(beginning) is not None


def _begins(digits: str, beginning: str) -> bool:
    pairs = zip(digits, beginning, strict=False)
    return len(beginning) <= len(digits) and all(wanted in (ANY_KEY, key) for key, wanted in pairs)
