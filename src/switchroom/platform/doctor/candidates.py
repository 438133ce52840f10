"""Findings about the addresses at which browsers are told to send media, as the media servers themselves tell
them: those that run, here or elsewhere, or one that is started for the question."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from switchroom.engines.janus.candidates import Candidate, announced
from switchroom.engines.janus.client import JanusClient, JanusError
from switchroom.engines.janus.configuration import written_endpoint
from switchroom.engines.janus.engine import JanusEngine
from switchroom.engines.supervisor import ProcessError
from switchroom.platform import media_servers
from switchroom.platform.doctor.addresses import addresses_of, is_loopback
from switchroom.platform.doctor.finding import Finding
from switchroom.settings import Settings

_SUBJECT = "media candidates"
_LOOPBACK_INTERFACE = "lo"


async def findings(settings: Settings) -> list[Finding]:
    """Findings of the candidates that are announced: whether they can be reached from where `public_url` is
    for. None of servers that are not there: another finding says so."""
    if settings.janus.urls:
        return [one for url in settings.janus.urls for one in await _elsewhere(settings, url)]
    own = media_servers.ENTRY.make(settings)
    if own.missing():
        return []
    wrong = [address for address in settings.janus.nat_1_1 if not _is_address(address)]
    if wrong:
        state = f"{', '.join(wrong)} in janus.nat_1_1 is no IP address"
        return [Finding(_SUBJECT, False, state, "Name the public addresses as numbers.")]
    who = "as the running media server says"
    try:
        said = await _of_running(own)
        if said is None:
            who = "as a media server says that was started for the question"
            said = await _of_started(own, settings.janus.executable)
    except (JanusError, ProcessError, OSError) as error:
        return [Finding(_SUBJECT, False, f"the media server does not tell them: {error}", "Look at its log.")]
    if unmatched := _enforced_in_vain(settings.janus.ice_enforce, said):
        state = f"nothing here is called {', '.join(unmatched)}: Janus takes {_shown(settings, said)}"
        return [Finding(_SUBJECT, False, state, "Correct janus.ice_enforce, or bring up the interface.")]
    return [await _judged(settings, _SUBJECT, said, who)]


async def _of_running(own: JanusEngine) -> list[Candidate] | None:
    """Candidates of the server whose configuration is in the data directory, None when it does not run."""
    endpoint = written_endpoint(own.directory)
    if endpoint is None:
        return None
    try:
        return await _asked(*endpoint)
    except JanusError:
        return None


async def _of_started(own: JanusEngine, executable: str) -> list[Candidate]:
    """Candidates of a server with the same settings, on ports and in a directory of its own, which ends with
    the answer. Raises JanusError, ProcessError, OSError."""
    with TemporaryDirectory(prefix="switchroom-doctor-") as directory:
        engine = JanusEngine(Path(directory), own.configuration, executable)
        await engine.start()
        try:
            return await _asked(own.configuration.url, own.configuration.api_secret)
        finally:
            await engine.stop()


async def _elsewhere(settings: Settings, url: str) -> list[Finding]:
    try:
        said = await _asked(url, settings.janus.api_secret)
    except JanusError:
        return []
    return [await _judged(settings, f"{_SUBJECT} of {url}", said, "as it says")]


async def _asked(url: str, api_secret: str) -> list[Candidate]:
    """Raises JanusError."""
    client = await JanusClient.connect(url, api_secret)
    try:
        return await announced(client)
    finally:
        await client.close()


async def _judged(settings: Settings, subject: str, said: Sequence[Candidate], who: str) -> Finding:
    if not said:
        return Finding(subject, False, f"none, {who}", "Look at the log of the media server.")
    shown = f"{_shown(settings, said)}, {who}"
    problem = await _problem(settings, [_number(one) for one in said])
    if problem and not settings.ice.turn:
        remedy = "Set janus.nat_1_1 to the public address, or ice.turn and ice.turn_secret."
        return Finding(subject, False, f"{shown}: {problem}", remedy)
    return Finding(subject, True, f"{shown}: {problem}, but by TURN" if problem else shown)


async def _problem(settings: Settings, announced: Sequence[IPv4Address | IPv6Address]) -> str:
    """Problem that nobody reaches one of the addresses from where `public_url` is for, empty without it."""
    host = urlsplit(settings.public_url).hostname if settings.public_url else None
    if not host or is_loopback(host):
        return ""
    unreached = f"nobody reaches that from where {settings.public_url} is for"
    if all(address.is_loopback for address in announced):
        return unreached
    try:
        is_public = any(ip_address(one).is_global for one in await addresses_of(host))
    except (OSError, ValueError):
        return ""
    return unreached if is_public and not any(address.is_global for address in announced) else ""


def _shown(settings: Settings, said: Sequence[Candidate]) -> str:
    janus = settings.janus
    ports = "its media ports" if janus.urls else f"UDP {janus.rtp_port_min} to {janus.rtp_port_max}"
    return ", ".join(f"{one.address} ({_reach(one, ports)})" for one in said)


def _reach(candidate: Candidate, ports: str) -> str:
    address = _number(candidate)
    if address.is_loopback:
        return "loopback: for programs of this machine"
    if address.is_link_local:
        return "link-local: for the same link"
    if not address.is_global:
        return "private: for its own network"
    return f"public, of a NAT that must pass on {ports}" if _is_of_a_nat(candidate) else "public"


def _is_of_a_nat(candidate: Candidate) -> bool:
    """Whether it is a public address that no interface of this machine has."""
    address = _number(candidate)
    if not address.is_global:
        return False
    with socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as own:
        try:
            own.bind((candidate.address, 0))
        except OSError:
            return True
    return False


def _enforced_in_vain(wanted: Sequence[str], said: Sequence[Candidate]) -> Sequence[str]:
    """The interfaces and beginnings of addresses that are to be used, when none is here."""
    here = {name for _, name in socket.if_nameindex()} - {_LOOPBACK_INTERFACE}
    used = [one for one in wanted if one in here or any(that.address.startswith(one) for that in said)]
    return [] if used else wanted


def _number(candidate: Candidate) -> IPv4Address | IPv6Address:
    return ip_address(candidate.address.partition("%")[0])


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
