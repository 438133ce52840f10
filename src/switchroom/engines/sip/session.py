"""Session: one call leg from its confirmation to its end, whoever called.

A session is driven by its methods and tells its listener what happens by the structs of `events`. What needs
an answer of the peer is a coroutine; it raises Refused for a failure, SessionEnded when the session ends
first.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterable
from enum import Enum
from typing import Any

from msgspec import structs

from switchroom.engines.sip.context import SessionContext, Unacknowledged
from switchroom.engines.sip.core import ALLOW, EXTENSIONS, SUPPORTED, Core
from switchroom.engines.sip.dialog import Dialog, DialogState
from switchroom.engines.sip.digest import Credentials, DigestClient
from switchroom.engines.sip.errors import Refused, SessionEnded, SipError, WrongState
from switchroom.engines.sip.events import (
    Acknowledged,
    Changed,
    Digit,
    EndCause,
    Ended,
    Offered,
    Received,
    SessionEvent,
)
from switchroom.engines.sip.grammar import check_lines
from switchroom.engines.sip.message import Request, Response
from switchroom.engines.sip.modification import Modifications
from switchroom.engines.sip.offer_answer import Negotiation, OfferAnswer
from switchroom.engines.sip.referral import Referrals
from switchroom.engines.sip.server_transaction import ServerTransaction
from switchroom.engines.sip.session_timer import SessionTimer, accepted, is_too_small

Listener = Callable[["Session", SessionEvent], None]

_SIGNAL = re.compile(rb"^\s*Signal\s*=\s*([0-9A-D*#])", re.MULTILINE | re.IGNORECASE)
_DURATION = re.compile(rb"^\s*Duration\s*=\s*([0-9]{1,5})", re.MULTILINE | re.IGNORECASE)
_DIGIT_DURATION = 160
_KNOWN = frozenset({"REGISTER", "PUBLISH", "PRACK"})


class SessionState(Enum):
    """State of a session."""

    EARLY = "early"
    CONFIRMED = "confirmed"
    ENDED = "ended"


class Session:
    """One call leg; `listener` may be exchanged at any time."""

    def __init__(self, core: Core, listener: Listener, digest: DigestClient | None = None) -> None:
        self.listener = listener
        self.state = SessionState.EARLY
        self._core = core
        timer = SessionTimer(core.clock, self._refresh, self._expire)
        self._context = SessionContext(core, digest, timer, self._emit)
        self._modifications = Modifications(self._context, self._gone)
        self._referrals = Referrals(self._context)
        self._key = ("", "")
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers: set[asyncio.Future[Response]] = set()
        self._late_bye: list[tuple[str, str]] | None = None

    @classmethod
    def restored(
        cls, core: Core, listener: Listener, state: DialogState, digest: DigestClient | None = None
    ) -> Session:
        """The session of a state that another process has saved. Raises MalformedValue."""
        session = cls(core, listener, digest)
        context = session._context
        context.dialog = Dialog.restored(state, core.contact)
        context.negotiation = OfferAnswer(state.local_sdp, state.remote_sdp)
        session._enter((state.call_id, state.local_tag))
        session.state = SessionState.CONFIRMED
        context.timer.set(state.session_interval, is_refresher=state.is_refresher)
        return session

    @property
    def call_id(self) -> str:
        return self._key[0]

    @property
    def local_tag(self) -> str:
        return self._key[1]

    @property
    def remote_tag(self) -> str:
        """The peer's tag. Raises WrongState before there is a dialog."""
        return self._context.dialog.state.remote_tag

    @property
    def local_sdp(self) -> bytes:
        """This side's description of the last exchange that was completed."""
        return self._context.negotiation.local

    @property
    def remote_sdp(self) -> bytes:
        """The peer's description of the last exchange that was completed."""
        return self._context.negotiation.remote

    def answer_challenges_with(self, credentials: Credentials) -> None:
        """Use these from now on; for a session that was taken up before they were known."""
        self._context.digest = DigestClient(credentials)

    def allows(self, method: str) -> bool:
        """Whether the peer has said that it takes the method."""
        return self._context.has_dialog and self._context.dialog.allows(method)

    def save(self) -> DialogState:
        """State that another process needs to take the session up. Raises WrongState unless confirmed."""
        self._need_confirmed()
        context = self._context
        return structs.replace(
            context.dialog.state,
            local_sdp=context.negotiation.local,
            remote_sdp=context.negotiation.remote,
            session_interval=context.timer.interval,
            is_refresher=context.timer.is_refresher,
        )

    async def reinvite(self, sdp: bytes) -> bytes:
        """Offer by re-INVITE; the peer's answer. Raises Refused, SessionEnded, WrongState."""
        self._need_confirmed()
        response = await self._modifications.modify("INVITE", sdp)
        self._emit(Changed())
        return response.sdp or b""

    async def request_offer(self) -> bytes:
        """The peer's offer, asked for by a re-INVITE without one; answer it by `acknowledge` at once.

        Raises Refused, SessionEnded, WrongState.
        """
        self._need_confirmed()
        response = await self._modifications.modify("INVITE", None)
        return response.sdp or b""

    def acknowledge(self, sdp: bytes) -> None:
        """Answer the offer of a 2xx. Raises WrongState without one."""
        self._modifications.acknowledge_offer(sdp)
        self._modifications.wake()
        self._emit(Changed())

    async def update(self, sdp: bytes | None = None) -> bytes:
        """Offer by UPDATE (RFC 3311), or refresh without; the peer's answer. Raises Refused, SessionEnded,
        WrongState where the peer does not take UPDATE."""
        self._need_confirmed()
        if not self.allows("UPDATE"):
            raise WrongState("the peer takes no UPDATE")
        response = await self._modifications.modify("UPDATE", sdp)
        self._emit(Changed())
        return response.sdp or b""

    def answer_offer(self, sdp: bytes) -> None:
        """Answer the peer's re-INVITE or UPDATE (event Offered). Raises WrongState without one."""
        self._accept(self._take_pending(), sdp)

    def refuse_offer(self, status: int = 488, reason: str | None = None) -> None:
        """Refuse the peer's re-INVITE or UPDATE; the session stays as it was. Raises WrongState."""
        transaction = self._take_pending()
        if transaction.request.sdp is not None:
            self._context.negotiation.roll_back()
        transaction.respond(status, reason)
        self._modifications.wake()

    async def request(
        self, method: str, body: bytes = b"", content_type: str = "", headers: Iterable[tuple[str, str]] = ()
    ) -> Response:
        """The 2xx to a request that changes no session: INFO, MESSAGE … Raises Refused, SessionEnded,
        WrongState."""
        self._need_confirmed()
        fields = list(headers)
        dialog = self._context.dialog
        return await self._answered(
            lambda: dialog.request(method, fields, body, content_type=content_type or "text/plain")
        )

    async def send_digit(self, digit: str, duration: int = _DIGIT_DURATION) -> None:
        """Press a key by INFO; the duration in milliseconds. Raises Refused, SessionEnded, WrongState."""
        body = f"Signal={digit}\r\nDuration={duration}\r\n".encode()
        await self.request("INFO", body, "application/dtmf-relay")

    async def refer(self, refer_to: str, referred_by: str = "", *, reports: bool = True) -> None:
        """Ask the peer to call `refer_to` (a name-addr, with Replaces in its URI for an attended transfer).

        What becomes of it comes as ReferProgress, unless `reports` is False. Raises Refused, SessionEnded,
        WrongState.
        """
        self._need_confirmed()
        headers = [("Refer-To", refer_to)]
        if referred_by:
            headers.append(("Referred-By", referred_by))
        if not reports:
            headers += [("Refer-Sub", "false"), ("Supported", "norefersub")]
        numbers: list[int] = []

        def make() -> Request:
            request = self._context.dialog.request("REFER", headers)
            numbers.append(request.cseq.number)
            self._referrals.sent(request.cseq.number)
            return request

        try:
            response = await self._answered(make)
        except SipError:
            for number in numbers:
                self._referrals.forget(number)
            raise
        stays = (response.headers.get("Refer-Sub") or "").strip().lower() != "false"
        for number in numbers if not stays else numbers[:-1]:
            self._referrals.forget(number)

    def accept_refer(self, number: int) -> None:
        """Take a REFER (event ReferRequested); the peer is told 100. Raises WrongState without one."""
        self._referrals.accept(number)

    def refuse_refer(self, number: int, status: int = 603) -> None:
        """Refuse a REFER. Raises WrongState without one."""
        self._referrals.refuse(number, status)

    def report_refer(self, number: int, status: int, reason: str | None = None) -> None:
        """Tell what became of the call that a REFER asked for; a final status is the last report."""
        self._referrals.report(number, status, reason)

    def bye(self, reason: str = "") -> None:
        """End the session; `reason` is a Reason field (RFC 3326). It does nothing in a session that ended.

        A callee's BYE waits for the ACK of its 2xx (RFC 3261 section 15). Raises WrongState before there is
        an answer, MalformedValue.
        """
        check_lines(reason)
        if self.state is not SessionState.ENDED:
            self._need_confirmed()
            self._leave(EndCause.LOCAL, reason)

    def replaced(self) -> None:
        """End the session in favour of the call that took its place (RFC 3891 section 3)."""
        if self.state is SessionState.CONFIRMED:
            self._leave(EndCause.REPLACED, "")

    def stop(self) -> None:
        """Leave everything without a word to the peer: another process takes the session up."""
        self._close()
        self._core.dialogs.pop(self._key, None)

    # Messages of the peer.

    def receive(self, transaction: ServerTransaction) -> None:
        """A request in the dialog."""
        request = transaction.request
        if self.state is SessionState.ENDED:
            # Its BYE crossed ours (RFC 5407 section 3.2).
            transaction.respond(200 if request.method == "BYE" else 481)
        elif request.from_.tag != self._context.dialog.state.remote_tag:
            transaction.respond(481)
        elif not self._context.dialog.take_sequence(request):
            transaction.respond(500)
        elif unsupported := request.headers.tokens("Require") - EXTENSIONS:
            transaction.respond(420, headers=[("Unsupported", ", ".join(sorted(unsupported)))])
        else:
            self._dispatch(transaction)

    def cancel_offer(self, transaction: ServerTransaction) -> None:
        """The peer's CANCEL of its re-INVITE (RFC 3261 section 9.2); an answer to it raises WrongState."""
        if transaction is self._context.pending:
            self.refuse_offer(487)

    def has_peer(self, tag: str) -> bool:
        """Whether the peer of the dialog, or of a fork that rings, has this tag."""
        return self._context.has_dialog and self.remote_tag == tag

    def receive_ack(self, request: Request) -> None:
        """An ACK of a 2xx in the dialog."""
        context = self._context
        waiting = context.unacknowledged
        if waiting is None or waiting.number != request.cseq.number:
            return
        waiting.stop()
        context.unacknowledged = None
        if self._late_bye is not None:
            self._send_bye(self._late_bye)
            return
        if context.negotiation.state is Negotiation.LOCAL_OFFER:
            if request.sdp is None:
                context.negotiation.roll_back()
            else:
                context.negotiation.receive_answer(request.sdp)
        self._emit(Acknowledged(request.sdp))
        self._emit(Changed())
        self._modifications.wake()

    def acknowledge_stray(self, response: Response) -> bool:
        """Acknowledge a 2xx to an INVITE of the process before this one, which has had it; whether it is of
        this dialog."""
        if self.state is not SessionState.CONFIRMED or response.to.tag != self.remote_tag:
            return False
        self._core.send_ack(self._context.dialog.request("ACK", number=response.cseq.number))
        return True

    def _dispatch(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        match request.method:
            case "BYE":
                transaction.respond(200)
                self._end(EndCause.REMOTE, request.headers.get("Reason") or "")
            case "INVITE" | "UPDATE":
                self._changed_by_peer(transaction)
            case "REFER":
                self._referrals.receive(transaction)
            case "NOTIFY":
                self._referrals.receive_notify(transaction)
            case "OPTIONS":
                transaction.respond(200, headers=[("Allow", ALLOW), ("Supported", SUPPORTED)])
            case "INFO" | "MESSAGE":
                transaction.respond(200)
                self._received(request)
            case "SUBSCRIBE":
                transaction.respond(489, headers=[("Allow-Events", "refer")])
            case method:
                transaction.respond(405 if method in _KNOWN else 501, headers=[("Allow", ALLOW)])

    def _received(self, request: Request) -> None:
        body, kind = request.body, request.content_type
        if request.method == "INFO" and kind == "application/dtmf-relay" and (found := _SIGNAL.search(body)):
            duration = _DURATION.search(body)
            length = int(duration[1]) if duration else _DIGIT_DURATION
            self._emit(Digit(found[1].decode().upper(), length))
        elif request.method == "INFO" and kind == "application/dtmf" and body.strip() in _DIGITS:
            self._emit(Digit(body.strip().decode().upper(), _DIGIT_DURATION))
        else:
            self._emit(Received(request.method, kind, body, request))

    def _changed_by_peer(self, transaction: ServerTransaction) -> None:
        """A re-INVITE or UPDATE (RFC 3261 section 14.2, RFC 3311 section 5.2)."""
        request, context = transaction.request, self._context
        is_invite = request.method == "INVITE"
        negotiates = is_invite or request.sdp is not None
        if context.pending is not None and negotiates:
            transaction.respond(500, headers=[("Retry-After", "5")])
        elif (is_invite and context.own_invite) or (negotiates and not context.negotiation.is_stable):
            transaction.respond(491)
        elif is_too_small(request, self._core.options.min_session_interval):
            least = str(self._core.options.min_session_interval)
            transaction.respond(422, headers=[("Min-SE", least)])
        elif not negotiates:
            context.refresh_target(request)
            self._respond_accepted(transaction, b"")
            self._emit(Changed())
        else:
            context.refresh_target(request)
            if request.sdp is not None:
                context.negotiation.receive_offer(request.sdp)
            context.pending = transaction
            if is_invite:
                transaction.respond(100)
            self._emit(Offered(request.method, request.sdp, request))

    # Parts that the beginnings use too.

    def _enter(self, key: tuple[str, str]) -> None:
        self._key = key
        self._core.dialogs[key] = self

    def _emit(self, event: SessionEvent) -> None:
        self.listener(self, event)

    def _need_confirmed(self) -> None:
        if self.state is SessionState.ENDED:
            raise SessionEnded("the session has ended")
        if self.state is not SessionState.CONFIRMED:
            raise WrongState("the session is not confirmed")

    def _take_pending(self) -> ServerTransaction:
        transaction = self._context.pending
        if transaction is None or self.state is not SessionState.CONFIRMED:
            raise WrongState("there is nothing to answer")
        self._context.pending = None
        return transaction

    def _accept(
        self, transaction: ServerTransaction, sdp: bytes, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Send a 2xx with this side's answer, or its offer."""
        context = self._context
        if transaction.request.sdp is None:
            context.negotiation.offer(sdp)
        else:
            context.negotiation.answer(sdp)
        self._respond_accepted(transaction, sdp, headers)
        if transaction.request.method == "INVITE":
            context.unacknowledged = Unacknowledged(self._core, transaction, self._no_ack)
        self._modifications.wake()
        self._emit(Changed())

    def _respond_accepted(
        self, transaction: ServerTransaction, sdp: bytes, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        options, request = self._core.options, transaction.request
        agreed = accepted(request, options.session_interval, options.min_session_interval)
        self._context.set_timer(agreed)
        fields = [("Contact", self._core.contact), ("Allow", ALLOW), ("Supported", SUPPORTED), *headers]
        if agreed is not None:
            fields.append(("Session-Expires", str(agreed)))
            if agreed.refresher == "uac":
                fields.append(("Require", "timer"))
        transaction.respond(200, to_tag=self.local_tag, headers=fields, body=sdp)

    def _leave(self, cause: EndCause, reason: str) -> None:
        """Send BYE, at once or after the ACK that is missing, and end."""
        headers = [("Reason", reason)] if reason else []
        if self._context.unacknowledged is None:
            self._send_bye(headers)
        else:
            self._late_bye = headers
        self._end(cause, "")

    def _send_bye(self, headers: list[tuple[str, str]]) -> None:
        self._late_bye = None
        dialog = self._context.dialog
        self._core.send(
            lambda: dialog.request("BYE", headers),
            self._context.digest,
            on_response=lambda request, response: None,
            on_failure=lambda status: None,
        )

    def _end(self, cause: EndCause, reason: str) -> None:
        if self.state is not SessionState.ENDED:
            self._close()
            self._emit(Ended(cause, reason))

    def _close(self) -> None:
        """End everything that is under way; the table keeps the dialog for late requests."""
        self.state = SessionState.ENDED
        context = self._context
        context.is_over = True
        context.timer.stop()
        if context.pending is not None:
            context.pending.respond(487, to_tag=self.local_tag)
            context.pending = None
        if context.unacknowledged is not None and self._late_bye is None:
            context.unacknowledged.stop()
            context.unacknowledged = None
        self._referrals.end()
        self._modifications.end()
        for answer in self._answers:
            if not answer.done():
                answer.set_exception(SessionEnded("the session has ended"))
        self._answers.clear()
        for task in self._tasks:
            task.cancel()
        self._core.forget_later(self._key)

    def _no_ack(self) -> None:
        self._context.unacknowledged = None
        self._send_bye(self._late_bye or [])
        self._end(EndCause.NO_ACK, "")

    def _gone(self) -> None:
        """RFC 3261 section 12.2.1.2."""
        if self.state is SessionState.CONFIRMED:
            self._leave(EndCause.GONE, "")

    def _expire(self) -> None:
        if self.state is SessionState.CONFIRMED:
            self._leave(EndCause.EXPIRED, 'SIP;cause=408;text="Session expired"')

    def _refresh(self) -> None:
        self._own(self._refreshed())

    async def _refreshed(self) -> None:
        try:
            if self.allows("UPDATE"):
                await self.update()
            else:
                await self.reinvite(self.local_sdp)
        except SipError:
            return  # the expiry ends it

    def _own(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answered(self, make: Callable[[], Request]) -> Response:
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._answers.add(answer)

        def responded(request: Request, response: Response) -> None:
            if response.status >= 200 and not answer.done():
                answer.set_result(response)
            if response.status in (408, 481) and request.method != "NOTIFY":
                self._gone()

        def failed(status: int) -> None:
            if not answer.done():
                answer.set_exception(Refused(status, "no answer"))
            self._gone()

        try:
            self._core.send(make, self._context.digest, on_response=responded, on_failure=failed)
            response = await answer
        finally:
            self._answers.discard(answer)
        if response.status >= 300:
            raise Refused(response.status, response.reason)
        return response


_DIGITS = frozenset(bytes([key]) for key in b"0123456789*#ABCDabcd")
