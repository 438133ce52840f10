"""Interpreter of callflows: a pure function of the flow, the state of a call, an event and the time to the
next state and the next action.

The call that carries out the actions gives each one's event back, together with the flow that the state is
in: after `JumpTo` the one that was jumped to. No action means that what was begun goes on. Nothing is raised,
whatever the flow and the event: what cannot be done ends in a child or in a hangup.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import structs

from switchroom.telephony.routing.actions import (
    Action,
    Answer,
    Event,
    Failed,
    Finished,
    Hangup,
    HungUp,
    Jumped,
    JumpTo,
    Play,
    Started,
)
from switchroom.telephony.routing.call import Call, Flow
from switchroom.telephony.routing.flow import (
    CalendarData,
    CallflowData,
    CheckVoicemailData,
    ConferenceData,
    ExternalData,
    FeatureData,
    GroupData,
    HangupData,
    LaterData,
    MenuData,
    Node,
    PlayData,
    RingData,
    VoicemailData,
)
from switchroom.telephony.routing.hangup_causes import HangupCause, sip_code
from switchroom.telephony.routing.modules import conference, features, menu, outside, phones, simple
from switchroom.telephony.routing.prompts import Named
from switchroom.telephony.routing.state import (
    Answering,
    Closing,
    ConferenceState,
    Connect,
    Context,
    Dialling,
    Do,
    FeatureState,
    Jumping,
    Leave,
    MenuState,
    Pending,
    Ringing,
    State,
    Stay,
    Turn,
    Waiting,
    leave,
)

MOST_JUMPS = 100
MOST_SILENT_JUMPS = 10

Step = tuple[State, Action | None]


def start(flow: Flow, call: Call) -> State:
    """The state of a call that comes to a flow; its first event is Started."""
    return State(call=call, flow_id=flow.id)


def step(flow: Flow, state: State, event: Event, now: datetime) -> Step:
    """The next state, and what is to be done. `now` is a time with a zone."""
    if state.is_ended:
        return state, None
    if isinstance(event, HungUp):
        return structs.replace(state, is_ended=True, pending=None), None
    if state.is_connected:
        return state, None
    if isinstance(event, Started):
        return _enter(flow, state, now) if state.pending is None else (state, None)
    if isinstance(event, Jumped):
        return _arrived(flow, state, event, now)
    match state.pending:
        case Answering():
            return _answered(flow, state, event, now)
        case Closing() as closing:
            return _close(state, closing, event)
        case None:
            return state, None
        case _:
            return _resume(flow, state, event, now)


def _enter(flow: Flow, state: State, now: datetime) -> Step:
    """Begin the module that the path leads to, and those after it that have nothing to wait for."""
    node = _node(flow, state)
    if node is None:
        return _hang_up(state, HangupCause.NORMAL_CLEARING, sip_code(HangupCause.NORMAL_CLEARING))
    if not state.is_answered and _needs_answer(node):
        return structs.replace(state, pending=Answering()), Answer()
    state = structs.replace(state, pending=None)
    return _taken(flow, state, _entered(Context(flow, state, now), node), now)


def _entered(context: Context, node: Node) -> Turn:
    match node.data:
        case RingData() as data:
            return phones.ring(context, node.module, data)
        case GroupData() as data:
            return phones.ring_group(context, data)
        case MenuData() as data:
            return menu.enter(context, node, data)
        case CalendarData() as data:
            return simple.branch(context, data)
        case PlayData() as data:
            return simple.play(data)
        case VoicemailData() as data:
            return simple.leave_voicemail(context, data)
        case CheckVoicemailData() as data:
            return simple.check_voicemail(context, data)
        case ConferenceData() as data:
            return conference.enter(context, data)
        case CallflowData() as data:
            return simple.jump(data)
        case ExternalData() as data:
            return outside.enter(context, data)
        case FeatureData() as data:
            return features.enter(context, data)
        case HangupData():
            return Leave((), HangupCause.NORMAL_CLEARING, sip_code(HangupCause.NORMAL_CLEARING))
        case LaterData():
            return simple.announce_later(context, node.module)


def _resume(flow: Flow, state: State, event: Event, now: datetime) -> Step:
    node = _node(flow, state)
    if node is None:
        # The flow was changed meanwhile: the module is no longer there.
        return _hang_up(state, HangupCause.NORMAL_CLEARING, sip_code(HangupCause.NORMAL_CLEARING))
    return _taken(flow, state, _resumed(Context(flow, state, now), node, event), now)


def _resumed(context: Context, node: Node, event: Event) -> Turn:
    match context.state.pending, node.data:
        case Ringing() as pending, (RingData() | GroupData()) as data:
            return phones.after_ringing(context, data, pending, event)
        case Dialling() as pending, ExternalData() as data:
            return outside.resume(context, data, pending, event)
        case MenuState() as pending, MenuData() as data:
            turn = menu.resume(context, node, data, pending, event)
        case Jumping(back=MenuState() as pending), MenuData() as data if isinstance(event, Failed):
            found = context.flow.menus.get(data.id)
            return menu.again(found, node, pending, is_invalid=True) if found else _gone()
        case ConferenceState() as pending, ConferenceData() as data:
            turn = conference.resume(context, data, pending, event)
        case FeatureState() as pending, FeatureData() as data:
            turn = features.resume(context, data, pending, event)
        case Waiting() as pending, _:
            turn = simple.resume(pending, event)
        case Jumping(), _:
            turn = simple.after_jump(event)
        case _:
            # The module was exchanged for another meanwhile.
            return _gone()
    if isinstance(turn, Stay) and isinstance(event, Failed):
        return leave(event.cause, event.code)
    return turn


def _taken(flow: Flow, state: State, turn: Turn, now: datetime) -> Step:
    """Next state and action after a module's turn."""
    match turn:
        case Do(action, pending, call):
            if isinstance(action, JumpTo):
                return _jump(state, action, pending, call)
            return structs.replace(state, pending=pending, silent_jumps=0), action
        case Connect():
            return structs.replace(state, pending=None, is_answered=True, is_connected=True), None
        case Stay():
            return state, None
        case Leave():
            node = _node(flow, state)
            child = next((one for one in turn.children if node is not None and one in node.children), None)
            if child is not None:
                return _enter(flow, structs.replace(state, path=(*state.path, child)), now)
            return _end(state, turn)


