"""Findings about the address that people use, and the proxies before it."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from switchroom.platform.doctor.finding import Finding
from switchroom.platform.doctor.machine import fetched
from switchroom.platform.reasons import brief
from switchroom.settings import Settings

_SUBJECT = "public_url"


async def public_url(settings: Settings, *, runs: bool) -> list[Finding]:
    """Whether links in mails lead here, with the server that runs already also whether it is what answers."""
    if not settings.public_url:
        local = is_loopback(settings.host)
        state = f"not set; links begin with {settings.base_url}, which is for this machine only"
        return [Finding(_SUBJECT, local, state, "Set it to the address that people use.")]
    parts = _split(settings.public_url)
    if parts is None:
        remedy = "Write it like https://meet.example.org."
        return [Finding(_SUBJECT, False, f"{settings.public_url} is no address", remedy)]
    host = parts.hostname or ""
    if parts.scheme != "https" and not is_loopback(host):
        state = f"{settings.public_url} is not encrypted; browsers give it no camera and no microphone"
        return [Finding(_SUBJECT, False, state, "Put a reverse proxy with TLS in front, and say https://.")]
    try:
        await addresses_of(host)
    except OSError as error:
        remedy = "Enter the name into the DNS, or correct it."
        return [Finding(_SUBJECT, False, f"{host} has no address: {brief(error)}", remedy)]
    if not runs:
        return [Finding(_SUBJECT, True, settings.public_url)]
    answer = await fetched(f"{settings.base_url}/health/live")
    if answer != {"status": "live"}:
        why = brief(answer) if isinstance(answer, Exception) else "something else answers"
        state = f"{settings.public_url} does not lead here: {why}"
        return [Finding(_SUBJECT, False, state, "Look at the proxy, its certificate and the firewall.")]
    return [Finding(_SUBJECT, True, f"{settings.public_url} leads here")]


def proxies(settings: Settings) -> Finding:
    """Whether the proxies that stand between are believed, and nobody else."""
    subject, trusted = "trusted proxies", settings.security.trusted_proxies
    everybody = [one for one in trusted if ip_network(one, strict=False).prefixlen == 0]
    if everybody:
        state = f"{', '.join(everybody)} is everybody, who can all say that they come from anywhere"
        return Finding(subject, False, state, "Name the proxies' addresses in security.trusted_proxies.")
    parts = _split(settings.public_url) if settings.public_url else None
    if not trusted and parts is not None and parts.scheme == "https":
        state = "none, but https:// takes one: all people would share its address, and its limits"
        return Finding(subject, False, state, "Name its address in security.trusted_proxies.")
    return Finding(subject, True, ", ".join(trusted) or "none")


async def addresses_of(host: str) -> set[str]:
    """The IP addresses of a host. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return {str(address[0]).partition("%")[0] for *_, address in found}


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    good = parts.scheme in {"http", "https"} and parts.hostname and not parts.query and not parts.fragment
    return parts if good else None
