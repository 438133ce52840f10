"""Softphones of tests: SIP through the platform's server, RTP with a tone of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from switchroom.engines.sip.address import NameAddr
from switchroom.engines.sip.core import AgentOptions
from switchroom.engines.sip.digest import Credentials
from switchroom.engines.sip.events import (
    Answered,
    Ended,
    Failed,
    Offered,
    Progress,
    ReferProgress,
    SessionEvent,
)
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.engines.sip.message import Request
from switchroom.engines.sip.session import Session
from switchroom.engines.sip.uri import Uri, escape_user, parse_uri
from switchroom.engines.sip.user_agent import UserAgent
from switchroom.telephony.media import sdp
from tests.telephony.media.phone import Phone as Talker

LIMIT = 60.0


def in_uri(host: str) -> str:
    """An address as it stands in a URI."""
    return f"[{host}]" if ":" in host else host


class Conversation:
    """One call of a softphone."""

    def __init__(self, phone: SoftPhone, talker: Talker) -> None:
        self.phone = phone
        self.talker = talker
        self.session: Session | None = None
        self.events: list[SessionEvent] = []
        self._changed = asyncio.Condition()

    @property
    def live(self) -> Session:
        assert self.session is not None
        return self.session

    @property
    def invite(self) -> Request:
        """The INVITE that came in."""
        assert isinstance(self.session, IncomingCall)
        return self.session.invite

    def listen(self, session: Session, event: SessionEvent) -> None:
        self.events.append(event)
        match event:
            case Answered(description, _, _, _) if description:
                self.talker.connect(sdp.read(description.decode()).port)
            case Progress(_, _, _, description, _) if description:
                self.talker.connect(sdp.read(description.decode()).port)
            case Offered(_, description, _) if description:
                session.answer_offer(self.talker.description().encode())
                self.talker.connect(sdp.read(description.decode()).port)
            case _:
                pass
        asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, kind: type[Any], limit: float = LIMIT) -> Any:
        """The first event of a kind, when it has come."""
        async with self._changed, asyncio.timeout(limit):
            await self._changed.wait_for(lambda: any(isinstance(one, kind) for one in self.events))
        return next(one for one in self.events if isinstance(one, kind))

    async def answered(self, limit: float = LIMIT) -> None:
        """Wait for the answer to a call that was made."""
        async with self._changed, asyncio.timeout(limit):
            await self._changed.wait_for(
                lambda: any(isinstance(one, Answered | Failed) for one in self.events)
            )
        failed = [one.status for one in self.events if isinstance(one, Failed)]
        assert not failed, failed

    async def failed(self, limit: float = LIMIT) -> int:
        """The status with which a call was refused."""
        status: int = (await self.until(Failed, limit)).status
        return status

    async def ended(self, limit: float = LIMIT) -> None:
        """Wait for the other side's BYE."""
        await self.until(Ended, limit)

    def ring(self) -> None:
        assert isinstance(self.session, IncomingCall)
        self.session.progress(180)

    def answer(self) -> None:
        """Answer a call that came in."""
        assert isinstance(self.session, IncomingCall)
        offer = self.session.offer
        assert offer is not None
        self.session.answer(self.talker.description().encode())
        self.talker.connect(sdp.read(offer.decode()).port)

    def refuse(self, status: int) -> None:
        assert isinstance(self.session, IncomingCall)
        self.session.refuse(status)

    async def hold(self) -> None:
        await self.live.reinvite(self.talker.description("sendonly").encode())

    async def resume(self) -> None:
        await self.live.reinvite(self.talker.description().encode())

    async def transfer(self, number: str) -> None:
        """Transfer the other side to a number, blind (RFC 5589, section 6)."""
        await self.live.refer(f"<sip:{escape_user(number)}@{self.phone.realm}>")

    async def transfer_to(self, other: Conversation) -> None:
        """Transfer the other side to whom another call of this phone talks to (RFC 5589, section 7)."""
        live = other.live
        replaces = f"{live.call_id};to-tag={live.remote_tag};from-tag={live.local_tag}"
        await self.live.refer(f"<sip:somebody@{self.phone.realm}?Replaces={quote(replaces)}>")

    async def transferred(self, limit: float = LIMIT) -> int:
        """The status with which a transfer of this phone's has ended."""

        def ends() -> list[int]:
            return [one.status for one in self.events if isinstance(one, ReferProgress) and one.status >= 200]

        async with self._changed, asyncio.timeout(limit):
            await self._changed.wait_for(lambda: bool(ends()))
        return ends()[-1]

    def hang_up(self) -> None:
        self.live.bye()

    def close(self) -> None:
        self.talker.close()


