"""Calls that go out over a trunk: what `UserAgent.call` is given for what routing has decided."""

from __future__ import annotations

from msgspec import Struct

from switchroom.engines.sip.address import NameAddr
from switchroom.engines.sip.digest import Credentials
from switchroom.engines.sip.uri import Uri, escape_user
from switchroom.telephony.calls.loaded import TrunkAccess
from switchroom.telephony.carriers import Hop, port_of, transport_of
from switchroom.telephony.routing.trunks import TrunkRequest


class OutboundCall(Struct, frozen=True, kw_only=True):
    """Arguments of `UserAgent.call`; To is the URI."""

    uri: Uri
    from_: NameAddr
    headers: tuple[tuple[str, str], ...]
    credentials: Credentials | None


def outbound_call(request: TrunkRequest, access: TrunkAccess, hop: Hop, own_host: str) -> OutboundCall:
    """The call to a number over a trunk, by one of the addresses of its server.

    `own_host` is the name or address of our side. A carrier that knows us by an account of ours there finds
    its own name in From and P-Asserted-Identity, as it expects of its customers, another ours. Raises
    MalformedValue for credentials that no header field can carry.
    """
    uri = _server_uri(request.request_user, access)
    domain = _host(access.server) if access.username else _host(own_host)
    from_uri = Uri("sip", escape_user(request.from_user), _host(request.from_domain) or domain)
    headers = list(hop.headers(verifies_certificate=access.verifies_certificate))
    if request.asserted_user:
        asserted = Uri("sip", escape_user(request.asserted_user), domain)
        headers.append(("P-Asserted-Identity", str(NameAddr(asserted, request.asserted_name))))
    if request.privacy:
        headers.append(("Privacy", request.privacy))
    return OutboundCall(
        uri=uri,
        from_=NameAddr(from_uri, request.from_name),
        headers=tuple(headers),
        credentials=credentials_of(access),
    )


def credentials_of(access: TrunkAccess) -> Credentials | None:
    """Credentials for the carrier's challenges, None for a trunk that is known by its address."""
    if not access.username or access.password is None:
        return None
    return Credentials(access.username, access.password.reveal())


def _server_uri(user: str, access: TrunkAccess) -> Uri:
    transport = transport_of(access.transport)
    is_usual = port_of(access.port, transport) == port_of(0, transport)
    parameters: dict[str, str | None] = {} if transport == "udp" else {"transport": transport}
    port = None if is_usual else access.port
    return Uri("sip", escape_user(user), _host(access.server), port, parameters)


def _host(text: str) -> str:
    """A name or address as it stands in a URI."""
    return f"[{text}]" if ":" in text and not text.startswith("[") else text
