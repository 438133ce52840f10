"""INVITEs without a final response that a process leaves behind: the one after it cancels those that were
sent, refuses those that were received, and ends the dialogs of who has answered meanwhile."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from switchroom.engines.sip.address import parse_name_addr
from switchroom.engines.sip.core import Core
from switchroom.engines.sip.dialog import Dialog
from switchroom.engines.sip.digest import DigestClient
from switchroom.engines.sip.errors import MalformedValue, TransportError
from switchroom.engines.sip.fields import CSeq, parse_via
from switchroom.engines.sip.headers import Headers
from switchroom.engines.sip.message import Request, Response
from switchroom.engines.sip.server_transaction import ServerTransaction
from switchroom.engines.sip.transport import Address


class SentInvite(Struct, frozen=True):
    """INVITE of this side without a final response; header field values as they were sent."""

    uri: str
    via: str
    from_: str
    to: str
    call_id: str
    number: int
    routes: tuple[str, ...] = ()


class ReceivedInvite(Struct, frozen=True):
    """INVITE of the peer without a final response; header field values as they came, and the tag that this
    side has given it. `source` is where the responses go."""

    uri: str
    vias: tuple[str, ...]
    from_: str
    to: str
    tag: str
    call_id: str
    number: int
    source: Address


def saved_sent(invite: Request) -> SentInvite:
    headers = invite.headers
    return SentInvite(
        uri=invite.uri,
        via=str(invite.via),
        from_=headers.get("From") or str(invite.from_),
        to=headers.get("To") or str(invite.to),
        call_id=invite.call_id,
        number=invite.cseq.number,
        routes=tuple(headers.all("Route")),
    )


def saved_received(transaction: ServerTransaction, tag: str) -> ReceivedInvite:
    invite = transaction.request
    headers = invite.headers
    return ReceivedInvite(
        uri=invite.uri,
        vias=tuple(headers.all("Via")),
        from_=headers.get("From") or str(invite.from_),
        to=headers.get("To") or str(invite.to),
        tag=tag,
        call_id=invite.call_id,
        number=invite.cseq.number,
        source=transaction.source,
    )


def cancel_of(invite: Request, headers: Iterable[tuple[str, str]] = ()) -> Request:
    """The CANCEL of an INVITE (RFC 3261 section 9.1)."""
    cseq = CSeq(invite.cseq.number, "CANCEL")
    copied = [pair for pair in invite.headers if pair[0] in ("Via", "From", "To", "Call-ID", "Route")]
    return Request(
        method="CANCEL",
        uri=invite.uri,
        headers=Headers([*copied, ("CSeq", str(cseq)), ("Max-Forwards", "70"), *headers]),
        via=invite.via,
        from_=invite.from_,
        to=invite.to,
        call_id=invite.call_id,
        cseq=cseq,
    )


def end_dialog(core: Core, invite: Request, response: Response, digest: DigestClient | None) -> Request:
    """Acknowledge a 2xx that nobody wants, and end its dialog by BYE. The ACK, for when the 2xx comes again.
    Raises MalformedValue."""
    dialog = Dialog.of_caller(invite, response, core.contact, core.options.kept_headers)
    ack = dialog.request("ACK", number=invite.cseq.number)
    core.send_ack(ack)
    core.send(
        lambda: dialog.request("BYE"),
        digest,
        on_response=lambda request, response: None,
        on_failure=lambda status: None,
    )
    return ack


def give_up(core: Core, saved: SentInvite) -> None:
    """Cancel an INVITE that another process has sent. Who answers it all the same gets ACK and BYE. Raises
    MalformedValue."""
    invite = _invite(
        saved.uri, (saved.via,), saved.from_, saved.to, saved.call_id, saved.number, saved.routes
    )
    acknowledged: dict[str, Request] = {}

    def responded(response: Response) -> None:
        if not 200 <= response.status < 300:
            return
        tag = response.to.tag or ""
        if tag in acknowledged:
            core.send_ack(acknowledged[tag])
            return
        try:
            acknowledged[tag] = end_dialog(core, invite, response, None)
        except MalformedValue:
            return  # there is nobody to speak to

    try:
        hop = core.hop(invite)
    except TransportError:
        return
    core.transactions.restore_sent(invite, hop, on_response=responded, on_failure=_nothing)
    core.transactions.send(cancel_of(invite), hop, on_response=_nothing, on_failure=_nothing)


def refuse(core: Core, saved: ReceivedInvite, status: int) -> None:
    """Refuse an INVITE that another process has received. Raises MalformedValue."""
    invite = _invite(saved.uri, saved.vias, saved.from_, saved.to, saved.call_id, saved.number)
    core.transactions.restore_received(invite, saved.source).respond(status, to_tag=saved.tag)


def end_stray(core: Core, response: Response) -> None:
    """Acknowledge and end what a 2xx has made to an INVITE that this process knows nothing of: nobody else
    would, and its sender repeats it for half a minute and has a call with nobody."""
    number, remote = response.cseq.number, response.to
    invite = _invite(
        str(remote.uri),
        tuple(response.headers.all("Via")),
        str(response.from_),
        str(remote),
        response.call_id,
        number,
    )
    end_dialog(core, invite, response, None)


def _invite(
    uri: str,
    vias: tuple[str, ...],
    from_: str,
    to: str,
    call_id: str,
    number: int,
    routes: tuple[str, ...] = (),
) -> Request:
    cseq = CSeq(number, "INVITE")
    fields = [
        *(("Via", via) for via in vias),
        *(("Route", route) for route in routes),
        ("From", from_),
        ("To", to),
        ("Call-ID", call_id),
        ("CSeq", str(cseq)),
    ]
    return Request(
        method="INVITE",
        uri=uri,
        headers=Headers(fields),
        via=parse_via(_first(vias)),
        from_=parse_name_addr(from_),
        to=parse_name_addr(to),
        call_id=call_id,
        cseq=cseq,
    )


def _first(vias: tuple[str, ...]) -> str:
    values = Headers([("Via", via) for via in vias]).values("Via")
    if not values:
        raise MalformedValue("an INVITE has no Via")
    return values[0]


def _nothing(_: object) -> None:
    """Ignore a response or a failure that nobody waits for."""
