"""Dialogs (RFC 3261 section 12): identifiers, sequence numbers, route set, remote target."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Sequence

from msgspec import Struct, structs

from switchroom.engines.sip.address import NameAddr, parse_name_addr
from switchroom.engines.sip.errors import MalformedValue
from switchroom.engines.sip.fields import MAGIC_COOKIE, CSeq, Via
from switchroom.engines.sip.grammar import parsed_once
from switchroom.engines.sip.headers import Headers
from switchroom.engines.sip.message import Message, Request, Response
from switchroom.engines.sip.uri import parse_uri

SEQUENCE_RESERVE = 16
"""Added to the local sequence number of a dialog that is taken up: requests may have been sent since
the state was saved."""


class DialogState(Struct, frozen=True):
    """State of a confirmed dialog and its session, saved at each change and taken up by another process.

    `local` and `remote` are From and To values with their tags, as this side sends them. Intervals are in
    seconds, 0 without a session timer (RFC 4028).
    """

    call_id: str
    local: str
    remote: str
    local_tag: str
    remote_tag: str
    local_sequence: int
    remote_sequence: int
    remote_target: str
    route_set: tuple[str, ...] = ()
    is_caller: bool = False
    local_sdp: bytes = b""
    remote_sdp: bytes = b""
    session_interval: int = 0
    is_refresher: bool = False
    peer_allows: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    """Header fields of all requests of this side."""


_tags: list[str] = []
_TAGS_AT_ONCE = 64


def new_tag() -> str:
    """A tag or other identifier that nobody else has (RFC 3261 section 19.3)."""
    if not _tags:
        text = os.urandom(8 * _TAGS_AT_ONCE).hex()
        _tags.extend(text[begin : begin + 16] for begin in range(0, len(text), 16))
    return _tags.pop()


def new_via(local: tuple[str, int]) -> Via:
    """The Via of a new request."""
    host, port = local
    return Via(
        "UDP",
        f"[{host}]" if ":" in host and not host.startswith("[") else host,
        port,
        {"branch": f"{MAGIC_COOKIE}{new_tag()}", "rport": None},
    )


class Dialog:
    """One dialog, early or confirmed."""

    def __init__(self, state: DialogState, local: NameAddr, remote: NameAddr, contact: str) -> None:
        self.state = state
        self._local = local
        self._remote = remote
        self._contact = contact

    @classmethod
    def restored(cls, state: DialogState, contact: str) -> Dialog:
        """The dialog of a saved state; `contact` is the address of this process. Raises MalformedValue."""
        state = structs.replace(state, local_sequence=state.local_sequence + SEQUENCE_RESERVE)
        return cls(state, parse_name_addr(state.local), parse_name_addr(state.remote), contact)

    @classmethod
    def of_caller(
        cls, request: Request, response: Response, contact: str, kept: Sequence[str] = ()
    ) -> Dialog:
        """The dialog that a response to an INVITE makes at its sender (section 12.1.2); `kept` are names of
        header fields of the INVITE. Raises MalformedValue."""
        state = DialogState(
            call_id=request.call_id,
            local=request.headers.get("From") or str(request.from_),
            remote=response.headers.get("To") or str(response.to),
            local_tag=request.from_.tag or "",
            remote_tag=response.to.tag or "",
            local_sequence=request.cseq.number,
            remote_sequence=-1,
            remote_target=_contact_of(response) or request.uri,
            route_set=tuple(reversed(response.headers.values("Record-Route"))),
            is_caller=True,
            peer_allows=_allows(response),
            headers=_kept(request, kept),
        )
        return cls(state, request.from_, response.to, contact)

    @classmethod
    def of_callee(cls, request: Request, local_tag: str, contact: str, kept: Sequence[str] = ()) -> Dialog:
        """The dialog of an INVITE at its receiver (section 12.1.1), by a caller of RFC 2543 without Contact
        too; `kept` are names of header fields of the INVITE. Raises MalformedValue."""
        local = request.to.with_tag(local_tag)
        state = DialogState(
            call_id=request.call_id,
            local=str(local),
            remote=request.headers.get("From") or str(request.from_),
            local_tag=local_tag,
            remote_tag=request.from_.tag or "",
            local_sequence=secrets.randbelow(10_000),
            remote_sequence=request.cseq.number,
            remote_target=_contact_of(request) or str(request.from_.uri),
            route_set=tuple(request.headers.values("Record-Route")),
            peer_allows=_allows(request),
            headers=_kept(request, kept),
        )
        return cls(state, local, request.from_, contact)

    def allows(self, method: str) -> bool:
        """Whether the peer has said that it takes the method."""
        return method in self.state.peer_allows

    def change(self, **values: object) -> None:
        """Change fields of the state."""
        self.state = structs.replace(self.state, **values)

    def take_sequence(self, request: Request) -> bool:
        """Note the number of a request that was received; False when it is not in order (section 12.2.2)."""
        if request.cseq.number <= self.state.remote_sequence:
            return False
        self.change(remote_sequence=request.cseq.number)
        return True

    def refresh(self, message: Message) -> None:
        """Take the remote target of a target refresh request or its 2xx, and what the peer allows."""
        try:
            target = _contact_of(message)
        except MalformedValue:
            target = None
        allows = _allows(message) if "Allow" in message.headers else self.state.peer_allows
        if target not in (None, self.state.remote_target) or allows != self.state.peer_allows:
            self.change(remote_target=target or self.state.remote_target, peer_allows=allows)

    def request(
        self,
        method: str,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        *,
        content_type: str = "application/sdp",
        number: int | None = None,
    ) -> Request:
        """A new request with the next sequence number, or `number` for an ACK (section 12.2.1.1)."""
        if number is None:
            number = self.state.local_sequence + 1
            self.change(local_sequence=number)
        state = self.state
        uri, routes = state.remote_target, list(state.route_set)
        if routes and "lr" not in parse_name_addr(routes[0]).uri.parameters:
            uri, routes = str(parse_name_addr(routes[0]).uri), [*routes[1:], f"<{uri}>"]
        via = new_via(_host_port(self._contact))
        cseq = CSeq(number, method)
        fields = [("Via", str(via))]
        for route in routes:
            fields.append(("Route", route))
        fields += [
            ("Max-Forwards", "70"),
            ("From", state.local),
            ("To", state.remote),
            ("Call-ID", state.call_id),
            ("CSeq", str(cseq)),
            ("Contact", self._contact),
            *state.headers,
            *headers,
        ]
        if body:
            fields.append(("Content-Type", content_type))
        return Request(
            method=method,
            uri=uri,
            headers=Headers(fields),
            body=body,
            via=via,
            from_=self._local,
            to=self._remote,
            call_id=state.call_id,
            cseq=cseq,
        )


def _contact_of(message: Message) -> str | None:
    for value in message.headers.values("Contact"):
        if value and value != "*":
            return _target(value)
    return None


@parsed_once
def _target(contact: str) -> str:
    """The URI of a Contact value, as requests in the dialog have it."""
    return str(parse_name_addr(contact).uri.without_headers())


def _allows(message: Message) -> tuple[str, ...]:
    return tuple(sorted(message.headers.tokens("Allow")))


def _kept(invite: Request, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name in names if (value := invite.headers.get(name)) is not None)


@parsed_once
def _host_port(contact: str) -> tuple[str, int]:
    uri = parse_uri(contact.strip("<>"))
    return uri.host, uri.port or 5060
