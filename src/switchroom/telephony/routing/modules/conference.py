"""Module `conference`: the PIN, then in.

Where only moderators have one, who enters none comes in as a member.
"""

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
    conference = context.flow.conferences.get(data.id)
    if conference is None:
        return leave(HangupCause.NO_ROUTE_DESTINATION)
    if conference.has_pin or conference.has_moderators_pin:
        return _ask(ConferenceState(), PromptName.CONFERENCE_PIN)
    return _join(conference)


def resume(context: Context, data: ConferenceData, state: ConferenceState, event: Event) -> Turn:
    conference = context.flow.conferences.get(data.id)
    if conference is None:
        return leave(HangupCause.NO_ROUTE_DESTINATION)
    if state.is_in:
        return _left(event)
    match event:
        case Timeout() | Digits("" | "#") if not conference.has_pin:
            return _join(conference)
        case Digits(digits) if digits:
            return Do(CheckPin(conference.id, digits), state)
        case PinChecked(True, is_moderator):
            return _join(conference, is_moderator=is_moderator)
        case PinChecked() | Timeout() | Digits():
            if state.left > 1:
                return _ask(ConferenceState(left=state.left - 1), PromptName.CONFERENCE_PIN_WRONG)
            return leave(HangupCause.CALL_REJECTED, notice=PromptName.GOODBYE)
        case Failed(cause, code):
            return leave(cause, code)
        case _:
            return Stay()


_NOTICES = {
    HangupCause.USER_BUSY: PromptName.CONFERENCE_FULL,
    HangupCause.CALL_REJECTED: PromptName.CONFERENCE_LOCKED,
}
"""Notices to a caller who is not let in, by the cause."""


def _left(event: Event) -> Turn:
    match event:
        case Finished():
            return go_on()
        case Failed(cause, code):
            return leave(cause, code, _NOTICES.get(cause))
        case _:
            return Stay()


def _ask(state: ConferenceState, prompt: PromptName) -> Do:
    return Do(Collect((Named(prompt),), most=PIN_DIGITS, first=PIN_SECONDS, between=PIN_SECONDS), state)


def _join(conference: Conference, *, is_moderator: bool = False) -> Do:
    action = JoinConference(
        conference.id,
        muted=conference.members_join_muted,
        is_moderator=is_moderator,
        announce=conference.members_announce_join_leave,
        language=conference.language,
    )
    return Do(action, ConferenceState(is_in=True))
