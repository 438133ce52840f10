"""Requests to addresses that somebody else has named, kept away from what only this machine can reach."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, cast
from urllib.parse import urlsplit

import aiohttp
from aiohttp import ClientTimeout, TCPConnector
from msgspec import Struct

from switchroom.errors import ErrorCode, Invalid
from switchroom.events.webhooks.resolver import Resolver

LONGEST_URL = 2000
_LONGEST_HOST = 253
_LONGEST_PROBLEM = 300
_READ_OF_ANSWER = 64 * 1024
_DENIED = (
    # Addresses of IPv6 that stand for one of IPv4, which may be any.
    ip_network("::/96"),
    ip_network("::ffff:0:0:0/96"),
    ip_network("64:ff9b::/96"),
    ip_network("64:ff9b:1::/48"),
    ip_network("2002::/16"),
    ip_network("2001::/32"),
    # What clouds tell their machines, metadata and credentials included.
    ip_network("168.63.129.16/32"),
    ip_network("169.254.0.0/16"),
    ip_network("100.64.0.0/10"),
    ip_network("192.0.0.0/24"),
    # Sites' own, documentation and segment routing.
    ip_network("fec0::/10"),
    ip_network("fc00::/7"),
    ip_network("fe80::/10"),
    ip_network("3fff::/20"),
    ip_network("5f00::/16"),
)
"""Never public, whatever the version of Python at hand knows of them."""

_LABEL = re.compile(r"[^.]{1,63}")


class Answer(Struct, frozen=True):
    """What came of a request: an HTTP status, or 0 and the problem."""

    status: int
    problem: str = ""

    @property
    def is_accepted(self) -> bool:
        return 200 <= self.status < 300


class AddressForbidden(OSError):
    """The name leads to an address that is not to be reached from here."""


def check_url(url: str, path: str = "url") -> str:
    """The URL of a web hook, stripped. Raises Invalid, naming `path`."""
    url = url.strip()
    if len(url) > LONGEST_URL:
        raise Invalid(ErrorCode.TOO_LONG, path, most=LONGEST_URL)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Invalid(ErrorCode.URL_MALFORMED, path) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Invalid(ErrorCode.URL_NOT_HTTP, path)
    if not _is_host(parts.hostname):
        raise Invalid(ErrorCode.URL_WITHOUT_HOST, path)
    if parts.username or parts.password:
        raise Invalid(ErrorCode.URL_WITH_CREDENTIALS, path)
    if port == 0 or not url.isprintable() or " " in url:
        raise Invalid(ErrorCode.URL_MALFORMED, path)
    return url


def _is_host(name: str) -> bool:
    """Whether it can be one: an address, or labels with dots between, perhaps one behind the last."""
    if ":" in name:
        return True  # an address of IPv6, as `urlsplit` has made sure
    try:
        name = name.encode("idna").decode() if not name.isascii() else name
    except UnicodeError:
        return False
    name = name.removesuffix(".")
    return len(name) <= _LONGEST_HOST and all(_LABEL.fullmatch(label) for label in name.split("."))


class Outbound:
    """Sends requests to public addresses, and to those in `allowed` (networks in CIDR notation).

    What is checked is the address that a connection is about to be made to, whatever name led to it and
    whenever; redirects are not followed, and no proxy is used.
    """

    def __init__(self, allowed: Sequence[str], *, timeout: float) -> None:
        """How many requests are under way at once is for the caller to know."""
        self._allowed = [ip_network(network, strict=False) for network in allowed]
        self._timeout = ClientTimeout(total=timeout)
        self._resolver: Resolver | None = None
        self._session: aiohttp.ClientSession | None = None

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send one request. Whatever goes wrong is in the answer."""
        try:
            async with self._open().request(
                method, url, headers=headers, data=body, allow_redirects=False
            ) as response:
                # Read, so that the connection can be used again; not all of it, for it can be endless.
                await response.content.read(_READ_OF_ANSWER)
                return Answer(response.status)
        except AddressForbidden as error:
            return Answer(0, str(error))
        except TimeoutError:
            return Answer(0, f"no answer within {self._timeout.total:g} s")
        except aiohttp.InvalidURL:
            return Answer(0, "the URL is not valid")  # and its path is nobody's business
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answer(0, _problem(error))

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        resolver, self._resolver = self._resolver, None
        if resolver is not None:
            await resolver.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._resolver = Resolver()
            connector = TCPConnector(
                limit=0,
                resolver=self._resolver,
                socket_factory=cast("Callable[[object], socket.socket]", self._socket),
                ttl_dns_cache=10,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                raise_for_status=False,
            )
        return self._session

    def _socket(self, address: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
        family, kind, protocol, _, where = address
        host = str(where[0])
        if not self.permits(host):
            raise AddressForbidden(f"{host} is not a public address")
        return socket.socket(family, kind, protocol)

    def permits(self, host: str) -> bool:
        """Whether a connection to this address may be made."""
        address = ip_address(host.partition("%")[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if any(_within(address, network) for network in self._allowed):
            return True
        if any(_within(address, network) for network in _DENIED):
            return False
        return address.is_global and not address.is_multicast


def _within(address: IPv4Address | IPv6Address, network: IPv4Network | IPv6Network) -> bool:
    return address.version == network.version and address in network


def _problem(error: BaseException) -> str:
    """In one line. A forbidden address is inside the error of a connection that could not be made."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, AddressForbidden):
            return str(seen)
        seen = seen.__cause__ or seen.__context__
    text = " ".join(str(error).split())
    return (f"{type(error).__name__}: {text}" if text else type(error).__name__)[:_LONGEST_PROBLEM]
