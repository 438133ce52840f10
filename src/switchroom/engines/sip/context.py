"""Parts of one session: what its modifications, referrals and beginnings share."""

from __future__ import annotations

from collections.abc import Callable

from switchroom.engines.sip.core import Core
from switchroom.engines.sip.dialog import Dialog
from switchroom.engines.sip.digest import DigestClient
from switchroom.engines.sip.errors import WrongState
from switchroom.engines.sip.events import SessionEvent
from switchroom.engines.sip.fields import SessionExpires
from switchroom.engines.sip.message import Message, Response
from switchroom.engines.sip.offer_answer import OfferAnswer
from switchroom.engines.sip.server_transaction import ServerTransaction
from switchroom.engines.sip.session_timer import SessionTimer, session_expires
from switchroom.engines.sip.transport import Timer


class Unacknowledged:
    """A 2xx to an INVITE, repeated until its ACK comes (RFC 3261 section 13.3.1.4)."""

    def __init__(self, core: Core, transaction: ServerTransaction, on_timeout: Callable[[], None]) -> None:
        self.number = transaction.request.cseq.number
        self._core = core
        self._transaction = transaction
        self._on_timeout = on_timeout
        self._interval = core.transactions.timing.t1
        self._left = core.transactions.timing.limit
        self._timer: Timer = core.clock.call_later(self._interval, self._repeat)

    def stop(self) -> None:
        """The ACK came, or nobody waits for it any more."""
        self._timer.cancel()

    def _repeat(self) -> None:
        self._left -= self._interval
        if self._left <= 0:
            self._on_timeout()
            return
        self._transaction.repeat()
        timing = self._core.transactions.timing
        self._interval = min(self._interval * 2, timing.t2, self._left)
        self._timer = self._core.clock.call_later(self._interval, self._repeat)


class SessionContext:
    """State of one session; `emit` tells its listener.

    `pending` is an INVITE or UPDATE of the peer without a final response, `unacknowledged` a 2xx to its
    INVITE without ACK, `own_invite` whether an INVITE of this side has none.
    """

    def __init__(
        self,
        core: Core,
        digest: DigestClient | None,
        timer: SessionTimer,
        emit: Callable[[SessionEvent], None],
    ) -> None:
        self.core = core
        self.digest = digest
        self.timer = timer
        self.emit = emit
        self.negotiation = OfferAnswer()
        self.pending: ServerTransaction | None = None
        self.unacknowledged: Unacknowledged | None = None
        self.own_invite = False
        self.is_over = False
        self._dialog: Dialog | None = None

    @property
    def dialog(self) -> Dialog:
        """The confirmed dialog, or the callee's early one. Raises WrongState before there is one."""
        if self._dialog is None:
            raise WrongState("there is no dialog yet")
        return self._dialog

    @dialog.setter
    def dialog(self, dialog: Dialog) -> None:
        self._dialog = dialog

    @property
    def has_dialog(self) -> bool:
        return self._dialog is not None

    def take_timer(self, response: Response) -> None:
        """Run the session timer as a 2xx to a request of this side says (RFC 4028 section 7.2)."""
        agreed = session_expires(response)
        if agreed is None:
            self.timer.set(0, is_refresher=False)
        else:
            self.timer.set(agreed.interval, is_refresher=agreed.refresher != "uas")

    def set_timer(self, agreed: SessionExpires | None) -> None:
        """Run the session timer as this side's 2xx says."""
        if agreed is None:
            self.timer.set(0, is_refresher=False)
        else:
            self.timer.set(agreed.interval, is_refresher=agreed.refresher == "uas")

    def refresh_target(self, message: Message) -> None:
        """Take the peer's Contact of a message that may change it."""
        self.dialog.refresh(message)
