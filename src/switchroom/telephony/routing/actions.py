"""Actions and events of a callflow: what is to be done next for a caller, and what came of it.

Each action is answered by one of the events that it names. `HungUp` and `Failed` may come at any time.
"""

from __future__ import annotations

from msgspec import Struct

from switchroom.telephony.routing.call import Forwards
from switchroom.telephony.routing.caller_id import Identity
from switchroom.telephony.routing.destinations import Destination
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.prompts import Prompt
from switchroom.telephony.routing.trunks import TrunkRequest


class DeviceTarget(Struct, frozen=True, tag="device"):
    """A phone that rings from `delay` on, for `timeout` seconds."""

    device_id: int
    delay: int = 0
    timeout: int = 20


class NumberTarget(Struct, frozen=True, tag="number"):
    """A forward: the call goes on to `destination`, at the cost of that user or device.

    With `require_key_press` it counts as answered when `1` is pressed within `key_seconds`, else as
    rejected. The identity is for the public network; inside, the caller is shown. What is called in turn
    carries `forwards`.
    """

    number: str
    destination: Destination
    user_id: int | None
    device_id: int | None
    identity: Identity
    forwards: Forwards
    require_key_press: bool = False
    key_seconds: int = 7
    delay: int = 0
    timeout: int = 20


Target = DeviceTarget | NumberTarget


class Ring(Struct, frozen=True, tag="ring"):
    """Ring all targets at once, each after its delay, until one answers or `timeout` seconds have passed.

    A rejection ends the others only with `fail_on_single_reject`. `group_id` is set where the turn of a
    group is to be counted, `music_on_hold_id` is the group's. Answered by Answered, NoAnswer, Busy or Failed.
    """

    targets: tuple[Target, ...]
    timeout: int
    caller: Identity
    music_on_hold_id: int | None = None
    fail_on_single_reject: bool = False
    auto_answer: bool = False
    group_id: int | None = None


class Dial(Struct, frozen=True, tag="dial"):
    """Call a number over a trunk. Answered by Answered, NoAnswer (it rang), Busy or Failed."""

    trunk_id: int
    request: TrunkRequest
    timeout: int
    is_emergency: bool = False
    is_forward: bool = False


class Answer(Struct, frozen=True, tag="answer"):
    """Answer the caller. Answered by Finished."""


class Play(Struct, frozen=True, tag="play"):
    """Play prompts; with `digits_stop` any digit ends them. Answered by Finished."""

    prompts: tuple[Prompt, ...]
    digits_stop: bool = False


class Collect(Struct, frozen=True, tag="collect"):
    """Play prompts and collect up to `most` digits, the first of which ends the prompts.

    `first` seconds are for the first digit, from the end of the prompts on, `between` for each further; `#`
    ends the entry and is none of it, unless nothing else was pressed. Answered by Digits, or Timeout
    without any.
    """

    prompts: tuple[Prompt, ...]
    most: int
    first: int = 10
    between: int = 2


class JoinConference(Struct, frozen=True, tag="join_conference"):
    """Join a conference, with `muted` begin muted, unless as a moderator; `is_moderator` is whether the
    caller has entered the PIN of one. Answered by Finished when the caller leaves, or by Failed: busy if it
    is full, rejected if it is locked."""

    conference_id: int
    muted: bool = False
    is_moderator: bool = False
    announce: bool = False
    language: str = ""


class CheckPin(Struct, frozen=True, tag="check_pin"):
    """Compare digits with the PINs of a conference. Answered by PinChecked."""

    conference_id: int
    digits: str


class LeaveVoicemail(Struct, frozen=True, tag="leave_voicemail"):
    """Leave a message in a box: by id, or by the number of the box or of an extension. Answered by
    Finished, by Digits `0` where the caller asks for the operator, or by Failed where there is no such
    box."""

    vmbox_id: int | None = None
    mailbox: str = ""


class CheckVoicemail(Struct, frozen=True, tag="check_voicemail"):
    """Listen to a box: by id or number, else the caller's own, else the one that is entered. `is_own` is
    whether the caller is its owner, at an own phone. Answered by Finished or Failed."""

    vmbox_id: int | None = None
    mailbox: str = ""
    is_own: bool = False


class JumpTo(Struct, frozen=True, tag="jump_to"):
    """Go on in another callflow, with the same state.

    It is the one of that id, or what the number leads to when it is dialled; with `extensions_only` nothing
    but a callflow. Answered by Jumped, with the flow that it leads to, or by Failed.
    """

    callflow_id: int | None = None
    number: str = ""
    extensions_only: bool = False


class ChangeForwarding(Struct, frozen=True, tag="change_forwarding"):
    """Change the forwarding of a user, or of a device that has no owner. A number of None stays as it is.
    Answered by Finished."""

    enabled: bool
    number: str | None = None
    user_id: int | None = None
    device_id: int | None = None


class LogInToGroup(Struct, frozen=True, tag="log_in_to_group"):
    """Log the user and the phone on the line in to the group of that number, or out of it; without a number
    of all that let their members. Answered by Finished, or by Failed where there is none."""

    logged: bool
    number: str = ""


class Log(Struct, frozen=True, tag="log"):
    """Write a line for the operator. Answered by Finished."""

    message: str
    detail: str = ""


class Hangup(Struct, frozen=True, tag="hangup"):
    """End the call: unanswered with the SIP code, else by BYE. No event follows."""

    cause: HangupCause
    code: int


Action = (
    Ring
    | Dial
    | Answer
    | Play
    | Collect
    | JoinConference
    | CheckPin
    | LeaveVoicemail
    | CheckVoicemail
    | JumpTo
    | ChangeForwarding
    | LogInToGroup
    | Log
    | Hangup
)


class Started(Struct, frozen=True, tag="started"):
    """The first event of a call."""


class Answered(Struct, frozen=True, tag="answered"):
    """A called party has answered, and talks with the caller."""


class NoAnswer(Struct, frozen=True, tag="no_answer"):
    pass


class Busy(Struct, frozen=True, tag="busy"):
    pass


class Failed(Struct, frozen=True, tag="failed"):
    """`code` is a SIP status, 0 where none was received."""

    cause: HangupCause
    code: int = 0


class Digits(Struct, frozen=True, tag="digits"):
    digits: str


class Timeout(Struct, frozen=True, tag="timeout"):
    pass


class Finished(Struct, frozen=True, tag="finished"):
    pass


class Jumped(Struct, frozen=True, tag="jumped"):
    """The flow is the one that was jumped to; `digits` are those after a feature code."""

    digits: str = ""


class PinChecked(Struct, frozen=True, tag="pin_checked"):
    is_right: bool
    is_moderator: bool = False


class HungUp(Struct, frozen=True, tag="hung_up"):
    """The call is over: the caller has gone, or one of the two who talked."""


Event = (
    Started | Answered | NoAnswer | Busy | Failed | Digits | Timeout | Finished | Jumped | PinChecked | HungUp
)


def is_rejection(event: object) -> bool:
    """Whether somebody who was called did not want the call: busy, as phones say whose button was pressed, or
    declined. A party that is away, or could not be reached, has rejected nothing."""
    return isinstance(event, Busy) or (isinstance(event, Failed) and event.cause is HangupCause.CALL_REJECTED)
