"""Modules that do one thing: `calendar`, `play`, `voicemail`, `check_voicemail`, `callflow`, `hangup`, and
those that are not there yet."""

from __future__ import annotations

from switchroom.telephony.routing.actions import (
    CheckVoicemail,
    Digits,
    Event,
    Failed,
    Finished,
    Jumped,
    JumpTo,
    LeaveVoicemail,
    Log,
    Play,
)
from switchroom.telephony.routing.flow import (
    CalendarData,
    CallflowData,
    CheckVoicemailData,
    Module,
    PlayData,
    VoicemailData,
)
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.opening_hours import is_open
from switchroom.telephony.routing.prompts import Named, PromptName, Sound
from switchroom.telephony.routing.state import (
    Context,
    Do,
    Jumping,
    Leave,
    Stay,
    Turn,
    Waiting,
    go_on,
    leave,
)


def branch(context: Context, data: CalendarData) -> Turn:
    """Go on with `open` or `closed`, or else with the child for all."""
    calendar = context.flow.calendars.get(data.id)
    if calendar is None:
        return leave(HangupCause.NO_ROUTE_DESTINATION)
    name = "open" if is_open(calendar, context.now) else "closed"
    return Leave((name, "_"), HangupCause.NORMAL_CLEARING, 200)


def play(data: PlayData) -> Turn:
    return Do(Play((Sound(data.id),), digits_stop=True), Waiting())


def leave_voicemail(context: Context, data: VoicemailData) -> Turn:
    if data.id not in context.flow.vmboxes:
        return leave(HangupCause.NO_ROUTE_DESTINATION)
    return Do(LeaveVoicemail(vmbox_id=data.id), Waiting())


def check_voicemail(context: Context, data: CheckVoicemailData) -> Turn:
    if data.id is None:
        return Do(CheckVoicemail(is_own=context.call.user_id is not None), Waiting())
    box = context.flow.vmboxes.get(data.id)
    if box is None:
        return leave(HangupCause.NO_ROUTE_DESTINATION)
    is_own = box.owner_id is not None and box.owner_id == context.call.user_id
    return Do(CheckVoicemail(vmbox_id=data.id, mailbox=box.mailbox, is_own=is_own), Waiting())


def jump(data: CallflowData) -> Turn:
    return Do(JumpTo(callflow_id=data.id), Jumping())


def announce_later(context: Context, module: Module) -> Turn:
    """Log that the module is not there yet, and say so."""
    log = Log("callflow module is not available yet", f"{module.value} in callflow {context.flow.id}")
    return Do(log, Waiting("later"))


def resume(waiting: Waiting, event: Event) -> Turn:
    """Go on when the one action is over; `0` in a voicemail box goes to the operator, a child of that
    name."""
    match event:
        case Finished() if waiting.stage == "later":
            return Do(Play((Named(PromptName.NOT_AVAILABLE_YET),)), Waiting("announced"))
        case Finished() if waiting.stage == "announced":
            return Leave((), HangupCause.SERVICE_NOT_IMPLEMENTED, 501)
        case Finished():
            return go_on()
        case Digits("0"):
            return Leave(("0", "_"), HangupCause.NORMAL_CLEARING, 200)
        case Failed(cause, code):
            return leave(cause, code)
        case _:
            return Stay()


def after_jump(event: Event) -> Turn:
    """A jump that failed; one that went well is the interpreter's."""
    match event:
        case Failed(cause, code):
            return leave(cause, code)
        case Jumped() | _:
            return Stay()
