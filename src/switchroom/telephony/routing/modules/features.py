"""Feature codes: forwarding, voicemail, groups, intercom, a hidden number. Parking, pickup, hotdesking and
moving of calls are not there yet."""

from __future__ import annotations

from msgspec import structs

from switchroom.telephony.routing.actions import (
    ChangeForwarding,
    CheckVoicemail,
    Collect,
    Digits,
    Event,
    Failed,
    Finished,
    JumpTo,
    LeaveVoicemail,
    Log,
    LogInToGroup,
    Play,
    Timeout,
)
from switchroom.telephony.routing.caller_id import anonymous
from switchroom.telephony.routing.configuration import CallForward
from switchroom.telephony.routing.destinations import Feature, Internal, Outside, destination_of
from switchroom.telephony.routing.flow import FeatureData, Module, Node
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.number_kinds import NumberKind
from switchroom.telephony.routing.prompts import Named, PromptName, SayDigits
from switchroom.telephony.routing.restrictions import Payer, refusal
from switchroom.telephony.routing.state import (
    Context,
    Do,
    FeatureState,
    Jumping,
    Leave,
    Stay,
    Turn,
    Waiting,
    go_on,
    leave,
)

FORWARD_LEAST, FORWARD_MOST = 3, 20
FORWARD_SECONDS = 8

THERE = frozenset(
    {
        Feature.FORWARD_ON,
        Feature.FORWARD_OFF,
        Feature.FORWARD_TOGGLE,
        Feature.FORWARD_UPDATE,
        Feature.CHECK_VOICEMAIL,
        Feature.OWN_VOICEMAIL,
        Feature.DIRECT_VOICEMAIL,
        Feature.INTERCOM,
        Feature.WITHHOLD,
        Feature.GROUP_LOGIN,
        Feature.GROUP_LOGOUT,
    }
)
"""Features that are there; of the others callers are told that they are not yet."""

_FEATURES = {one.value: one for one in Feature}
_ANNOUNCED, _ENTERED, _LATER = "announced", "entered", "later"
_IN, _OUT = "in", "out"


def feature_node(feature: Feature) -> Node:
    """The flow that a feature code stands for, whatever its callflow says."""
    return Node(Module.FEATURE_CODE, FeatureData(feature.value))


def enter(context: Context, data: FeatureData) -> Turn:
    digits = context.call.digits
    match _feature(data):
        case Feature.FORWARD_ON:
            return _ask(context) if not digits else _forward_to(context, digits)
        case Feature.FORWARD_OFF:
            return _change(context, enabled=False)
        case Feature.FORWARD_TOGGLE:
            return _toggle(context, digits)
        case Feature.FORWARD_UPDATE:
            return _ask(context)
        case Feature.CHECK_VOICEMAIL | Feature.OWN_VOICEMAIL:
            is_own = context.call.user_id is not None
            return Do(CheckVoicemail(mailbox=digits, is_own=is_own), Waiting())
        case Feature.DIRECT_VOICEMAIL:
            return Do(LeaveVoicemail(mailbox=digits), Waiting()) if digits else _unknown()
        case Feature.INTERCOM:
            return _jump(context, digits, extensions_only=True, auto_answer=True)
        case Feature.WITHHOLD:
            return _jump(context, digits, withheld=True)
        case Feature.GROUP_LOGIN:
            return Do(LogInToGroup(logged=True, number=digits), FeatureState(_IN))
        case Feature.GROUP_LOGOUT:
            return Do(LogInToGroup(logged=False, number=digits), FeatureState(_OUT))
        case _:
            log = Log("feature code is not available yet", data.feature[:100])
            return Do(log, FeatureState(_LATER))


def resume(context: Context, data: FeatureData, state: FeatureState, event: Event) -> Turn:
    match event:
        case Digits(digits) if state.stage == _ENTERED:
            return _forward_to(context, digits)
        case Timeout() if state.stage == _ENTERED:
            return Leave((), HangupCause.NORMAL_CLEARING, 200, notice=PromptName.GOODBYE)
        case Finished() if state.stage == _LATER:
            return Do(Play((Named(PromptName.NOT_AVAILABLE_YET),)), FeatureState(_ANNOUNCED))
        case Finished() if state.stage == _ANNOUNCED:
            return go_on()
        case Finished():
            # The change is said: the number of a forward is read back.
            return Do(Play(_said(state.stage)), FeatureState(_ANNOUNCED))
        case Failed(cause, code) if state.stage in (_IN, _OUT):
            return Leave((), cause, code, notice=PromptName.GROUP_NOT_AUTHORIZED)
        case Failed(cause, code):
            return leave(cause, code)
        case _:
            return Stay()


