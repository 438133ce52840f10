"""Routes of calls through callflows, and what interrupts them."""

from __future__ import annotations

from msgspec import Struct

from switchroom.telephony.calls.loaded import LoadedFlow
from switchroom.telephony.routing.actions import Action
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.state import State


class Route(Struct, frozen=True):
    """Place of the routed leg in a callflow; with an action that is to be carried out next, else the flow is
    begun."""

    loaded: LoadedFlow
    state: State
    action: Action | None = None


class Turned(Struct, frozen=True):
    """A call that is not taken, and what it is answered."""

    cause: HangupCause
    code: int


class CallOver(Exception):
    """The routed leg is gone, and with it the call."""

    def __init__(self, cause: HangupCause) -> None:
        super().__init__(cause.value)
        self.cause = cause


class Rerouted(Exception):
    """The routed leg goes on somewhere else."""

    def __init__(self, route: Route) -> None:
        super().__init__("rerouted")
        self.route = route
