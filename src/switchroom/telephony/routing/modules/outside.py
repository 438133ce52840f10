"""Module `external`: a number of the public network, through the trunks in their order."""

from __future__ import annotations

from collections.abc import Sequence

from switchroom.telephony.routing.actions import Answered, Busy, Dial, Event, Failed, JumpTo, NoAnswer
from switchroom.telephony.routing.call import Call, Flow
from switchroom.telephony.routing.caller_id import (
    Purpose,
    external_identity,
    has_emergency_caller_id,
    internal_identity,
)
from switchroom.telephony.routing.configuration import LONGEST_RINGING, Trunk
from switchroom.telephony.routing.destinations import Internal, destination_of
from switchroom.telephony.routing.destinations import Outside as OutsideNumber
from switchroom.telephony.routing.flow import ExternalData, Module, Node
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.number_kinds import NumberKind, PublicNumber
from switchroom.telephony.routing.numbers import is_emergency
from switchroom.telephony.routing.prompts import PromptName
from switchroom.telephony.routing.restrictions import Payer, refusal
from switchroom.telephony.routing.state import (
    Connect,
    Context,
    Dialling,
    Do,
    Jumping,
    Leave,
    Stay,
    Turn,
    leave,
)
from switchroom.telephony.routing.trunks import outgoing_request, usable, why_none


def outside_node(number: str) -> Node:
    """The flow of a call to a number of the public network that a user or device dials, and pays for."""
    return Node(Module.EXTERNAL, ExternalData(number=number, caller_pays=True))


def enter(context: Context, data: ExternalData) -> Turn:
    payer = _payer(context, data)
    destination = destination_of(data.number, payer.country, context.flow.plan)
    if isinstance(destination, Internal):
        return Do(JumpTo(callflow_id=destination.callflow_id, number=destination.number), Jumping())
    if not isinstance(destination, OutsideNumber):
        return leave(HangupCause.INVALID_NUMBER_FORMAT, notice=PromptName.NUMBER_UNKNOWN)
    number = destination.number
    is_barred = number.kind is NumberKind.EMERGENCY and (
        payer.account.emergency_caller_id_required and not has_emergency_caller_id(payer)
    )
    if is_barred or refusal(number, payer) is not None:
        return leave(HangupCause.OUTGOING_CALL_BARRED, notice=PromptName.CALL_RESTRICTED)
    trunks = [*context.flow.trunks.values()]
    if data.trunk_id is not None and number.kind is not NumberKind.EMERGENCY:
        trunks = [one for one in trunks if one.id == data.trunk_id]
    free = usable(trunks, number, context.flow.live.trunk_calls)
    return _dial(context, data, Dialling(tuple(one.id for one in free))) or _refused(trunks, number)


def _refused(trunks: Sequence[Trunk], number: PublicNumber) -> Leave:
    """The end of a call that no trunk carries."""
    cause = why_none(trunks, number)
    is_barred = cause is HangupCause.OUTGOING_CALL_BARRED
    return leave(cause, notice=PromptName.CALL_RESTRICTED if is_barred else None)


def emergency_number(flow: Flow, call: Call) -> str | None:
    """The number of the emergency service that a flow begins with calling; None for any other flow."""
    data = flow.root.data
    if not isinstance(data, ExternalData):
        return None
    payer = _payer_of(flow, call, data)
    destination = destination_of(data.number, payer.country, flow.plan)
    if not isinstance(destination, OutsideNumber) or destination.number.kind is not NumberKind.EMERGENCY:
        return None
    return destination.number.number


def resume(context: Context, data: ExternalData, dialling: Dialling, event: Event) -> Turn:
    match event:
        case Answered():
            return Connect()
        case NoAnswer():
            return _after(context, data, dialling, Failed(HangupCause.NO_ANSWER), is_trunks_fault=False)
        case Busy():
            return leave(HangupCause.USER_BUSY)
        case Failed(cause, code):
            return _after(context, data, dialling, event, is_trunks_fault=_is_trunks_fault(cause, code))
        case _:
            return Stay()


def _after(
    context: Context, data: ExternalData, dialling: Dialling, failed: Failed, *, is_trunks_fault: bool
) -> Turn:
    """Try the next trunk where that may do better; for an emergency number each of them, whatever the one
    before says."""
    goes_on = is_trunks_fault or is_emergency(data.number, _payer(context, data).country)
    following = _dial(context, data, dialling) if goes_on else None
    return following or leave(failed.cause, failed.code)


_FAULTS = frozenset(
    {
        HangupCause.NO_USER_RESPONSE,
        HangupCause.RECOVERY_ON_TIMER_EXPIRE,
        HangupCause.DESTINATION_OUT_OF_ORDER,
        HangupCause.NORMAL_CIRCUIT_CONGESTION,
        HangupCause.NORMAL_TEMPORARY_FAILURE,
    }
)


def _is_trunks_fault(cause: HangupCause, code: int) -> bool:
    """Whether another trunk may do better: the carrier failed, or did not answer at all."""
    return 500 <= code < 600 or code == 408 or (code == 0 and cause in _FAULTS)


def _dial(context: Context, data: ExternalData, dialling: Dialling) -> Do | None:
    payer = _payer(context, data)
    destination = destination_of(data.number, payer.country, context.flow.plan)
    if not isinstance(destination, OutsideNumber):
        return None
    number, rest = destination.number, dialling.trunks
    while rest:
        trunk, rest = context.flow.trunks.get(rest[0]), rest[1:]
        if trunk is None:
            continue
        withheld = context.call.withheld
        external = context.call.identity
        if external is None or number.kind is NumberKind.EMERGENCY:
            external = external_identity(payer, _purpose(number, payer), withheld=withheld)
        request = outgoing_request(trunk, number, external, internal_identity(payer, withheld=withheld))
        timeout = max(min(data.timeout, LONGEST_RINGING), 1)
        is_emergency = number.kind is NumberKind.EMERGENCY
        is_forward = bool(context.call.forwards.by)
        return Do(Dial(trunk.id, request, timeout, is_emergency, is_forward), Dialling(rest))
    return None


def _payer(context: Context, data: ExternalData) -> Payer:
    return _payer_of(context.flow, context.call, data)


def _payer_of(flow: Flow, call: Call, data: ExternalData) -> Payer:
    return flow.payer(call.user_id, call.device_id) if data.caller_pays else Payer(flow.account)


def _purpose(number: PublicNumber, payer: Payer) -> Purpose:
    if number.kind is NumberKind.EMERGENCY:
        return Purpose.EMERGENCY
    return Purpose.FAX if payer.device is not None and payer.device.is_fax else Purpose.EXTERNAL
