"""User agent: calls in and out over one socket, requests outside of dialogs, sessions taken up again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

from switchroom.engines.sip.abandoned import ReceivedInvite, SentInvite, end_stray, give_up, refuse
from switchroom.engines.sip.address import NameAddr
from switchroom.engines.sip.core import ALLOW, EXTENSIONS, SUPPORTED, AgentOptions, Core
from switchroom.engines.sip.dialog import DialogState, new_tag, new_via
from switchroom.engines.sip.digest import Credentials, DigestClient
from switchroom.engines.sip.errors import MalformedValue, Refused
from switchroom.engines.sip.fields import CSeq, Replaces, parse_replaces
from switchroom.engines.sip.headers import Headers
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.engines.sip.message import Request, Response, media_type
from switchroom.engines.sip.outgoing import OutgoingCall
from switchroom.engines.sip.server_transaction import ServerTransaction
from switchroom.engines.sip.session import Listener, Session, SessionState
from switchroom.engines.sip.session_timer import is_too_small
from switchroom.engines.sip.timing import Timing
from switchroom.engines.sip.transactions import Transactions
from switchroom.engines.sip.transport import Address, Clock, Transport, UdpTransport
from switchroom.engines.sip.uri import parse_uri

_NOT_ALLOWED = frozenset({"REGISTER", "PUBLISH", "PRACK"})
_IN_DIALOG = frozenset({"BYE", "INFO", "UPDATE", "NOTIFY"})
_ACCEPT = ("Accept", "application/sdp")


class AgentListener(Protocol):
    """Owner of a user agent."""

    def on_call(self, call: IncomingCall) -> None:
        """A call came in: set its `listener`, then answer or refuse it, at once or later."""
        ...

    def on_message(self, request: Request) -> int:
        """A MESSAGE outside of a dialog; the status that it gets."""
        ...


class _Refusal(Exception):
    """Refusal of a request that cannot be taken: the status and header fields of its response."""

    def __init__(self, status: int, *headers: tuple[str, str]) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers


class UserAgent:
    """SIP user agent on one socket."""

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        options: AgentOptions,
        listener: AgentListener,
        timing: Timing | None = None,
    ) -> None:
        """`transport` must be open, and what it receives be given to `receive`."""
        self._transport = transport
        self._listener = listener
        self._transactions = Transactions(transport, clock, timing or Timing(), self)
        self._core = Core(self._transactions, options)

    @classmethod
    async def open(
        cls, local: Address, options: AgentOptions, listener: AgentListener, timing: Timing | None = None
    ) -> UserAgent:
        """A user agent on a UDP socket of its own, until `close`; port 0 takes a free one. Raises OSError."""
        transport = UdpTransport()
        await transport.open(local)
        agent = cls(transport, asyncio.get_running_loop(), options, listener, timing)
        transport.receive = agent._transactions.receive
        return agent

    @property
    def local(self) -> Address:
        """The address of the socket."""
        return self._transport.local

    @property
    def transactions(self) -> int:
        """Transactions that are not over."""
        return len(self._transactions)

    @property
    def dialogs(self) -> int:
        """Dialogs and calls in the table, with those that ended within the last 32 s."""
        return len(self._core.dialogs)

    def sessions(self) -> list[Session]:
        """Calls and sessions that have not ended."""
        return [
            one
            for one in self._core.dialogs.values()
            if isinstance(one, Session) and one.state is not SessionState.ENDED
        ]

    def close(self) -> None:
        """End everything without a word to the peers; sessions can be taken up by another process."""
        for session in self.sessions():
            session.stop()
        self._core.stop()
        if isinstance(self._transport, UdpTransport):
            self._transport.close()

    def call(
        self,
        uri: str,
        listener: Listener,
        *,
        from_: NameAddr,
        to: NameAddr | None = None,
        sdp: bytes | None,
        headers: Iterable[tuple[str, str]] = (),
        credentials: Credentials | None = None,
        max_forwards: int = 70,
    ) -> OutgoingCall:
        """Call somebody; `sdp` is the offer, None asks the peer for one.

        `headers` are further fields in the standard's spelling. A caller in between gives the Max-Forwards of
        the call that came in, less one. Raises MalformedValue.
        """
        call = OutgoingCall(
            self._core,
            listener,
            uri,
            from_=from_,
            to=to or NameAddr(parse_uri(uri).without_headers()),
            sdp=sdp,
            headers=headers,
            digest=None if credentials is None else DigestClient(credentials),
            max_forwards=max_forwards,
        )
        call.start()
        return call

    def restore(
        self, state: DialogState, listener: Listener, credentials: Credentials | None = None
    ) -> Session:
        """Take up a session that another process has saved. Raises MalformedValue."""
        digest = None if credentials is None else DigestClient(credentials)
        return Session.restored(self._core, listener, state, digest)

    def give_up(self, invite: SentInvite) -> None:
        """Cancel a call that another process has begun, and nobody has answered. Raises MalformedValue."""
        give_up(self._core, invite)

    def refuse(self, invite: ReceivedInvite, status: int) -> None:
        """Refuse a call that another process has had and not answered. Raises MalformedValue."""
        refuse(self._core, invite, status)

    def find(self, call_id: str, local_tag: str, remote_tag: str) -> Session | None:
        """The session of a dialog, also one that ended a moment ago."""
        session = self._core.dialogs.get((call_id, local_tag))
        if isinstance(session, Session) and session.has_peer(remote_tag):
            return session
        return None

    async def request(
        self,
        method: str,
        uri: str,
        *,
        from_: NameAddr,
        to: NameAddr,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str = "text/plain",
        credentials: Credentials | None = None,
        call_id: str = "",
        number: int = 1,
    ) -> Response:
        """The 2xx to a request outside of a dialog: OPTIONS, MESSAGE, REGISTER … Raises Refused.

        Registrations give the same `call_id` and a higher `number` each time (RFC 3261 section 10.2).
        """
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        sender, call_id = from_.with_tag(new_tag()), call_id or new_tag()
        extra, tries = list(headers), iter(range(number, number + 100))

        def make() -> Request:
            via, cseq = new_via(self._transport.local), CSeq(next(tries), method)
            fields = [
                ("Via", str(via)),
                ("Max-Forwards", "70"),
                ("From", str(sender)),
                ("To", str(to)),
                ("Call-ID", call_id),
                ("CSeq", str(cseq)),
                *extra,
            ]
            if body:
                fields.append(("Content-Type", content_type))
            return Request(
                method=method,
                uri=uri,
                headers=Headers(fields),
                body=body,
                via=via,
                from_=sender,
                to=to,
                call_id=call_id,
                cseq=cseq,
            )

        def responded(request: Request, response: Response) -> None:
            if response.status >= 200 and not answer.done():
                answer.set_result(response)

        def failed(status: int) -> None:
            if not answer.done():
                answer.set_exception(Refused(status, "no answer"))

        digest = None if credentials is None else DigestClient(credentials)
        self._core.send(make, digest, on_response=responded, on_failure=failed)
        response = await answer
        if response.status >= 300:
            raise Refused(response.status, response.reason, response.headers)
        return response

    def receive(self, data: bytes, source: Address) -> None:
        """Take a datagram that was received."""
        self._transactions.receive(data, source)

    # Calls by the transactions.

    def on_request(self, transaction: ServerTransaction) -> None:
        """A new request."""
        request = transaction.request
        if request.to.tag is not None:
            dialog = self._core.dialogs.get((request.call_id, request.to.tag))
            if dialog is None:
                transaction.respond(481)
            else:
                dialog.receive(transaction)
            return
        try:
            self._check(request)
            self._take(transaction)
        except _Refusal as refusal:
            transaction.respond(refusal.status, to_tag=new_tag(), headers=refusal.headers)
        except MalformedValue:
            transaction.respond(400, to_tag=new_tag())

    def on_cancel(self, transaction: ServerTransaction, invite: ServerTransaction) -> None:
        """A CANCEL of an INVITE that has no final response, or a request that was ended without one."""
        tag = invite.request.to.tag
        if tag is None:
            call = self._core.invites.get(invite)
            if call is not None:
                call.cancelled(transaction.request)
            return
        session = self._core.dialogs.get((invite.request.call_id, tag))
        if isinstance(session, Session):
            session.cancel_offer(invite)

    def on_ack(self, request: Request) -> None:
        """An ACK of a 2xx."""
        dialog = self._core.dialogs.get((request.call_id, request.to.tag or ""))
        if dialog is not None:
            dialog.receive_ack(request)

    def on_stray(self, response: Response) -> None:
        """A 2xx to an INVITE that there is no transaction of: of a process before this one."""
        session = self._core.dialogs.get((response.call_id, response.from_.tag or ""))
        if isinstance(session, Session) and session.acknowledge_stray(response):
            return
        try:
            end_stray(self._core, response)
        except MalformedValue:
            return  # there is nobody to speak to

    @staticmethod
    def _check(request: Request) -> None:
        """RFC 3261 section 8.2, in its order. Raises _Refusal."""
        method = request.method
        if method in _NOT_ALLOWED:
            raise _Refusal(405, ("Allow", ALLOW))
        if method == "SUBSCRIBE":
            raise _Refusal(489, ("Allow-Events", "refer"))
        if method in _IN_DIALOG:
            raise _Refusal(481)
        if method not in ("INVITE", "OPTIONS", "MESSAGE", "REFER"):
            raise _Refusal(501, ("Allow", ALLOW))
        if not parse_uri(request.uri).is_sip and not request.uri.lower().startswith("tel:"):
            raise _Refusal(416)
        unsupported = request.headers.tokens("Require") - EXTENSIONS
        if unsupported:
            raise _Refusal(420, ("Unsupported", ", ".join(sorted(unsupported))))
        if method == "REFER":
            raise _Refusal(403)

    def _take(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        if request.method == "INVITE":
            self._invited(transaction)
        elif request.method == "MESSAGE":
            transaction.respond(self._listener.on_message(request), to_tag=new_tag())
        else:
            fields = [("Allow", ALLOW), _ACCEPT, ("Supported", SUPPORTED)]
            transaction.respond(200, to_tag=new_tag(), headers=fields)

    def _invited(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        if request.body and request.content_type != "application/sdp":
            raise _Refusal(415, _ACCEPT)
        encoding = (request.headers.get("Content-Encoding") or "identity").strip().lower()
        if encoding not in ("", "identity"):
            raise _Refusal(415, ("Accept-Encoding", "identity"))
        accepts = request.headers.tokens("Accept")
        if accepts and not any(map(_is_session, accepts)):
            raise _Refusal(406)
        least = self._core.options.min_session_interval
        if is_too_small(request, least):
            raise _Refusal(422, ("Min-SE", str(least)))
        replaces = self._replaced(request)
        self._listener.on_call(IncomingCall(self._core, transaction, replaces))

    def _replaced(self, request: Request) -> Session | None:
        """The session that an INVITE takes the place of (RFC 3891 section 3). Raises _Refusal."""
        values = request.headers.all("Replaces")
        if not values:
            return None
        replaces: Replaces = parse_replaces(values[0])
        session = self.find(replaces.call_id, replaces.to_tag, replaces.from_tag)
        if session is None:
            raise _Refusal(481)
        if session.state is SessionState.ENDED:
            raise _Refusal(603)
        if session.state is SessionState.CONFIRMED:
            if replaces.early_only:
                raise _Refusal(486)
        elif not isinstance(session, OutgoingCall):
            raise _Refusal(481)
        return session


def _is_session(accept: str) -> bool:
    return media_type(accept) in ("application/sdp", "application/*", "*/*")
