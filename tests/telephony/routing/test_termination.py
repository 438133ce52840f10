"""Every call ends, and nothing is raised, whatever flows and events there are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from switchroom.telephony.routing.actions import (
    Action,
    Answer,
    Answered,
    Busy,
    ChangeForwarding,
    CheckPin,
    CheckVoicemail,
    Collect,
    Dial,
    Digits,
    Event,
    Failed,
    Finished,
    Hangup,
    HungUp,
    JoinConference,
    Jumped,
    JumpTo,
    LeaveVoicemail,
    Log,
    LogInToGroup,
    NoAnswer,
    PinChecked,
    Play,
    Ring,
    Started,
    Timeout,
)
from switchroom.telephony.routing.call import Call
from switchroom.telephony.routing.destinations import Feature
from switchroom.telephony.routing.flow import Module, Node, decode_stored
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.interpreter import start, step
from switchroom.telephony.routing.modules.features import feature_node
from switchroom.telephony.routing.state import decode as decode_state
from switchroom.telephony.routing.state import encode as encode_state
from tests.telephony.routing.account import ACCOUNT, ANNA, NOON

FLOWS = (900, 901, 902)
MOST_ACTIONS = 3000

_KEYS = st.sampled_from(
    ["1", "2", "_", "timeout", "max_retries", "open", "closed", "USER_BUSY", "480", "0", "ü"]
)
_IDS = st.sampled_from([1, 2, 4, 5, 6, 7, 8, 9, 10, 91, 12345, *FLOWS])
_MODULES = st.sampled_from([one.value for one in Module if one is not Module.FEATURE_CODE])
_NUMBERS = st.sampled_from(["100", "030 99999", "0900 1234567", "112", "müller", "", "*97"])


def _nodes(children: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "module": _MODULES,
            "data": st.fixed_dictionaries({"id": _IDS, "number": _NUMBERS}),
            "children": st.dictionaries(_KEYS, children, max_size=3),
        }
    )


_TREES = st.recursive(_nodes(st.nothing()), _nodes, max_leaves=8)
_ROOTS = _TREES.map(decode_stored) | st.sampled_from(list(Feature)).map(feature_node)
_JUMPS = _nodes(_TREES).map(lambda node: {**node, "module": "callflow"}).map(decode_stored)
_CALLS = st.builds(
    Call,
    user_id=st.sampled_from([None, ANNA, 77]),
    device_id=st.sampled_from([None, 10, 77]),
    digits=st.sampled_from(["", "100", "0900123456", "*67100"]),
)
_FAILURES = st.builds(Failed, st.sampled_from(HangupCause), st.integers(0, 699))
_DIGITS = st.text(alphabet="0123456789*#ü", max_size=7).map(Digits)


def _events_of(action: Action) -> st.SearchStrategy[Event]:
    """The events that may answer an action. Who is called does not answer, so that the flow goes on."""
    match action:
        case Ring() | Dial():
            return st.just(NoAnswer()) | st.just(Busy()) | _FAILURES
        case Collect():
            return _DIGITS | st.just(Timeout())
        case CheckPin():
            return st.builds(PinChecked, st.booleans())
        case LeaveVoicemail() | CheckVoicemail():
            return st.just(Finished()) | st.just(Digits("0")) | _FAILURES
        case JumpTo():
            return st.builds(Jumped, st.sampled_from(["", "100"])) | _FAILURES
        case Answer() | Play() | JoinConference() | ChangeForwarding() | LogInToGroup() | Log():
            return st.just(Finished())
        case Hangup():
            raise AssertionError("no event follows")


@settings(max_examples=300, deadline=None)
@given(st.data(), st.lists(_ROOTS | _JUMPS, min_size=3, max_size=3), _CALLS)
def test_every_call_ends(data: st.DataObject, roots: list[Node], call: Call) -> None:
    flows = {id_: replace(ACCOUNT, id=id_, root=root) for id_, root in zip(FLOWS, roots, strict=True)}
    flow = flows[900]
    state, action = step(flow, start(flow, call), Started(), NOON)
    # After some that are drawn, the events are those that let a round of flows go on for ever.
    for number in range(MOST_ACTIONS):
        if isinstance(action, Hangup) or action is None:
            break
        choice = _events_of(action)
        event = data.draw(choice) if number < 30 else _patient(action)
        if isinstance(event, Jumped) and isinstance(action, JumpTo):
            flow = flows.get(action.callflow_id or 901, flow)
        now = NOON + timedelta(seconds=number)
        state, action = step(flow, decode_state(encode_state(state)), event, now)

    assert isinstance(action, Hangup)
    assert state.is_ended


def _patient(action: Action) -> Event:
    """The event of a caller who waits, and whom nobody answers."""
    match action:
        case Ring() | Dial():
            return NoAnswer()
        case Collect():
            return Digits("1")
        case JumpTo():
            return Jumped()
        case CheckPin():
            return PinChecked(is_right=False)
        case _:
            return Finished()


_ANY_EVENTS = st.one_of(
    st.sampled_from([Started(), Answered(), NoAnswer(), Busy(), Timeout(), Finished(), Jumped(), HungUp()]),
    st.builds(PinChecked, st.booleans()),
    _DIGITS,
    _FAILURES,
)


@settings(max_examples=300, deadline=None)
@given(_ROOTS, _ROOTS, _CALLS, st.lists(_ANY_EVENTS, max_size=15))
def test_no_sequence_of_events_raises(root: Node, other: Node, call: Call, events: list[Event]) -> None:
    """Also events that no action asked for, and a flow that is changed in the middle of a call."""
    flow = replace(ACCOUNT, root=root)
    state = start(flow, call)
    for number, event in enumerate([Started(), *events]):
        if number == 7:
            flow = replace(ACCOUNT, root=other)
        state, action = step(flow, decode_state(encode_state(state)), event, NOON)
        assert state.is_ended or action is not None or event is not Started()
        assert not isinstance(action, Hangup) or state.is_ended
