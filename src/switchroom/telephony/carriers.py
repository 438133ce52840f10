"""Addresses of carriers: where a trunk's server is, and that a tenant's trunk leads nowhere inside.

A trunk's server is a text of a tenant. Without this an account could have the platform speak SIP to what only
this machine or its neighbours can reach, or to itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv6Address, ip_address, ip_network

from msgspec import Struct

from switchroom.events.webhooks.addresses import AllowedAddresses
from switchroom.ip_addresses import unmapped

REMEMBERED, OUTDATED = 30.0, 3600.0
"""Seconds for which the addresses of a name are not asked for again, and for which they count until there are
newer ones: no call waits for the DNS of a carrier that was there before."""

ANSWER_LIMIT = 4.0
_MOST_AT_ONCE = 4
"""Names that are asked for at the same time: each holds a thread, as long as servers do not answer."""

_MOST_REMEMBERED = 10_000
_TRANSPORTS = ("udp", "tcp", "tls")

Lookup = Callable[[str], Awaitable[Sequence[str]]]


class _Known(Struct, frozen=True):
    asked: float
    addresses: tuple[str, ...]


class CarrierUnknown(Exception):
    """The name of the server has no address that can be reached from here, or nobody says."""


class CarrierForbidden(Exception):
    """The server has none but addresses that trunks may not have."""


class Hop(Struct, frozen=True):
    """Next hop of a request: an IP address, a port, and `udp`, `tcp` or `tls`."""

    address: str
    port: int
    transport: str = "udp"

    @property
    def uri(self) -> str:
        """URI of the hop, as Kamailio is told in X-SR-Next-Hop."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"sip:{host}:{self.port};transport={self.transport}"

    def headers(self, *, verifies_certificate: bool) -> tuple[tuple[str, str], ...]:
        """Headers that tell Kamailio to send a request to this hop, and not to check its certificate where
        that is not wanted."""
        next_hop = ("X-SR-Next-Hop", self.uri)
        is_open = self.transport == "tls" and not verifies_certificate
        return (next_hop, ("X-SR-Certificate", "unchecked")) if is_open else (next_hop,)

    @property
    def source(self) -> str:
        """The address as Kamailio writes that of a message's sender (`ipv6_hex_style`): as the C library."""
        address = ip_address(self.address)
        if isinstance(address, IPv6Address):
            return socket.inet_ntop(socket.AF_INET6, address.packed)
        return str(address)


def transport_of(text: str) -> str:
    """The transport of a trunk's setting: `udp`, `tcp` or `tls`, or as phones name it (`tcp_10065`)."""
    name = text.partition("_")[0]
    return name if name in _TRANSPORTS else "udp"


def port_of(port: int, transport: str) -> int:
    """The port of a trunk's setting; 0 is the transport's own."""
    return port or (5061 if transport == "tls" else 5060)


class CarrierAddresses:
    """Addresses of names, remembered for some seconds, and for calls until there are newer ones. Allowed are
    public ones that are not this machine's, and those in the operator's networks but for our own ports.

    Belongs to one event loop.
    """

    def __init__(
        self,
        allowed: Sequence[str],
        own_ports: Callable[[], frozenset[int]],
        *,
        advertised: str = "",
        ipv6: bool = False,
        lookup: Lookup | None = None,
    ) -> None:
        """`own_ports` are those at which the platform itself listens, `advertised` the address at which this
        machine is reached from outside. Without `ipv6` only IPv4 is used."""
        self._public = AllowedAddresses([])
        self._named = [ip_network(network, strict=False) for network in allowed]
        self._own_ports = own_ports
        self._advertised = advertised
        self._ipv6 = ipv6
        self._lookup = lookup or self._ask
        self._known: dict[str, _Known] = {}
        self._asking: dict[str, asyncio.Task[tuple[str, ...]]] = {}
        self._threads = ThreadPoolExecutor(_MOST_AT_ONCE, "carriers")

    async def find(self, server: str, port: int, transport: str) -> tuple[Hop, ...]:
        """Hops to a server, in the order in which they are to be tried. `port` and `transport` are the
        trunk's settings. Raises CarrierUnknown, CarrierForbidden."""
        way = transport_of(transport)
        number = port_of(port, way)
        found = await self._addresses(server.strip("[]").rstrip(".").lower())
        hops = tuple(Hop(one, number, way) for one in found if self.permits(one, number))
        if not hops:
            raise CarrierForbidden(f"trunks may not lead to {', '.join(found)} port {number}")
        return hops

    def permits(self, address: str, port: int) -> bool:
        """Whether a trunk may lead to this address and port."""
        number = unmapped(ip_address(address))
        is_named = any(number.version == network.version and number in network for network in self._named)
        if address == self._advertised or _is_here(address):
            return is_named and port not in self._own_ports()
        return is_named or self._public.permits(address)

    async def _addresses(self, server: str) -> tuple[str, ...]:
        with contextlib.suppress(ValueError):
            return (str(unmapped(ip_address(server))),)
        known = self._known.get(server)
        age = math.inf if known is None else time.monotonic() - known.asked
        if known is not None and age < REMEMBERED:
            return known.addresses
        asking = self._asking.get(server)
        if asking is None:
            asking = asyncio.create_task(self._ask_anew(server), name="carrier")
            self._asking[server] = asking
            asking.add_done_callback(lambda _: self._asking.pop(server, None))
        if known is not None and age < OUTDATED:
            asking.add_done_callback(_look_at)
            return known.addresses
        return await asyncio.shield(asking)

    async def _ask_anew(self, server: str) -> tuple[str, ...]:
        try:
            async with asyncio.timeout(ANSWER_LIMIT):
                answers = await self._lookup(server)
        except (OSError, TimeoutError, UnicodeError) as error:
            raise CarrierUnknown(f"{server}: {error or type(error).__name__}") from error
        found = tuple(dict.fromkeys(str(unmapped(ip_address(one.partition("%")[0]))) for one in answers))
        if not found:
            raise CarrierUnknown(f"{server} has no address")
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[server] = _Known(time.monotonic(), found)
        return found

    async def _ask(self, server: str) -> Sequence[str]:
        family = socket.AF_UNSPEC if self._ipv6 else socket.AF_INET
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(server, None, family=family, type=socket.SOCK_DGRAM)
        )
        return [str(one[4][0]) for one in found]


def _look_at(task: asyncio.Task[tuple[str, ...]]) -> None:
    """Take the failure of a task that nobody waits for: the next who asks tries again."""
    if not task.cancelled():
        task.exception()


def _is_here(address: str) -> bool:
    """Whether the address is one of this machine's: it can be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
