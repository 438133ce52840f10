"""Core that all sessions of one user agent share: transactions, clock, own address, the table of dialogs."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Protocol

from msgspec import Struct

from switchroom.engines.sip.address import parse_name_addr
from switchroom.engines.sip.client_transaction import ClientTransaction
from switchroom.engines.sip.digest import DigestClient
from switchroom.engines.sip.errors import MalformedValue, TransportError
from switchroom.engines.sip.grammar import split_list
from switchroom.engines.sip.message import Request, Response
from switchroom.engines.sip.server_transaction import ServerTransaction
from switchroom.engines.sip.transactions import Transactions
from switchroom.engines.sip.transport import Address, Clock, Timer
from switchroom.engines.sip.uri import parse_uri

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REFER, NOTIFY, MESSAGE"
SUPPORTED = "replaces, timer, norefersub"
EXTENSIONS = frozenset({"replaces", "timer", "norefersub"})


class AgentOptions(Struct, frozen=True):
    """Choices of a user agent; intervals in seconds.

    `next_hop` is where all requests go (a proxy), None for the IP address of their first Route or URI;
    `session_interval` is what sessions are refreshed at,
    0 for not asking (RFC 4028); `answer_limit` is how long an outgoing call may ring. `kept_headers` are
    names of header fields of an INVITE, sent or received, that all requests of this side in its dialog have.
    """

    next_hop: Address | None = None
    contact_user: str = "core"
    session_interval: int = 1800
    min_session_interval: int = 90
    answer_limit: float = 300.0
    kept_headers: tuple[str, ...] = ()


class DialogUser(Protocol):
    """Owner of a dialog in the table."""

    def receive(self, transaction: ServerTransaction) -> None:
        """A request in the dialog."""
        ...

    def receive_ack(self, request: Request) -> None:
        """An ACK of a 2xx in the dialog."""
        ...


class InvitedUser(Protocol):
    """Owner of an INVITE without final response."""

    def cancelled(self, cancel: Request) -> None:
        """The INVITE was cancelled."""
        ...


class Core:
    """Shared parts of a user agent; `dialogs` are by Call-ID and local tag, `invites` by their INVITE."""

    def __init__(self, transactions: Transactions, options: AgentOptions) -> None:
        self.transactions = transactions
        self.options = options
        self.dialogs: dict[tuple[str, str], DialogUser] = {}
        self.invites: dict[ServerTransaction, InvitedUser] = {}
        host, port = transactions.transport.local
        self.contact = f"<sip:{options.contact_user}@{f'[{host}]' if ':' in host else host}:{port}>"
        self._leaving: dict[tuple[str, str], Timer] = {}

    @property
    def clock(self) -> Clock:
        return self.transactions.clock

    def hop(self, request: Request) -> Address:
        """Next hop of a request (RFC 3261 section 8.1.2); names are not looked up. Raises TransportError."""
        if self.options.next_hop is not None:
            return self.options.next_hop
        route = request.headers.get("Route")
        try:
            uri = parse_uri(request.uri) if route is None else parse_name_addr(split_list(route)[0]).uri
            return str(ip_address(uri.host.strip("[]"))), uri.port or 5060
        except (MalformedValue, ValueError):
            raise TransportError("the address of the next hop is not known") from None

    def send_ack(self, ack: Request) -> None:
        """Send the ACK of a 2xx, which has no transaction."""
        try:
            self.transactions.send_plain(bytes(ack), self.hop(ack))
        except TransportError:
            return  # another 2xx asks for it again

    def forget_later(self, key: tuple[str, str]) -> None:
        """Take a dialog out of the table when no late request for it is to be expected any more."""
        if key not in self._leaving:
            limit = self.transactions.timing.limit
            self._leaving[key] = self.clock.call_later(limit, lambda: self._forget(key))

    def stop(self) -> None:
        """Forget all dialogs, end all transactions."""
        for key in [*self._leaving]:
            self._forget(key)
        self.dialogs.clear()
        self.transactions.stop()

    def _forget(self, key: tuple[str, str]) -> None:
        self._leaving.pop(key).cancel()
        self.dialogs.pop(key, None)

    def send(
        self,
        make: Callable[[], Request],
        digest: DigestClient | None,
        *,
        on_response: Callable[[Request, Response], None],
        on_failure: Callable[[int], None],
        on_transaction: Callable[[ClientTransaction], None] | None = None,
    ) -> None:
        """Send a request; another one, with credentials, when a challenge asks for it.

        `on_transaction` gets each transaction as it is begun, `on_response` all responses but a challenge
        that was answered, with the request that they are for.
        """
        request = make()
        if digest is not None and (fields := digest.headers(request.method, request.uri)):
            for name, value in fields:
                request.headers.add(name, value)

        def responded(response: Response) -> None:
            if response.status in (401, 407) and digest is not None and digest.take(response):
                self.send(
                    make,
                    digest,
                    on_response=on_response,
                    on_failure=on_failure,
                    on_transaction=on_transaction,
                )
            else:
                if digest is not None and response.status >= 200 and response.status not in (401, 407):
                    digest.taken()
                on_response(request, response)

        try:
            hop = self.hop(request)
        except TransportError:
            on_failure(503)
            return
        transaction = self.transactions.send(request, hop, on_response=responded, on_failure=on_failure)
        if on_transaction is not None:
            on_transaction(transaction)
