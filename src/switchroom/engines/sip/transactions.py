"""Transaction layer: the transaction of each message, and those of new requests (RFC 3261 section 17)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from switchroom.engines.sip.client_transaction import ClientTransaction
from switchroom.engines.sip.errors import TransportError
from switchroom.engines.sip.message import Request, Response
from switchroom.engines.sip.parser import ParseError, parse
from switchroom.engines.sip.server_transaction import ServerTransaction
from switchroom.engines.sip.timing import Timing
from switchroom.engines.sip.transport import Address, Clock, Transport

_Key = tuple[str, ...]


class TransactionUser(Protocol):
    """Receiver of what is no repetition."""

    def on_request(self, transaction: ServerTransaction) -> None:
        """A new request that is neither ACK nor CANCEL."""
        ...

    def on_cancel(self, transaction: ServerTransaction, invite: ServerTransaction) -> None:
        """A CANCEL, answered already, of an INVITE that had no final response.

        `transaction` is `invite`, a request of any method, if it has been ended because nobody answered it in
        time or `on_request` raised an exception.
        """
        ...

    def on_ack(self, request: Request) -> None:
        """An ACK of a 2xx."""
        ...

    def on_stray(self, response: Response) -> None:
        """A 2xx to an INVITE that there is no transaction of."""
        ...


class Transactions:
    """All transactions of one socket."""

    def __init__(self, transport: Transport, clock: Clock, timing: Timing, user: TransactionUser) -> None:
        self.clock = clock
        self.timing = timing
        self.transport = transport
        self._user = user
        self._clients: dict[tuple[str, str], ClientTransaction] = {}
        self._servers: dict[_Key, ServerTransaction] = {}
        self._merged: dict[_Key, ServerTransaction] = {}
        self.malformed = 0
        """Datagrams that were no messages, or malformed ones."""

    def __len__(self) -> int:
        return len(self._clients) + len(self._servers)

    def send(
        self,
        request: Request,
        to: Address,
        *,
        on_response: Callable[[Response], None],
        on_failure: Callable[[int], None],
    ) -> ClientTransaction:
        """Send a request in a transaction of its own; see ClientTransaction for the callbacks."""
        transaction = self._client(request, to, on_response, on_failure)
        if request.method == "CANCEL":
            invite = self._clients.get((transaction.key[0], "INVITE"))
            if invite is not None:
                invite.cancelled()
        transaction.start()
        return transaction

    def restore_sent(
        self,
        request: Request,
        to: Address,
        *,
        on_response: Callable[[Response], None],
        on_failure: Callable[[int], None],
    ) -> None:
        """Take up the transaction of an INVITE that another process has sent, to cancel it."""
        self._client(request, to, on_response, on_failure).resume()

    def restore_received(self, request: Request, source: Address) -> ServerTransaction:
        """The transaction of a request that another process has received, and not answered."""
        return self._server(_server_key(request, request.method), request, source)

    def send_plain(self, data: bytes, to: Address) -> None:
        """Send a message that has no transaction. Raises TransportError."""
        self.transport.send(data, to)

    def receive(self, data: bytes, source: Address) -> None:
        """Take a datagram that was received."""
        if not data.strip(b"\r\n\0 "):
            return  # keep-alive (RFC 5626 section 3.5.1)
        try:
            message = parse(data)
        except ParseError as error:
            self.malformed += 1
            if error.reply is not None:
                self._refuse(error.reply, source)
            return
        if isinstance(message, Response):
            self._response(message)
        elif message.method == "ACK":
            self._ack(message)
        else:
            self._request(message, source)

    def stop(self) -> None:
        """End all transactions."""
        for transaction in [*self._clients.values(), *self._servers.values()]:
            transaction.stop()

    def _refuse(self, reply: bytes, source: Address) -> None:
        try:
            self.transport.send(reply, source)
        except TransportError:
            return  # the sender asks again

    def _response(self, response: Response) -> None:
        transaction = self._clients.get((response.via.parameters.get("branch") or "", response.cseq.method))
        vias = response.headers.all("Via")
        # One with two Vias is somebody else's (RFC 3261 section 8.1.3.3).
        if len(vias) != 1 or "," in vias[0]:
            return
        if transaction is not None:
            transaction.receive(response)
        elif (
            response.cseq.method == "INVITE"
            and 200 <= response.status < 300
            and response.via.sent_by == self.transport.local
        ):
            self._user.on_stray(response)

    def _ack(self, request: Request) -> None:
        transaction = self._servers.get(_server_key(request, "INVITE"))
        if transaction is None or not transaction.receive_ack():
            self._user.on_ack(request)

    def _request(self, request: Request, source: Address) -> None:
        key = _server_key(request, request.method)
        known = self._servers.get(key)
        if known is not None:
            known.receive_again()
            return
        transaction = self._server(key, request, source)
        if request.method == "CANCEL":
            self._cancel(transaction)
        elif (
            request.to.tag is None
            and self._merged.setdefault(_merge_key(request), transaction) is not transaction
        ):
            transaction.respond(482)
        else:
            self._tell(transaction)

    def _client(
        self,
        request: Request,
        to: Address,
        on_response: Callable[[Response], None],
        on_failure: Callable[[int], None],
    ) -> ClientTransaction:
        transaction = ClientTransaction(
            request,
            to,
            self.transport,
            self.clock,
            self.timing,
            on_response=on_response,
            on_failure=on_failure,
            on_end=self._client_ended,
        )
        self._clients[transaction.key] = transaction
        return transaction

    def _server(self, key: _Key, request: Request, source: Address) -> ServerTransaction:
        transaction = ServerTransaction(
            request,
            source,
            self.transport,
            self.clock,
            self.timing,
            on_give_up=self._given_up,
            on_end=self._server_ended,
        )
        self._servers[key] = transaction
        return transaction

    def _tell(self, transaction: ServerTransaction) -> None:
        """Tell the user of a request. An exception of the user is raised again, after a 500: no answer would
        come any more."""
        try:
            self._user.on_request(transaction)
        except Exception:
            self._fail(transaction, 500)
            raise

    def _given_up(self, transaction: ServerTransaction) -> None:
        if transaction.request.method == "INVITE":
            self._fail(transaction, 408)
        else:
            # Its sender has given it up by itself, and must get no 408 (RFC 4320 section 4.2).
            transaction.stop()
            self._user.on_cancel(transaction, transaction)

    def _fail(self, transaction: ServerTransaction, status: int) -> None:
        if not transaction.is_answered:
            transaction.respond(status)
            self._user.on_cancel(transaction, transaction)

    def _cancel(self, transaction: ServerTransaction) -> None:
        """RFC 3261 section 9.2: 200 whatever becomes of the INVITE, 481 if there is none."""
        invite = self._servers.get(_server_key(transaction.request, "INVITE"))
        if invite is None:
            transaction.respond(481)
            return
        last = invite.last_response
        transaction.respond(200, to_tag=None if last is None else last.to.tag)
        if not invite.is_answered:
            self._user.on_cancel(transaction, invite)

    def _client_ended(self, transaction: ClientTransaction) -> None:
        if self._clients.get(transaction.key) is transaction:
            del self._clients[transaction.key]

    def _server_ended(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        self._servers.pop(_server_key(request, request.method), None)
        if request.to.tag is None and self._merged.get(_merge_key(request)) is transaction:
            del self._merged[_merge_key(request)]


def _server_key(request: Request, method: str) -> _Key:
    """RFC 3261 section 17.2.3; without a branch that identifies, what RFC 2543 compares."""
    via = request.via
    host, port = via.sent_by
    branch = via.branch
    if branch is not None:
        return branch, host, str(port), method
    tag = request.from_.tag or ""
    return request.uri, tag, request.call_id, str(request.cseq.number), str(via), method


def _merge_key(request: Request) -> _Key:
    """RFC 3261 section 8.2.2.2: the same request by another way."""
    return request.from_.tag or "", request.call_id, str(request.cseq)
