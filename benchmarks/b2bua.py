"""Simple B2BUA of the SIP user agent alone, as Sippy's is one: `b2bua.py PORT CALLED_PORT`, on loopback. It
has no media, records, events or callflows, and ends both legs together."""

from __future__ import annotations

import asyncio
import sys

from switchroom.engines.sip.core import AgentOptions
from switchroom.engines.sip.events import Answered, Cancelled, Ended, Failed, Progress, SessionEvent
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.engines.sip.message import Request
from switchroom.engines.sip.session import Session
from switchroom.engines.sip.user_agent import UserAgent
from switchroom.platform.loop import run

_HOST = "127.0.0.1"


class _Bridge:
    """Listener of a user agent that connects each call to the port that is called."""

    def __init__(self, called: int) -> None:
        self.called = called
        self.agent: UserAgent | None = None

    def on_call(self, call: IncomingCall) -> None:
        assert self.agent is not None
        _Pair(self.agent, call, self.called)

    def on_message(self, request: Request) -> int:
        return 405


class _Pair:
    """The two legs of a call, both up or going to be."""

    def __init__(self, agent: UserAgent, caller: IncomingCall, called: int) -> None:
        self._caller = caller
        caller.listener = self._of_caller
        self._callee = agent.call(
            f"sip:201@{_HOST}:{called}",
            self._of_callee,
            from_=caller.invite.from_,
            sdp=caller.offer,
            max_forwards=caller.invite.max_forwards - 1,
        )

    def _of_caller(self, session: Session, event: SessionEvent) -> None:
        if isinstance(event, Cancelled | Ended):
            self._callee.cancel()

    def _of_callee(self, session: Session, event: SessionEvent) -> None:
        match event:
            case Progress(status=status, sdp=sdp):
                self._caller.progress(status, sdp or b"")
            case Answered(sdp=sdp):
                self._caller.answer(sdp or b"")
            case Failed(status=status):
                self._caller.refuse(status)
            case Ended():
                self._caller.bye()
            case _:
                pass


async def _serve(port: int, called: int) -> None:
    bridge = _Bridge(called)
    bridge.agent = await UserAgent.open((_HOST, port), AgentOptions(), bridge)
    await asyncio.Event().wait()


if __name__ == "__main__":
    run(_serve(int(sys.argv[1]), int(sys.argv[2])))