def _jump(state: State, action: JumpTo, pending: Pending, call: Call | None) -> Step:
    """Jump, unless the call has been round in circles."""
    if state.jumps >= MOST_JUMPS or state.silent_jumps >= MOST_SILENT_JUMPS:
        cause = HangupCause.EXCHANGE_ROUTING_ERROR
        return _hang_up(state, cause, sip_code(cause))
    return structs.replace(
        state,
        pending=pending,
        call=call if call is not None else state.call,
        jumps=state.jumps + 1,
        silent_jumps=state.silent_jumps + 1,
    ), action


def _arrived(flow: Flow, state: State, event: Jumped, now: datetime) -> Step:
    if not isinstance(state.pending, Jumping):
        return state, None
    call = structs.replace(state.call, digits=event.digits)
    return _enter(flow, structs.replace(state, call=call, flow_id=flow.id, path=(), pending=None), now)


def _answered(flow: Flow, state: State, event: Event, now: datetime) -> Step:
    match event:
        case Finished():
            return _enter(flow, structs.replace(state, is_answered=True, pending=None), now)
        case Failed(cause, code):
            return _hang_up(state, cause, code)
        case _:
            return state, None


def _end(state: State, turn: Leave) -> Step:
    """End for lack of a child, after a notice if there is one: a caller who is refused is told so."""
    if turn.notice is None:
        return _hang_up(state, turn.cause, turn.code)
    closing = Closing(turn.cause, turn.code, turn.notice)
    if not state.is_answered:
        return structs.replace(state, pending=closing), Answer()
    return _play_notice(state, closing)


def _close(state: State, closing: Closing, event: Event) -> Step:
    match event:
        case Finished() if not closing.is_played:
            return _play_notice(structs.replace(state, is_answered=True), closing)
        case Finished() | Failed():
            return _hang_up(state, closing.cause, closing.code)
        case _:
            return state, None


def _play_notice(state: State, closing: Closing) -> Step:
    pending = structs.replace(closing, is_played=True)
    return structs.replace(state, pending=pending), Play((Named(closing.notice),))


def _hang_up(state: State, cause: HangupCause, code: int) -> Step:
    """End the call. One that nobody has answered cannot end with a 200: then nobody was there."""
    if not state.is_answered and not 300 <= code < 700:
        code = sip_code(cause)
        if code < 300:
            code = 480
    return structs.replace(state, is_ended=True, pending=None), Hangup(cause, code)


def _node(flow: Flow, state: State) -> Node | None:
    """The node that the state is at, or None where the flow has changed, or is another."""
    if flow.id != state.flow_id:
        return None
    node: Node | None = flow.root
    for key in state.path:
        node = node.children.get(key) if node is not None else None
    return node


def _needs_answer(node: Node) -> bool:
    match node.data:
        case (
            MenuData() | PlayData() | VoicemailData() | CheckVoicemailData() | ConferenceData() | LaterData()
        ):
            return True
        case FeatureData() as data:
            return features.needs_answer(data)
        case _:
            return False


def _gone() -> Leave:
    return Leave((), HangupCause.NORMAL_CLEARING, sip_code(HangupCause.NORMAL_CLEARING))
