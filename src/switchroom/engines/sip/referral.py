"""REFER and its implicit subscription (RFC 3515, 4488), both directions."""

from __future__ import annotations

import re

from switchroom.engines.sip.address import parse_name_addr
from switchroom.engines.sip.context import SessionContext
from switchroom.engines.sip.errors import MalformedValue, WrongState
from switchroom.engines.sip.events import ReferProgress, ReferRequested
from switchroom.engines.sip.fields import parse_event, parse_replaces
from switchroom.engines.sip.message import Response
from switchroom.engines.sip.server_transaction import ServerTransaction
from switchroom.engines.sip.status import reason_of

_SIPFRAG = "message/sipfrag;version=2.0"
_STATUS = re.compile(rb"\s*SIP/2\.0 ([1-6][0-9]{2})(?: ([^\r\n]{0,200}))?")
_LIMIT = 180
"""Seconds that a subscription is said to last."""


class Referrals:
    """REFERs of one session."""

    def __init__(self, context: SessionContext) -> None:
        self._context = context
        self._requested: dict[int, ServerTransaction] = {}
        self._reported: set[int] = set()
        self._own: set[int] = set()
        self._first: int | None = None

    def receive(self, transaction: ServerTransaction) -> None:
        """Take a REFER: an event, or 400 for one that names nobody or several (RFC 3515 section 2.4.2)."""
        request = transaction.request
        try:
            refer_to = parse_name_addr(request.headers.get("Refer-To") or "")
            text = refer_to.uri.header("Replaces")
            replaces = None if text is None else parse_replaces(text)
        except MalformedValue:
            transaction.respond(400)
            return
        number = request.cseq.number
        self._requested[number] = transaction
        by = request.headers.get("Referred-By") or ""
        self._context.emit(ReferRequested(number, refer_to, by, replaces, request))

    def accept(self, number: int) -> None:
        """Answer 202 and tell 100 Trying, unless the peer wants no reports (RFC 4488). Raises WrongState."""
        transaction = self._take(number)
        contact = ("Contact", self._context.core.contact)
        if (transaction.request.headers.get("Refer-Sub") or "").strip().lower() == "false":
            transaction.respond(200, headers=[contact, ("Refer-Sub", "false")])
            return
        transaction.respond(202, headers=[contact])
        if self._first is None:
            self._first = number
        self._reported.add(number)
        self.report(number, 100, None)

    def refuse(self, number: int, status: int) -> None:
        """Answer with a failure. Raises WrongState."""
        self._take(number).respond(status)

    def report(self, number: int, status: int, reason: str | None) -> None:
        """Tell the peer what became of the call; a final status is the last that it is told."""
        if number not in self._reported or self._context.is_over:
            return
        is_final = status >= 200
        if is_final:
            self._reported.discard(number)
        event = "refer" if number == self._first else f"refer;id={number}"
        state = "terminated;reason=noresource" if is_final else f"active;expires={_LIMIT}"
        body = f"SIP/2.0 {status} {reason_of(status) if reason is None else reason}\r\n".encode()
        context = self._context
        context.core.send(
            lambda: context.dialog.request(
                "NOTIFY", [("Event", event), ("Subscription-State", state)], body, content_type=_SIPFRAG
            ),
            context.digest,
            on_response=lambda request, response: self._reported_to(number, response),
            on_failure=lambda status: self._reported.discard(number),
        )

    def sent(self, number: int) -> None:
        """This side has sent a REFER with this sequence number."""
        self._own.add(number)

    def forget(self, number: int) -> None:
        """The REFER was refused, or there are no reports."""
        self._own.discard(number)

    def receive_notify(self, transaction: ServerTransaction) -> None:
        """Take a report; 489 for other events, 481 without a subscription (RFC 6665 section 4.1.3)."""
        headers = transaction.request.headers
        try:
            event = parse_event(headers.get("Event") or "")
        except MalformedValue:
            transaction.respond(489, headers=[("Allow-Events", "refer")])
            return
        if event.package != "refer":
            transaction.respond(489, headers=[("Allow-Events", "refer")])
            return
        number = int(event.id) if event.id is not None and re.fullmatch("[0-9]{1,10}", event.id) else None
        if number is None and self._own:
            number = min(self._own)
        if number not in self._own:
            transaction.respond(481)
            return
        transaction.respond(200)
        state = (headers.get("Subscription-State") or "").strip().lower()
        is_final = state.startswith("terminated")
        if is_final:
            self._own.discard(number)
        found = _STATUS.match(transaction.request.body)
        if found is not None:
            status, reason = int(found[1]), (found[2] or b"").decode("utf-8", "replace")
            self._context.emit(ReferProgress(status, reason, is_final))
        elif is_final:
            self._context.emit(ReferProgress(0, state, is_final))

    def end(self) -> None:
        """The session is over."""
        for transaction in self._requested.values():
            transaction.respond(487)
        self._requested.clear()
        self._reported.clear()
        self._own.clear()

    def _take(self, number: int) -> ServerTransaction:
        transaction = self._requested.pop(number, None)
        if transaction is None:
            raise WrongState("there is no such REFER")
        return transaction

    def _reported_to(self, number: int, response: Response) -> None:
        if response.status >= 300:
            self._reported.discard(number)
