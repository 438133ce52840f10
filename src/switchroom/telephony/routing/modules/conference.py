"""Module `conference`: the PIN, then in."""

from __future__ import annotations

from switchroom.telephony.routing.actions import (
    CheckPin,
    Collect,
    Digits,
    Event,
    Failed,
    Finished,
    JoinConference,
    PinChecked,
    Timeout,
)
from switchroom.telephony.routing.configuration import Conference
from switchroom.telephony.routing.flow import ConferenceData
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.prompts import Named, PromptName
from switchroom.telephony.routing.state import ConferenceState, Context, Do, Stay, Turn, go_on, leave

PIN_DIGITS = 10
PIN_SECONDS = 5


def enter(context: Context, data: ConferenceData) -> Turn:
    conference = context.flow.conferences.get(data.id) if data.id is not None else None
    if conference is None:
        return leave(HangupCause.NO_ROUTE_DESTINATION)
    return _ask(ConferenceState(), PromptName.CONFERENCE_PIN) if conference.has_pin else _join(conference)


def resume(context: Context, data: ConferenceData, state: ConferenceState, event: Event) -> Turn:
    conference = context.flow.conferences.get(data.id) if data.id is not None else None
    if conference is None:
        return leave(HangupCause.NO_ROUTE_DESTINATION)
    if state.is_in:
        return _left(event)
    match event:
        case Digits(digits) if digits:
            return Do(CheckPin(conference.id, digits), state)
        case PinChecked(True):
            return _join(conference)
        case PinChecked() | Timeout() | Digits():
            if state.left > 1:
                return _ask(ConferenceState(left=state.left - 1), PromptName.CONFERENCE_PIN_WRONG)
            return leave(HangupCause.CALL_REJECTED, notice=PromptName.GOODBYE)
        case Failed(cause, code):
            return leave(cause, code)
        case _:
            return Stay()


def _left(event: Event) -> Turn:
    match event:
        case Finished():
            return go_on()
        case Failed(cause, code):
            is_full = cause is HangupCause.USER_BUSY
            return leave(cause, code, PromptName.CONFERENCE_FULL if is_full else None)
        case _:
            return Stay()


def _ask(state: ConferenceState, prompt: PromptName) -> Do:
    return Do(Collect((Named(prompt),), most=PIN_DIGITS, first=PIN_SECONDS, between=PIN_SECONDS), state)


def _join(conference: Conference) -> Do:
    action = JoinConference(
        conference.id,
        muted=conference.members_join_muted,
        announce=conference.members_announce_join_leave,
        language=conference.language,
    )
    return Do(action, ConferenceState(is_in=True))
