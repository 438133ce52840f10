"""A small back-to-back user agent: it calls one address for each call, and both legs end together."""

from __future__ import annotations

from switchroom.engines.sip.events import (
    Answered,
    Cancelled,
    Ended,
    Failed,
    Offered,
    Progress,
    ReferRequested,
    SessionEvent,
)
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.engines.sip.message import Request
from switchroom.engines.sip.outgoing import OutgoingCall
from switchroom.engines.sip.session import Session, SessionState
from switchroom.engines.sip.transport import Address
from switchroom.engines.sip.user_agent import UserAgent


class Bridge:
    """Listener of a user agent that connects each call to another; `answered` and `ended` count calls."""

    def __init__(self) -> None:
        self.agent: UserAgent | None = None
        self.callee: Address = ("127.0.0.1", 0)
        """Where calls go."""

        self.answered = 0
        self.ended = 0

    def on_call(self, call: IncomingCall) -> None:
        assert self.agent is not None
        _Pair(self, self.agent, call)

    def on_message(self, request: Request) -> int:
        return 200


class _Pair:
    """The two legs of a call."""

    def __init__(self, bridge: Bridge, agent: UserAgent, caller: IncomingCall) -> None:
        self._bridge = bridge
        self._caller = caller
        caller.listener = self._of_caller
        invite, (host, port) = caller.invite, bridge.callee
        self._callee: OutgoingCall = agent.call(
            f"sip:callee@{host}:{port}",
            self._of_callee,
            from_=invite.from_,
            sdp=caller.offer,
            max_forwards=invite.max_forwards - 1,
        )

    def _of_caller(self, session: Session, event: SessionEvent) -> None:
        match event:
            case Cancelled():
                self._callee.cancel()
            case Ended():
                self._bridge.ended += 1
                self._callee.cancel()
            case _:
                self._in_dialog(session, event)

    def _of_callee(self, session: Session, event: SessionEvent) -> None:
        caller = self._caller
        early = caller.state is SessionState.EARLY
        match event:
            case Progress() if early:
                caller.progress(event.status, event.sdp or b"")
            case Answered() if early:
                self._bridge.answered += 1
                caller.answer(event.sdp or b"")
            case Answered():
                session.bye()
            case Failed() if early:
                caller.refuse(event.status, event.reason)
            case Ended():
                caller.bye()
            case _:
                self._in_dialog(session, event)

    def _in_dialog(self, session: Session, event: SessionEvent) -> None:
        match event:
            case Offered():
                session.answer_offer(session.local_sdp)
            case ReferRequested():
                session.refuse_refer(event.id, 603)
            case _:
                pass