class SoftPhone:
    """A phone with an account at the platform. It takes calls in one after the other."""

    def __init__(self, username: str, password: str, realm: str, server: tuple[str, int], tone: int) -> None:
        self.username = username
        self.realm = realm
        self.tone = tone
        self.name = ""
        self.rings = False
        """Whether it says at once that it rings."""
        self.incoming: asyncio.Queue[Conversation] = asyncio.Queue()
        self.conversations: list[Conversation] = []
        self._credentials = Credentials(username, password)
        self._server = server
        self._agent: UserAgent | None = None
        self._number = 1

    @property
    def agent(self) -> UserAgent:
        assert self._agent is not None
        return self._agent

    @property
    def address(self) -> NameAddr:
        return NameAddr(parse_uri(f"sip:{self.username}@{self.realm}"), self.name)

    async def open(self) -> None:
        options = AgentOptions(next_hop=self._server, contact_user=self.username)
        self._agent = await UserAgent.open((self._server[0], 0), options, self)

    async def register(self, expires: int = 300) -> None:
        host, port = self.agent.local
        self._number += 10
        await self.agent.request(
            "REGISTER",
            f"sip:{self.realm}",
            from_=self.address,
            to=self.address,
            headers=[("Contact", f"<sip:{self.username}@{in_uri(host)}:{port}>"), ("Expires", str(expires))],
            credentials=self._credentials,
            call_id=f"register-{self.username}",
            number=self._number,
        )

    async def call(self, number: str, offer: str = "", **others: Any) -> Conversation:
        """Call a number, with the phone's own offer or another; its answer is to be waited for."""
        conversation = await self._conversation()
        uri = Uri("sip", user=escape_user(number), host=self.realm)
        conversation.session = self.agent.call(
            str(uri),
            conversation.listen,
            from_=self.address,
            sdp=(offer or conversation.talker.description()).encode(),
            credentials=self._credentials,
            **others,
        )
        return conversation

    async def rung(self, limit: float = LIMIT) -> Conversation:
        """The next call that comes in."""
        async with asyncio.timeout(limit):
            return await self.incoming.get()

    def on_call(self, call: IncomingCall) -> None:
        events: list[SessionEvent] = []

        def keep(_: Session, event: SessionEvent) -> None:
            events.append(event)

        call.listener = keep
        if self.rings:
            call.progress(180)
        asyncio.get_running_loop().create_task(self._take(call, events))

    def on_message(self, request: Request) -> int:
        return 405

    async def _take(self, call: IncomingCall, events: Sequence[SessionEvent]) -> None:
        """Take a call, to which `events` have happened before it had a talker."""
        conversation = await self._conversation()
        conversation.session = call
        call.listener = conversation.listen
        for event in events:
            conversation.listen(call, event)
        self.incoming.put_nowait(conversation)

    async def _conversation(self) -> Conversation:
        conversation = Conversation(self, await Talker.ring(self.tone, host=self._server[0]))
        self.conversations.append(conversation)
        return conversation

    def close(self) -> None:
        for conversation in self.conversations:
            conversation.close()
        if self._agent is not None:
            self._agent.close()


@asynccontextmanager
async def phone(
    username: str, password: str, realm: str, server: tuple[str, int], tone: int
) -> AsyncGenerator[SoftPhone]:
    """A softphone that is registered."""
    made = SoftPhone(username, password, realm, server, tone)
    await made.open()
    try:
        await made.register()
        yield made
    finally:
        made.close()
