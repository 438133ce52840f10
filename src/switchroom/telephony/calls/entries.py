"""Beginnings of calls: a device that has dialled."""

from __future__ import annotations

from msgspec import structs

from switchroom.telephony.calls.kept_loader import KeptLoader
from switchroom.telephony.calls.leg import Party
from switchroom.telephony.calls.live_call import LiveCall, Route, Turned
from switchroom.telephony.calls.loaded import Caller, LoadedFlow, Refused
from switchroom.telephony.calls.snapshot import CallDirection
from switchroom.telephony.routing.call import Call
from switchroom.telephony.routing.destinations import FeatureCall, Nowhere, Outside
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.interpreter import start


class FromDevice:
    """A call by a device that the SIP server has authenticated."""

    def __init__(self, device_id: int, dialled: str) -> None:
        self._device_id = device_id
        self._dialled = dialled

    async def enter(self, call: LiveCall) -> Route | Turned:
        loader = call.board.loader
        caller = await loader.caller(self._device_id, self._dialled)
        if isinstance(caller, Refused):
            return Turned(HangupCause.CALL_REJECTED, 403)
        describe_caller(call, caller)
        call.realm = await loader.realm(caller.account.id)
        call.is_told = True
        if isinstance(caller.destination, Outside):
            call.direction = CallDirection.OUTGOING
        found = await dialled_flow(loader, caller, caller.call)
        if found is None:
            return Turned(HangupCause.UNALLOCATED_NUMBER, 404)
        loaded, routed = found
        call.flow_name = loaded.flow.name
        return Route(loaded, start(loaded.flow, routed))


async def dialled_flow(loader: KeptLoader, caller: Caller, call: Call) -> tuple[LoadedFlow, Call] | None:
    """The flow that what a device has dialled leads to, with the call as it comes there; None where it leads
    nowhere. Raises Unavailable."""
    to = caller.destination
    if isinstance(to, Nowhere):
        return None
    call = structs.replace(call, digits=to.digits if isinstance(to, FeatureCall) else "")
    loaded = await loader.flow_to(caller.account.id, to, call)
    return None if loaded is None else (loaded, call)


def describe_caller(call: LiveCall, caller: Caller) -> None:
    """Tell the call who has called."""
    identity = caller.call.caller
    call.organization_id = caller.account.id
    call.dialled = caller.dialled
    call.caller_name, call.caller_number = identity.name, identity.number
    user = caller.user
    call.routed.party = Party(
        device_id=caller.device.id,
        user_id=user.id if user is not None else None,
        name=identity.name,
        number=identity.number,
        language=caller.payer.language,
    )
