"""A user agent on a clock that tests set, and its peer, who writes messages by hand."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from switchroom.engines.sip.address import parse_name_addr
from switchroom.engines.sip.core import AgentOptions
from switchroom.engines.sip.digest import Credentials
from switchroom.engines.sip.events import SessionEvent
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.engines.sip.message import Message, Request, Response, response_to
from switchroom.engines.sip.outgoing import OutgoingCall
from switchroom.engines.sip.session import Session
from switchroom.engines.sip.user_agent import UserAgent
from tests.sip.clock import ManualClock, Wire

_E = TypeVar("_E", bound=SessionEvent)

PEER = ("127.0.0.1", 5060)
OFFER, ANSWER = b"v=0\r\ns=offer\r\n", b"v=0\r\ns=answer\r\n"
CONTACT = ("Contact", "<sip:phone@192.0.2.9:5080>")
ALLOW = ("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE, INFO, REFER, NOTIFY")


class Peer:
    """Both ends: `agent` is what is tested, the methods write what a phone sends."""

    def __init__(self, *, session_interval: int = 0, kept_headers: tuple[str, ...] = ()) -> None:
        self.clock, self.wire = ManualClock(), Wire()
        options = AgentOptions(next_hop=PEER, session_interval=session_interval, kept_headers=kept_headers)
        self.agent = UserAgent(self.wire, self.clock, options, self)
        self.calls: list[IncomingCall] = []
        self.messages: list[Request] = []
        self.events: list[SessionEvent] = []
        self._branches = 0

    def on_call(self, call: IncomingCall) -> None:
        call.listener = self.listen
        self.calls.append(call)

    def on_message(self, request: Request) -> int:
        self.messages.append(request)
        return 202

    def listen(self, session: Session, event: SessionEvent) -> None:
        self.events.append(event)

    def happened(self, kind: type[_E]) -> list[_E]:
        """Events of a kind since the start."""
        return [event for event in self.events if isinstance(event, kind)]

    # What the agent sends.

    def sent(self) -> list[str]:
        """What was sent since the last time: methods and statuses."""
        return [
            one.method if isinstance(one, Request) else f"{one.status} {one.cseq.method}"
            for one in self.wire.take()
        ]

    def sent_request(self, method: str) -> Request:
        """The last request of a method since the last time."""
        requests = [one for one in self.wire.take() if isinstance(one, Request) and one.method == method]
        assert requests, f"no {method} was sent"
        return requests[-1]

    def sent_response(self, status: int) -> Response:
        """The last response since the last time, which has this status."""
        responses = [one for one in self.wire.take() if isinstance(one, Response)]
        assert responses, "no response was sent"
        assert responses[-1].status == status, responses
        return responses[-1]

    # What the phone sends.

    def receive(self, message: Message) -> None:
        assert isinstance(message, Request | Response)
        self.agent.receive(bytes(message), PEER)

    def write(
        self,
        method: str,
        *,
        sdp: bytes = b"",
        cseq: int = 1,
        tag: str = "phone",
        to_tag: str = "",
        call_id: str = "call",
        branch: str = "",
        uri: str = "sip:core@127.0.0.1",
        fields: tuple[tuple[str, str], ...] = (),
        content_type: str = "application/sdp",
        session: Session | None = None,
    ) -> str:
        """Send a request, in the dialog of a session if one is given; its branch."""
        if session is not None:
            to_tag, call_id = session.local_tag, session.call_id
        if not branch:
            self._branches += 1
            branch = f"z9hG4bKphone{self._branches}"
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:5060;branch={branch};rport",
            f"From: <sip:phone@example.org>;tag={tag}",
            f"To: <sip:core@example.org>{to_tag and ';tag=' + to_tag}",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} {method}",
            "Max-Forwards: 70",
            *(f"{name}: {value}" for name, value in fields),
        ]
        if sdp:
            lines.append(f"Content-Type: {content_type}")
        lines += [f"Content-Length: {len(sdp)}", "", ""]
        self.agent.receive("\r\n".join(lines).encode() + sdp, PEER)
        return branch

    def answer(
        self, request: Request, status: int, *fields: tuple[str, str], tag: str = "phone", sdp: bytes = b""
    ) -> None:
        """Send a response."""
        self.receive(response_to(request, status, to_tag=tag, headers=fields, body=sdp))

    # Calls.

    def call(
        self, sdp: bytes | None = OFFER, credentials: Credentials | None = None, *headers: tuple[str, str]
    ) -> OutgoingCall:
        """A call by the agent."""
        return self.agent.call(
            "sip:phone@example.org",
            self.listen,
            from_=parse_name_addr('"Core" <sip:core@example.org>'),
            sdp=sdp,
            credentials=credentials,
            headers=headers,
        )

    def called(self, *fields: tuple[str, str], sdp: bytes = OFFER) -> IncomingCall:
        """A call by the phone."""
        self.write("INVITE", sdp=sdp, fields=(CONTACT, ALLOW, *fields), branch="z9hG4bKinvite")
        return self.calls[-1]

    def answered_call(self, *fields: tuple[str, str], sent: tuple[str, str] | None = None) -> OutgoingCall:
        """A call by the agent that the phone has answered; `sent` is a header field of the INVITE."""
        call = self.call(OFFER, None, *([sent] if sent is not None else []))
        self.answer(self.sent_request("INVITE"), 200, CONTACT, ALLOW, *fields, sdp=ANSWER)
        assert self.sent() == ["ACK"]
        return call

    def accepted_call(self, *fields: tuple[str, str]) -> IncomingCall:
        """A call by the phone that the agent has answered, acknowledged."""
        call = self.called(*fields)
        call.answer(ANSWER)
        self.write("ACK", to_tag=call.local_tag)
        self.sent()
        return call

    async def settle(self) -> None:
        """Let what waits for a message that came go on."""
        for _ in range(10):
            await asyncio.sleep(0)

    def leaves_nothing(self) -> None:
        """Nothing is left of calls that are over: no transaction, dialog or timer."""
        self.clock.pass_time(200)
        assert (self.agent.transactions, self.agent.dialogs, self.clock.pending) == (0, 0, 0)
