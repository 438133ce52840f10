"""Incoming calls: an INVITE from its arrival to the answer, a refusal or its end (RFC 3261 section 13.3)."""

from __future__ import annotations

from collections.abc import Iterable

from switchroom.engines.sip.abandoned import ReceivedInvite, saved_received
from switchroom.engines.sip.core import ALLOW, SUPPORTED, Core
from switchroom.engines.sip.dialog import Dialog, new_tag
from switchroom.engines.sip.errors import WrongState
from switchroom.engines.sip.events import Cancelled, SessionEvent
from switchroom.engines.sip.grammar import check_lines
from switchroom.engines.sip.message import Request
from switchroom.engines.sip.server_transaction import ServerTransaction
from switchroom.engines.sip.session import Session, SessionState
from switchroom.engines.sip.transport import Timer

_REMINDER = 60.0
"""Seconds after which a provisional response is sent again for the sake of proxies (section 13.3.1.1)."""


class IncomingCall(Session):
    """A call by the peer; `replaces` is the session whose place it is to take once it is answered."""

    def __init__(self, core: Core, transaction: ServerTransaction, replaces: Session | None = None) -> None:
        """Raises MalformedValue for an INVITE that makes no dialog."""
        super().__init__(core, _ignore)
        request = transaction.request
        tag = new_tag()
        self.invite = request
        self.replaces = replaces
        self._transaction = transaction
        self._reminder: Timer | None = None
        self._context.dialog = Dialog.of_callee(request, tag, core.contact, core.options.kept_headers)
        self._context.pending = transaction
        if request.sdp is not None:
            self._context.negotiation.receive_offer(request.sdp)
        self._enter((request.call_id, tag))
        core.invites[transaction] = self
        transaction.respond(100)

    @property
    def offer(self) -> bytes | None:
        """The caller's offer; None when the answer has to be one."""
        return self.invite.sdp

    def save_invite(self) -> ReceivedInvite | None:
        """State that another process needs to refuse the call, None once it has its final response."""
        if self.state is not SessionState.EARLY:
            return None
        return saved_received(self._transaction, self.local_tag)

    def progress(
        self,
        status: int = 180,
        sdp: bytes = b"",
        *,
        reason: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Send a provisional response, with SDP for early media; again each minute. Raises WrongState,
        MalformedValue."""
        self._need_early()
        fields = [("Contact", self._core.contact), ("Allow", ALLOW), *headers]
        self._transaction.respond(status, reason, to_tag=self.local_tag, headers=fields, body=sdp)
        self._stop_reminder()
        self._reminder = self._core.clock.call_later(_REMINDER, self._remind)

    def answer(self, sdp: bytes, headers: Iterable[tuple[str, str]] = ()) -> None:
        """Send 200 with the answer, or the offer to a caller that sent none.

        Raises WrongState, MalformedValue.
        """
        self._need_early()
        headers = list(headers)
        check_lines(*(f"{name}: {value}" for name, value in headers))
        self._stop_reminder()
        self._core.invites.pop(self._transaction, None)
        self.state = SessionState.CONFIRMED
        self._accept(self._take_pending(), sdp, headers)
        if self.replaces is not None:
            self.replaces.replaced()
            self.replaces = None

    def refuse(
        self, status: int = 603, reason: str | None = None, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Send a failure; there are no events afterwards. Raises WrongState, MalformedValue."""
        self._need_early()
        self._finish(status, reason, headers)

    def cancelled(self, cancel: Request) -> None:
        """The caller's CANCEL came before a final response."""
        if self.state is SessionState.EARLY:
            self._finish(487)
            self._emit(Cancelled(cancel.headers.get("Reason") or ""))

    def _dispatch(self, transaction: ServerTransaction) -> None:
        if self.state is SessionState.EARLY and transaction.request.method == "BYE":
            transaction.respond(200)
            self.cancelled(transaction.request)
        else:
            super()._dispatch(transaction)

    def _close(self) -> None:
        self._stop_reminder()
        self._core.invites.pop(self._transaction, None)
        super()._close()

    def _finish(
        self, status: int, reason: str | None = None, headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        fields = [("Supported", SUPPORTED), *headers]
        self._transaction.respond(status, reason, to_tag=self.local_tag, headers=fields)
        self._context.pending = None
        self._close()

    def _need_early(self) -> None:
        if self.state is not SessionState.EARLY:
            raise WrongState("the call has its final response")

    def _remind(self) -> None:
        self._transaction.repeat()
        self._reminder = self._core.clock.call_later(_REMINDER, self._remind)

    def _stop_reminder(self) -> None:
        if self._reminder is not None:
            self._reminder.cancel()
            self._reminder = None


def _ignore(session: Session, event: SessionEvent) -> None:
    """Listener until the owner sets its own."""
