"""Findings about the engines: what is installed, its versions, and the addresses that media are sent to."""

from __future__ import annotations

import fcntl
import socket
import struct
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from switchroom.engines.janus.engine import JanusEngine
from switchroom.engines.supervisor import ProcessError
from switchroom.platform import media_servers
from switchroom.platform.doctor.addresses import addresses_of
from switchroom.platform.doctor.finding import Finding
from switchroom.platform.engines import EngineEntry
from switchroom.settings import Settings

_DERIVED = ", by the interfaces of this machine (Janus was not asked)"

_GET_ADDRESS = 0x8915
"""`SIOCGIFADDR`, see netdevice(7)."""


async def engine(entry: EngineEntry[Any], settings: Settings) -> Finding:
    """Whether it is installed and runs or, run elsewhere, answers."""
    one = entry.make(settings)
    if elsewhere := entry.elsewhere(settings):
        problem = await entry.problem_elsewhere(settings)
        remedy = "Start it, or correct the settings that name it."
        return Finding(
            one.title, not problem, f"run elsewhere: {elsewhere}{problem and f', {problem}'}", remedy
        )
    missing = one.missing()
    if missing:
        return Finding(
            one.title,
            False,
            f"not installed ({', '.join(missing)}); {one.without}",
            f"Run: {one.remedy}",
        )
    try:
        versions = await one.versions()
    except ProcessError as error:
        return Finding(one.title, False, str(error), f"Run: {one.remedy}")
    return Finding(one.title, True, ", ".join(f"{path}{versions.get(path, '')}" for path in one.found()))


async def candidates(settings: Settings) -> list[Finding]:
    """The addresses at which browsers are told to send media to this machine's media server: as they follow
    from its interfaces and the settings. Janus itself tells them only within a call."""
    subject, janus = "media candidates", settings.janus
    own = media_servers.ENTRY.make(settings)
    if media_servers.ENTRY.elsewhere(settings) or own.missing():
        return []
    there = list(_announced(own))
    if not there:
        state = f"none: nothing here is called {', '.join(janus.ice_enforce) or 'anything but lo'}"
        return [Finding(subject, False, state, "Correct janus.ice_enforce, or bring up the interface.")]
    wrong = [address for address in janus.nat_1_1 if not _is_address(address)]
    if wrong:
        state = f"{', '.join(wrong)} in janus.nat_1_1 is no IP address"
        return [Finding(subject, False, state, "Name the public addresses as numbers.")]
    shown = ", ".join(f"{address} ({name})" for name, address in there) + _DERIVED
    if janus.nat_1_1:
        return [Finding(subject, True, f"{', '.join(janus.nat_1_1)} in place of {shown}")]
    behind = all(not ip_address(address).is_global for _, address in there)
    if behind and not settings.ice.turn and await _is_public(settings.public_url):
        state = f"{shown}, which nobody reaches from where {settings.public_url} is for"
        remedy = "Set janus.nat_1_1 to the public address, or ice.turn and ice.turn_secret."
        return [Finding(subject, False, state, remedy)]
    return [Finding(subject, True, shown)]


def _announced(janus: JanusEngine) -> Iterator[tuple[str, str]]:
    """The interfaces that Janus is told to use, with their addresses (it uses IPv4)."""
    wanted = janus.configuration.ice_enforce
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, name in socket.if_nameindex():
            try:
                said = fcntl.ioctl(asking.fileno(), _GET_ADDRESS, struct.pack("256s", name.encode()[:15]))
            except OSError:
                continue  # it has no address
            address = socket.inet_ntoa(said[20:24])
            used = any(one == name or address.startswith(one) for one in wanted)
            if used and not ip_address(address).is_loopback:
                yield name, address


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


async def _is_public(address: str) -> bool:
    host = urlsplit(address).hostname if address else None
    if not host:
        return False
    try:
        return any(ip_address(one).is_global for one in await addresses_of(host))
    except (OSError, ValueError):
        return False