def needs_answer(data: FeatureData) -> bool:
    """Whether the caller is to be answered first; not where the call goes on to somebody else."""
    return _feature(data) not in (Feature.INTERCOM, Feature.WITHHOLD)


def _feature(data: FeatureData) -> Feature | None:
    return _FEATURES.get(data.feature)


def _ask(context: Context) -> Turn:
    if context.call.user_id is None and context.call.device_id is None:
        return leave(HangupCause.CALL_REJECTED)
    collect = Collect((Named(PromptName.FORWARD_ENTER_NUMBER),), most=FORWARD_MOST, first=FORWARD_SECONDS)
    return Do(collect, FeatureState(_ENTERED))


def _forward_to(context: Context, digits: str) -> Turn:
    """Forward to the number, if the forwarding user or device may call it."""
    payer = _payer(context)
    destination = destination_of(digits, payer.country, context.flow.plan)
    number = destination.number if isinstance(destination, Outside) else None
    if number is not None and (number.kind is NumberKind.EMERGENCY or refusal(number, payer) is not None):
        return Leave((), HangupCause.OUTGOING_CALL_BARRED, 403, notice=PromptName.CALL_RESTRICTED)
    is_number = isinstance(destination, Outside | Internal) and digits.isdecimal()
    if not is_number or not FORWARD_LEAST <= len(digits) <= FORWARD_MOST:
        return Leave((), HangupCause.INVALID_NUMBER_FORMAT, 484, notice=PromptName.FORWARD_INVALID)
    return _change(context, enabled=True, number=digits)


def _toggle(context: Context, digits: str) -> Turn:
    forward = _forward(_payer(context))
    if forward.enabled:
        return _change(context, enabled=False)
    if digits:
        return _forward_to(context, digits)
    return _change(context, enabled=True) if forward.number else _ask(context)


def _change(context: Context, *, enabled: bool, number: str | None = None) -> Turn:
    """Change the forwarding of the user, or of a device that nobody has."""
    payer, call = _payer(context), context.call
    if payer.user is None and payer.device is None:
        return leave(HangupCause.CALL_REJECTED)
    user_id = payer.user.id if payer.user is not None else None
    action = ChangeForwarding(
        enabled, number, user_id=user_id, device_id=call.device_id if user_id is None else None
    )
    spoken = number if number is not None else _forward(payer).number
    return Do(action, FeatureState(f"on:{spoken}" if enabled else "off"))


def _said(stage: str) -> tuple[Named | SayDigits, ...]:
    if stage in (_IN, _OUT):
        return (Named(PromptName.GROUP_LOGGED_IN if stage == _IN else PromptName.GROUP_LOGGED_OUT),)
    is_on, _, number = stage.partition(":")
    if is_on != "on":
        return (Named(PromptName.FORWARD_OFF),)
    return (Named(PromptName.FORWARD_ON), SayDigits(number))


def _payer(context: Context) -> Payer:
    return context.flow.payer(context.call.user_id, context.call.device_id)


def _forward(payer: Payer) -> CallForward:
    if payer.user is not None:
        return payer.user.call_forward
    return payer.device.call_forward if payer.device is not None else CallForward()


def _jump(
    context: Context,
    digits: str,
    *,
    extensions_only: bool = False,
    auto_answer: bool = False,
    withheld: bool = False,
) -> Turn:
    if not digits:
        return _unknown()
    call = structs.replace(
        context.call,
        caller=anonymous() if withheld else context.call.caller,
        dialled=digits,
        digits="",
        auto_answer=auto_answer,
        withheld=withheld or context.call.withheld,
    )
    return Do(JumpTo(number=digits, extensions_only=extensions_only), Jumping(), call)


def _unknown() -> Leave:
    return Leave((), HangupCause.INVALID_NUMBER_FORMAT, 484, notice=PromptName.NUMBER_UNKNOWN)
