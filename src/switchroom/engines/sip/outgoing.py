"""Outgoing calls: an INVITE, its forks, CANCEL against 200, challenges (RFC 3261 sections 9.1 and 13.2)."""

from __future__ import annotations

from collections.abc import Iterable

from switchroom.engines.sip.abandoned import SentInvite, cancel_of, end_dialog, saved_sent
from switchroom.engines.sip.address import NameAddr
from switchroom.engines.sip.client_transaction import ClientState, ClientTransaction
from switchroom.engines.sip.core import ALLOW, SUPPORTED, Core
from switchroom.engines.sip.dialog import Dialog, new_tag, new_via
from switchroom.engines.sip.digest import DigestClient
from switchroom.engines.sip.errors import MalformedValue
from switchroom.engines.sip.events import Answered, Changed, Failed, Progress
from switchroom.engines.sip.fields import CSeq
from switchroom.engines.sip.grammar import check_lines
from switchroom.engines.sip.headers import Headers
from switchroom.engines.sip.message import Request, Response
from switchroom.engines.sip.server_transaction import ServerTransaction
from switchroom.engines.sip.session import Listener, Session, SessionState
from switchroom.engines.sip.session_timer import min_se
from switchroom.engines.sip.status import reason_of
from switchroom.engines.sip.transport import Timer

_MOST_INTERVALS = 3
"""Most tries of a longer session interval after a 422."""


