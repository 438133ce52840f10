"""Races over real UDP: messages that cross on the way between the agent and phones that write by hand."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from typing import cast

import pytest

from switchroom.engines.sip.address import parse_name_addr
from switchroom.engines.sip.core import AgentOptions
from switchroom.engines.sip.errors import SipError, WrongState
from switchroom.engines.sip.events import Answered, Cancelled, Ended, Failed, Offered, Progress, SessionEvent
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.engines.sip.message import Request, Response, response_to
from switchroom.engines.sip.outgoing import OutgoingCall
from switchroom.engines.sip.parser import parse
from switchroom.engines.sip.session import Session
from switchroom.engines.sip.timing import Timing
from switchroom.engines.sip.transport import Address
from switchroom.engines.sip.user_agent import UserAgent

HOST = "127.0.0.1"
OFFER, ANSWER, OTHER = b"v=0\r\ns=offer\r\n", b"v=0\r\ns=answer\r\n", b"v=0\r\ns=other\r\n"
FAST = Timing(t1=0.1, t2=0.4, t4=0.4)
"""Whoever does not answer is given up after 6.4 s."""

LIMIT = 60.0
TURNS = 30


class Phone(asyncio.DatagramProtocol):
    """A phone's socket. What the agent sends again is taken once, and what is of other calls than the one
    with the Call-ID `call`, if there is one, not at all."""

    def __init__(self) -> None:
        self._came: asyncio.Queue[Request | Response] = asyncio.Queue()
        self._seen: set[bytes] = set()
        self._socket: asyncio.DatagramTransport | None = None
        self.agent: Address = (HOST, 0)
        self.call = ""

    @property
    def port(self) -> int:
        assert self._socket is not None
        return int(self._socket.get_extra_info("sockname")[1])

    @property
    def contact(self) -> tuple[str, str]:
        return ("Contact", f"<sip:phone@{HOST}:{self.port}>")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._socket = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.agent = addr
        if data not in self._seen:
            self._seen.add(data)
            self._came.put_nowait(parse(data))

    def send(self, data: bytes) -> None:
        assert self._socket is not None
        self._socket.sendto(data, self.agent)

    def close(self) -> None:
        assert self._socket is not None
        self._socket.close()

    async def next(self, limit: float = LIMIT) -> Request | Response:
        async with asyncio.timeout(limit):
            while self.call not in ("", (message := await self._came.get()).call_id):
                pass
            return message

    async def request(self, method: str) -> Request:
        """The next message, which is a request of this method."""
        message = await self.next()
        assert isinstance(message, Request), message
        assert message.method == method
        return message

    def answer(
        self, request: Request, status: int, tag: str = "phone", sdp: bytes = b"", contact: str = ""
    ) -> None:
        headers = [("Contact", contact) if contact else self.contact]
        self.send(bytes(response_to(request, status, to_tag=tag, headers=headers, body=sdp)))

    def write(
        self,
        method: str,
        call_id: str,
        to_tag: str = "",
        *,
        cseq: int = 1,
        branch: str = "",
        sdp: bytes = b"",
    ) -> str:
        """Send a request; its branch."""
        branch = branch or f"z9hG4bK{random.getrandbits(64):x}"
        lines = [
            f"{method} sip:core@{HOST}:{self.agent[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP {HOST}:{self.port};branch={branch};rport",
            "From: <sip:phone@example.org>;tag=phone",
            f"To: <sip:core@example.org>{to_tag and ';tag=' + to_tag}",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} {method}",
            "Max-Forwards: 70",
            f"Contact: {self.contact[1]}",
            *(["Content-Type: application/sdp"] if sdp else []),
            f"Content-Length: {len(sdp)}",
            "",
            "",
        ]
        self.send("\r\n".join(lines).encode() + sdp)
        return branch


class Agent:
    """The user agent, and what it tells."""

    def __init__(self) -> None:
        self.calls: list[IncomingCall] = []
        self.events: list[SessionEvent] = []
        self.user_agent: UserAgent | None = None
        self._names = 0

    @property
    def live(self) -> UserAgent:
        assert self.user_agent is not None
        return self.user_agent

    def on_call(self, call: IncomingCall) -> None:
        call.listener = self.listen
        self.calls.append(call)

    def on_message(self, request: Request) -> int:
        return 405

    def listen(self, session: Session, event: SessionEvent) -> None:
        self.events.append(event)

    def happened(self, *kinds: type[SessionEvent]) -> list[SessionEvent]:
        return [one for one in self.events if isinstance(one, kinds)]

    def call(self, phone: Phone) -> OutgoingCall:
        """Call a phone."""
        self.events.clear()
        call = self.live.call(
            f"sip:phone@{HOST}:{phone.port}",
            self.listen,
            from_=parse_name_addr("<sip:core@example.org>"),
            sdp=OFFER,
        )
        phone.call = call.call_id
        return call

    async def called(self, phone: Phone) -> tuple[IncomingCall, str, str]:
        """Be called by a phone; with the branch of the INVITE and its Call-ID."""
        self.events.clear()
        self.calls.clear()
        self._names += 1
        phone.call = call_id = f"call-{self._names}"
        phone.agent = self.live.local
        branch = phone.write("INVITE", call_id, sdp=OFFER)
        await until(lambda: bool(self.calls))
        trying = await phone.next()
        assert isinstance(trying, Response)
        assert trying.status == 100
        return self.calls[0], branch, call_id

    async def talking(self, phone: Phone) -> tuple[IncomingCall, str]:
        """Answer a phone; with the Call-ID."""
        call, _, call_id = await self.called(phone)
        call.answer(ANSWER)
        answer = await phone.next()
        assert isinstance(answer, Response)
        phone.write("ACK", call_id, call.local_tag)
        await asyncio.sleep(0)
        return call, call_id

    async def is_clean(self) -> None:
        """Wait until nothing is left of calls that are over."""
        await until(lambda: (self.live.transactions, self.live.dialogs) == (0, 0))


async def until(condition: Callable[[], bool], limit: float = LIMIT) -> None:
    async with asyncio.timeout(limit):
        while not condition():  # noqa: ASYNC110 - another socket does it
            await asyncio.sleep(0.001)


async def soon() -> None:
    """A moment in which a datagram may arrive, or not."""
    await asyncio.sleep(random.choice((0, 0, 0.0002, 0.0005, 0.002)))


@pytest.fixture
async def agent() -> AsyncIterator[Agent]:
    agent = Agent()
    agent.user_agent = await UserAgent.open((HOST, 0), AgentOptions(session_interval=0), agent, FAST)
    yield agent
    agent.user_agent.close()


@pytest.fixture
async def phones() -> AsyncIterator[list[Phone]]:
    loop = asyncio.get_running_loop()
    made = [Phone() for _ in range(3)]
    for one in made:
        await loop.create_datagram_endpoint(lambda phone=one: phone, local_addr=(HOST, 0))
    yield made
    for one in made:
        one.close()


@pytest.fixture
def phone(phones: list[Phone]) -> Phone:
    return phones[0]


async def test_an_answer_crosses_our_cancel(agent: Agent, phone: Phone) -> None:
    """RFC 3261 section 9.1: whichever is first, the phone that has answered is acknowledged and ended."""
    outcomes: set[str] = set()
    for turn in range(TURNS):
        call = agent.call(phone)
        invite = await phone.request("INVITE")
        phone.answer(invite, 180)
        await until(lambda: bool(agent.happened(Progress)))
        if turn % 2:
            call.cancel()
            await soon()
            phone.answer(invite, 200, sdp=ANSWER)
        else:
            phone.answer(invite, 200, sdp=ANSWER)
            await soon()
            call.cancel()
        came: list[str] = []
        while "BYE" not in came or "ACK" not in came:
            message = await phone.next()
            assert isinstance(message, Request), message
            came.append(message.method)
            if message.method != "ACK":
                phone.answer(message, 481 if message.method == "CANCEL" else 200)
        assert sorted(came) in (["ACK", "BYE"], ["ACK", "BYE", "CANCEL"])
        is_answered = bool(agent.happened(Answered))
        assert bool(agent.happened(Failed)) is not is_answered
        assert is_answered is ("CANCEL" not in came)
        outcomes.add(",".join(sorted(came)))
    assert len(outcomes) == 2, "it has not been a race"
    await agent.is_clean()


async def test_a_cancel_crosses_our_answer(agent: Agent, phone: Phone) -> None:
    """RFC 3261 section 9.2: the CANCEL is answered in any case, the INVITE once."""
    outcomes: set[int] = set()
    for turn in range(TURNS):
        call, branch, call_id = await agent.called(phone)
        if turn % 2:
            phone.write("CANCEL", call_id, branch=branch)
            await soon()
        try:
            call.answer(ANSWER)
        except WrongState:
            assert agent.happened(Cancelled)
        if not turn % 2:
            await soon()
            phone.write("CANCEL", call_id, branch=branch)
        answers = [await phone.next(), await phone.next()]
        statuses = {one.cseq.method: one.status for one in answers if isinstance(one, Response)}
        assert statuses["CANCEL"] == 200
        outcomes.add(statuses["INVITE"])
        if statuses["INVITE"] == 200:
            assert not agent.happened(Cancelled)
            phone.write("ACK", call_id, call.local_tag)
            phone.write("BYE", call_id, call.local_tag, cseq=2)
            bye = await phone.next()
            assert isinstance(bye, Response)
            assert (bye.status, bye.cseq.method) == (200, "BYE")
        else:
            phone.write("ACK", call_id, call.local_tag, branch=branch)
    assert outcomes == {200, 487}, "it has not been a race"
    await agent.is_clean()


async def test_new_offers_cross(agent: Agent, phone: Phone) -> None:
    """RFC 3261 section 14: 491 to both, or to none; in the end ours is answered, and the dialog goes on."""
    outcomes: set[int] = set()
    for turn in range(6):
        call, call_id = await agent.talking(phone)
        if turn % 2:
            offering = asyncio.create_task(call.reinvite(OTHER))
            await asyncio.sleep(0)
            own = phone.write("INVITE", call_id, call.local_tag, cseq=2, sdp=OFFER)
        else:
            own = phone.write("INVITE", call_id, call.local_tag, cseq=2, sdp=OFFER)
            await until(lambda: bool(agent.happened(Offered)))
            offering = asyncio.create_task(call.reinvite(OTHER))
            call.answer_offer(ANSWER)
        status = 0
        while not offering.done() or not status:
            message = await phone.next()
            match message:
                case Response(cseq=cseq) if cseq.method == "INVITE" and message.status >= 200:
                    status = message.status
                    branch = "" if status == 200 else own
                    phone.write("ACK", call_id, call.local_tag, cseq=2, branch=branch)
                case Request(method="INVITE") if status:
                    phone.answer(message, 200, sdp=ANSWER)
                    assert await offering == ANSWER
                case Request(method="INVITE"):
                    phone.answer(message, 491)
                case _:
                    pass
        outcomes.add(status)
        phone.write("BYE", call_id, call.local_tag, cseq=3)
        await until(lambda: bool(agent.happened(Ended)))
    assert outcomes == {200, 491}
    await agent.is_clean()


async def test_a_bye_crosses_our_new_offer(agent: Agent, phone: Phone) -> None:
    """RFC 5407 section 3.1.2: the BYE counts, and nobody waits for an answer any more."""
    for turn in range(TURNS):
        call, call_id = await agent.talking(phone)
        if turn % 2:
            phone.write("BYE", call_id, call.local_tag, cseq=2)
        offering = asyncio.create_task(call.reinvite(OTHER))
        await soon()
        if not turn % 2:
            phone.write("BYE", call_id, call.local_tag, cseq=2)
        with pytest.raises(SipError):
            await offering
        assert len(agent.happened(Ended)) == 1
        ended = False
        while not ended:
            message = await phone.next()
            if isinstance(message, Request) and message.method == "INVITE":
                phone.answer(message, 481)
            ended = isinstance(message, Response) and message.cseq.method == "BYE"
            assert not isinstance(message, Response) or message.status == 200
    await agent.is_clean()


async def test_a_new_offer_crosses_our_bye(agent: Agent, phone: Phone) -> None:
    """RFC 5407 section 3.2: the offer is refused, the BYE goes on."""
    for turn in range(TURNS):
        call, call_id = await agent.talking(phone)
        if turn % 2:
            own = phone.write("INVITE", call_id, call.local_tag, cseq=2, sdp=OFFER)
            await soon()
            call.bye()
        else:
            call.bye()
            await soon()
            own = phone.write("INVITE", call_id, call.local_tag, cseq=2, sdp=OFFER)
        statuses: set[int] = set()
        has_ended = False
        while not statuses or not has_ended:
            message = await phone.next()
            if isinstance(message, Response) and message.status >= 200:
                statuses.add(message.status)
                phone.write("ACK", call_id, call.local_tag, cseq=2, branch=own)
            elif isinstance(message, Request) and message.method == "BYE":
                has_ended = True
                phone.answer(message, 200)
        assert statuses <= {481, 487}
    await agent.is_clean()


async def test_two_phones_of_a_fork_answer_at_once(agent: Agent, phones: list[Phone]) -> None:
    """RFC 3261 section 13.2.2.4: one has the call, the other is acknowledged and ended at its own address."""
    proxy, *both = phones
    for _ in range(TURNS):
        call = agent.call(proxy)
        invite = await proxy.request("INVITE")
        names = {f"tag{number}": one for number, one in enumerate(both)}
        order = random.sample([*names], 2)
        for tag in order:
            proxy.answer(invite, 180, tag, contact=names[tag].contact[1])
        for tag in reversed(order) if random.random() < 0.5 else order:
            proxy.answer(invite, 200, tag, ANSWER, names[tag].contact[1])
        for one in both:
            await one.request("ACK")
        (answered,) = agent.happened(Answered)
        assert isinstance(answered, Answered)
        (loser,) = [one for tag, one in names.items() if tag != answered.fork]
        loser.answer(await loser.request("BYE"), 200, "")
        assert call.remote_tag == answered.fork
        call.bye()
        winner = names[answered.fork]
        winner.answer(await winner.request("BYE"), 200, "")
    await agent.is_clean()
