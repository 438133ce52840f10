"""State of a call in its callflow: it can be saved as JSON and taken up by another process."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from switchroom.telephony.routing.actions import Action
from switchroom.telephony.routing.call import Call, Flow
from switchroom.telephony.routing.configuration import GroupMember
from switchroom.telephony.routing.hangup_causes import HangupCause, child_names, sip_code
from switchroom.telephony.routing.prompts import PromptName


class Answering(Struct, frozen=True, tag="answering"):
    """The call is being answered before the module begins."""


class Closing(Struct, frozen=True, tag="closing"):
    """A last notice, before the call ends."""

    cause: HangupCause
    code: int
    notice: PromptName
    is_played: bool = False


class Jumping(Struct, frozen=True, tag="jumping"):
    """A jump to another flow. Where `back` is set the module goes on if it fails."""

    back: MenuState | None = None


class Ringing(Struct, frozen=True, tag="ringing"):
    """Members of a group who are still to be rung, one after the other, until the deadline; none for all that
    ring at once."""

    members: tuple[GroupMember, ...] = ()
    deadline: datetime | None = None
    group_id: int | None = None


class Dialling(Struct, frozen=True, tag="dialling"):
    """Trunks that are still to be tried, by their ids."""

    trunks: tuple[int, ...] = ()


class MenuState(Struct, frozen=True, tag="menu"):
    """Tries that are left, and the reason for which the greeting is said again."""

    left: int
    is_invalid: bool = False


class ConferenceState(Struct, frozen=True, tag="conference"):
    """Tries of the PIN that are left. `is_in` is whether the caller was let in."""

    left: int = 3
    is_in: bool = False


class FeatureState(Struct, frozen=True, tag="feature"):
    """Stage that a feature code has come to."""

    stage: str = ""


class Waiting(Struct, frozen=True, tag="waiting"):
    """A module that has one action, and waits for its end."""

    stage: str = ""


Pending = (
    Answering | Closing | Jumping | Ringing | Dialling | MenuState | ConferenceState | FeatureState | Waiting
)


class State(Struct, frozen=True, kw_only=True):
    """`path` leads from the root of the flow to the module that the call is in, `pending` is what it waits
    for.

    `jumps` counts the jumps to other flows, `silent_jumps` those since the caller last heard or did
    something.
    """

    call: Call
    flow_id: int
    path: tuple[str, ...] = ()
    pending: Pending | None = None
    is_answered: bool = False
    is_connected: bool = False
    is_ended: bool = False
    jumps: int = 0
    silent_jumps: int = 0


def encode(state: State) -> bytes:
    return msgspec.json.encode(state)


def decode(saved: bytes) -> State:
    """The state of its JSON. Raises msgspec.ValidationError."""
    return _DECODER.decode(saved)


_DECODER = msgspec.json.Decoder(State)


class Context(Struct, frozen=True):
    """Context of a module's decision: the flow, the state and the time."""

    flow: Flow
    state: State
    now: datetime

    @property
    def call(self) -> Call:
        return self.state.call


class Do(Struct, frozen=True):
    """Turn of a module: an action, and what the module waits for with it. `call` replaces the call's."""

    action: Action
    pending: Pending
    call: Call | None = None


class Leave(Struct, frozen=True):
    """Turn of a module that ends: to the first of these children that there is.

    Without one the call ends for the cause, after the `notice` if there is one.
    """

    children: tuple[str, ...]
    cause: HangupCause
    code: int
    notice: PromptName | None = None


class Connect(Struct, frozen=True):
    """Turn of a module whose call was answered: the two talk until one hangs up."""


class Stay(Struct, frozen=True):
    """Turn of a module that the event says nothing to: its action goes on."""


Turn = Do | Leave | Connect | Stay


def leave(cause: HangupCause, code: int = 0, notice: PromptName | None = None) -> Leave:
    """The turn of a module that did not connect: children by cause, code, and the one for all."""
    code = code or sip_code(cause)
    return Leave(child_names(cause, code), cause, code, notice)


def go_on() -> Leave:
    """The turn of a module that is done."""
    return Leave(("_",), HangupCause.NORMAL_CLEARING, 200)
