"""Addresses that others name and requests are sent to: not those that only this machine can reach."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from msgspec import Struct

from switchroom.errors import ErrorCode, Invalid
from switchroom.ip_addresses import unmapped

LONGEST_URL = 2000
_LONGEST_HOST = 253
_DENIED = (
    # Addresses of IPv6 that stand for one of IPv4, which may be any.
    ip_network("::/96"),
    ip_network("::ffff:0:0:0/96"),
    ip_network("64:ff9b::/96"),
    ip_network("64:ff9b:1::/48"),
    ip_network("2002::/16"),
    ip_network("2001::/32"),
    # Services by which clouds tell their machines metadata and credentials.
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
    """Outcome of a request: an HTTP status, or 0 and the problem."""

    status: int
    problem: str = ""

    @property
    def is_accepted(self) -> bool:
        return 200 <= self.status < 300


class Fetched(Struct, frozen=True):
    """Outcome of a request for the content of a URL: an HTTP status, with the body and the ETag of this
    version, or 0 and the problem."""

    status: int
    body: bytes = b""
    etag: str = ""
    problem: str = ""


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


class AllowedAddresses:
    """Public addresses, and those in `allowed` (networks in CIDR notation)."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = [ip_network(network, strict=False) for network in allowed]

    def permits(self, host: str) -> bool:
        """Whether a connection to this address may be made."""
        address = unmapped(ip_address(host.partition("%")[0]))
        if any(_within(address, network) for network in self._allowed):
            return True
        if any(_within(address, network) for network in _DENIED):
            return False
        return address.is_global and not address.is_multicast


def _within(address: IPv4Address | IPv6Address, network: IPv4Network | IPv6Network) -> bool:
    return address.version == network.version and address in network
