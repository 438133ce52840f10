"""Findings about telephones: the ports of SIP, and the address by which phones and carriers come here."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from switchroom.engines.kamailio.configuration import WrongConfiguration
from switchroom.platform import media_relay, sip_server
from switchroom.platform.doctor.addresses import addresses_of, is_loopback
from switchroom.platform.doctor.finding import Finding
from switchroom.platform.reasons import brief
from switchroom.settings import Settings


async def findings(settings: Settings, *, runs: bool) -> list[Finding]:
    """Findings of what phones and carriers need; none where no telephones are served. Ports are not examined
    where this platform runs already, as they are its own."""
    if not sip_server.wanted(settings):
        return []
    ports = [] if runs else [_ports(settings), _media_ports(settings)]
    return [*ports, await _address(settings), *_certificate(settings)]


def _ports(settings: Settings) -> Finding:
    subject = f"SIP port {settings.telephony.sip_port}"
    try:
        problems = sip_server.ENTRY.make(settings).configuration.port_problems()
    except WrongConfiguration as error:
        problems = [str(error)]
    remedy = "Stop what uses it, or choose another port or address in [telephony]."
    return Finding(subject, not problems, "; ".join(problems) or "free", remedy)


def _media_ports(settings: Settings) -> Finding:
    media = settings.telephony.media_ports
    problem = media_relay.ENTRY.make(settings).configuration.port_problem()
    remedy = "Stop what uses them, or choose a range that is wide enough in [telephony]."
    subject = f"UDP ports {media.start} to {media.stop - 1} for media of telephone calls"
    return Finding(subject, not problem, problem or "free", remedy)


async def _address(settings: Settings) -> Finding:
    """Whether phones are told an address at which they can come here."""
    subject = "address for phones and carriers"
    listen, told = sip_server.listen_address(settings), settings.telephony.advertised_address
    if is_loopback(listen) and not told:
        # Settings that name no address for others, or this machine, serve nobody elsewhere.
        here = is_loopback(urlsplit(settings.public_url or settings.base_url).hostname or "")
        state = f"{listen}: only programs of this machine can register and call"
        remedy = 'Set telephony.listen, such as "0.0.0.0".'
        return Finding(subject, here, state, remedy)
    address = told or sip_server.local_address(settings)
    try:
        found = await addresses_of(address)
    except OSError as error:
        remedy = "Correct telephony.advertised_address, or enter the name into the DNS."
        return Finding(subject, False, f"{address} has no address: {brief(error)}", remedy)
    unusable = [one for one in found if _is_unusable(one)]
    if unusable:
        remedy = "Set telephony.advertised_address to the address by which phones reach this machine."
        return Finding(subject, False, f"phones are told {', '.join(unusable)}", remedy)
    return Finding(subject, True, f"phones are told {address}")


def _certificate(settings: Settings) -> list[Finding]:
    telephony = settings.telephony
    if not telephony.tls_certificate:
        return []
    files = (telephony.tls_certificate, telephony.tls_private_key)
    problems = [f"{file or 'no private key'}: cannot be read" for file in files if not _can_be_read(file)]
    remedy = "Correct telephony.tls_certificate and telephony.tls_private_key, or the files' permissions."
    return [Finding("certificate for SIP", not problems, "; ".join(problems) or files[0], remedy)]


def _is_unusable(address: str) -> bool:
    number = ip_address(address.partition("%")[0])
    return number.is_unspecified or number.is_multicast


def _can_be_read(file: str) -> bool:
    try:
        return bool(file) and bool(Path(file).read_bytes())
    except OSError:
        return False