class OutgoingCall(Session):
    """A call by this side."""

    def __init__(
        self,
        core: Core,
        listener: Listener,
        uri: str,
        *,
        from_: NameAddr,
        to: NameAddr,
        sdp: bytes | None,
        headers: Iterable[tuple[str, str]] = (),
        digest: DigestClient | None = None,
        max_forwards: int = 70,
    ) -> None:
        """Raises MalformedValue for CR, LF or NUL in what it is to send."""
        super().__init__(core, listener, digest)
        headers = list(headers)
        check_lines(uri, str(from_), str(to), *(f"{name}: {value}" for name, value in headers))
        tag = new_tag()
        self._uri = uri
        self._from = from_.with_tag(tag)
        self._to = to
        self._sdp = sdp
        self._headers = headers
        self._max_forwards = max_forwards
        self._number = 0
        self._interval = core.options.session_interval
        self._least = 0
        self._intervals = 0
        self._forks: dict[str, Dialog] = {}
        self._losers: dict[str, Request] = {}
        self._transaction: ClientTransaction | None = None
        self._is_cancelled = False
        self._cancel_headers: list[tuple[str, str]] = []
        self._has_cancelled = False
        self._limit: Timer | None = None
        self._enter((f"{new_tag()}{new_tag()}", tag))

    def start(self) -> None:
        """Send the INVITE. Events may come before this returns."""
        if self._sdp is not None:
            self._context.negotiation.offer(self._sdp)
        self._limit = self._core.clock.call_later(self._core.options.answer_limit, self._time_out)
        self._context.own_invite = True
        self._invite()

    def cancel(self, reason: str = "") -> None:
        """Give the call up: event Failed with 487, or with what came before. A session that was answered is
        ended by BYE. `reason` is a Reason field. Raises MalformedValue."""
        check_lines(reason)
        if self.state is SessionState.CONFIRMED:
            self.bye(reason)
        elif self.state is SessionState.EARLY and not self._is_cancelled:
            self._is_cancelled = True
            self._cancel_headers = [("Reason", reason)] if reason else []
            self._send_cancel()

    def save_invite(self) -> SentInvite | None:
        """State that another process needs to cancel the call, None where it was answered or is given up."""
        if self.state is not SessionState.EARLY or self._transaction is None:
            return None
        return saved_sent(self._transaction.request)

    def has_peer(self, tag: str) -> bool:
        """Whether the peer of the dialog, or of a fork that rings, has this tag."""
        return tag in self._forks or super().has_peer(tag)

    def receive(self, transaction: ServerTransaction) -> None:
        if self.state is not SessionState.EARLY:
            super().receive(transaction)
            return
        request = transaction.request
        fork = self._forks.get(request.from_.tag or "")
        if fork is None:
            transaction.respond(481)
        elif not fork.take_sequence(request):
            transaction.respond(500)
        elif request.method == "BYE":
            transaction.respond(200)
            del self._forks[request.from_.tag or ""]
            if not self._forks:
                self.cancel()
        elif request.method == "UPDATE" and request.sdp is None:
            fork.refresh(request)
            transaction.respond(200, headers=[("Contact", self._core.contact), ("Allow", ALLOW)])
        elif request.method in ("INVITE", "UPDATE"):
            transaction.respond(491)
        elif request.method == "OPTIONS":
            transaction.respond(200, headers=[("Allow", ALLOW), ("Supported", SUPPORTED)])
        else:
            transaction.respond(405, headers=[("Allow", ALLOW)])

    def _invite(self) -> None:
        self._core.send(
            self._request,
            self._context.digest,
            on_response=self._responded,
            on_failure=self._unanswered,
            on_transaction=self._begun,
        )

    def _begun(self, transaction: ClientTransaction) -> None:
        self._transaction = transaction

    def _request(self) -> Request:
        self._number += 1
        local = self._core.transactions.transport.local
        via, cseq = new_via(local), CSeq(self._number, "INVITE")
        fields = [
            ("Via", str(via)),
            ("Max-Forwards", str(self._max_forwards)),
            ("From", str(self._from)),
            ("To", str(self._to)),
            ("Call-ID", self.call_id),
            ("CSeq", str(cseq)),
            ("Contact", self._core.contact),
            ("Allow", ALLOW),
            ("Supported", SUPPORTED),
        ]
        if self._interval:
            fields.append(("Session-Expires", str(self._interval)))
        if self._least:
            fields.append(("Min-SE", str(self._least)))
        fields += self._headers
        if self._sdp:
            fields.append(("Content-Type", "application/sdp"))
        return Request(
            method="INVITE",
            uri=self._uri,
            headers=Headers(fields),
            body=self._sdp or b"",
            via=via,
            from_=self._from,
            to=self._to,
            call_id=self.call_id,
            cseq=cseq,
            max_forwards=self._max_forwards,
        )

    def _responded(self, request: Request, response: Response) -> None:
        if response.status < 200:
            self._provisional(request, response)
        elif response.status < 300:
            self._accepted(request, response)
        elif self.state is not SessionState.EARLY:
            return
        elif response.status == 422 and self._intervals < _MOST_INTERVALS and not self._is_cancelled:
            self._intervals += 1
            self._interval = self._least = max(self._interval, min_se(response))
            self._invite()
        else:
            self._fail(response.status, response.reason, response)

    def _provisional(self, request: Request, response: Response) -> None:
        if self.state is not SessionState.EARLY:
            return
        if self._is_cancelled:
            self._send_cancel()
            return
        if response.status == 100:
            return
        tag = response.to.tag or ""
        if tag not in self._forks:
            dialog = self._dialog(request, response)
            if dialog is not None:
                self._forks[tag] = dialog
        else:
            self._forks[tag].refresh(response)
        self._emit(Progress(response.status, response.reason, tag, response.sdp, response))

    def _accepted(self, request: Request, response: Response) -> None:
        tag = response.to.tag or ""
        if self.state is SessionState.EARLY and not self._is_cancelled:
            self._confirm(request, response, tag)
        elif self._context.has_dialog and tag == self.remote_tag:
            self._modifications.acknowledge_again(request.cseq.number)
        else:
            self._end_fork(request, response, tag)
            if self.state is SessionState.EARLY:
                self._fail(487, reason_of(487), response)

    def _confirm(self, request: Request, response: Response, tag: str) -> None:
        dialog = self._dialog(request, response)
        if dialog is None:
            self._fail(502, reason_of(502), response)
            return
        if tag in self._forks:
            dialog.change(remote_sequence=self._forks[tag].state.remote_sequence)
        context = self._context
        self._forks.clear()
        self._stop_limit()
        context.dialog = dialog
        context.own_invite = False
        self.state = SessionState.CONFIRMED
        context.take_timer(response)
        is_offer = self._sdp is None and response.sdp is not None
        if is_offer:
            context.negotiation.receive_offer(response.sdp or b"")
            self._modifications.postpone_ack(request.cseq.number)
        else:
            context.negotiation.receive_answer(response.sdp or b"")
            self._modifications.acknowledge_first(request.cseq.number)
        self._emit(Answered(response.sdp, tag, is_offer, response))
        self._emit(Changed())

    def _end_fork(self, request: Request, response: Response, tag: str) -> None:
        """Acknowledge the 2xx of a phone that was not the first, or too late, and end its dialog by BYE."""
        if tag in self._losers:
            self._core.send_ack(self._losers[tag])
            return
        try:
            self._losers[tag] = end_dialog(self._core, request, response, self._context.digest)
        except MalformedValue:
            return  # there is nobody to speak to

    def _dialog(self, request: Request, response: Response) -> Dialog | None:
        if response.to.tag is None and response.status < 200:
            return None
        try:
            return Dialog.of_caller(request, response, self._core.contact, self._core.options.kept_headers)
        except MalformedValue:
            return None

    def _send_cancel(self) -> None:
        """RFC 3261 section 9.1: not before a provisional response, once, and not waited for forever."""
        transaction = self._transaction
        if transaction is None or self._has_cancelled or transaction.state is not ClientState.PROCEEDING:
            return
        self._has_cancelled = True
        self._core.transactions.send(
            cancel_of(transaction.request, self._cancel_headers),
            transaction.to,
            on_response=lambda response: None,
            on_failure=lambda status: None,
        )
        self._stop_limit()
        limit = self._core.transactions.timing.limit
        self._limit = self._core.clock.call_later(limit, lambda: self._unanswered(487))

    def _time_out(self) -> None:
        self._limit = None
        self.cancel()
        if not self._has_cancelled:
            self._unanswered(408)

    def _unanswered(self, status: int) -> None:
        if self.state is SessionState.EARLY:
            if self._transaction is not None and self._transaction.state is ClientState.PROCEEDING:
                self._transaction.stop()
            self._fail(487 if self._is_cancelled else status, reason_of(status), None)

    def _fail(self, status: int, reason: str, response: Response | None) -> None:
        self._close()
        self._emit(Failed(status, reason, response))

    def _close(self) -> None:
        self._stop_limit()
        self._forks.clear()
        super()._close()

    def _stop_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def replaced(self) -> None:
        """End the session, or the call that rings, in favour of the call that took its place (RFC 3891)."""
        if self.state is SessionState.EARLY:
            self.cancel()
        else:
            super().replaced()
