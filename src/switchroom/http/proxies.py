"""Addresses of callers behind reverse proxies: `X-Forwarded-For`, or `Forwarded` (RFC 7239)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from litestar.types import Scope

from switchroom.ip_addresses import unmapped

_WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d+)?|([^:]*)(?::\d+)?")
"""An IPv6 address in brackets, or another one, and a port that may follow."""

_PARAMETER = r'[^\s=;,"]+=(?:"(?:[^"\\]|\\.)*"|[^\s=;,"]*)'
_ELEMENT = re.compile(rf"\s*{_PARAMETER}(?:\s*;\s*{_PARAMETER})*\s*")
_NAMED = re.compile(r'([^\s=;,"]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s=;,"]*))')
_MOST_COMMAS = 4
"""Commas in the quoted values of one element of `Forwarded`; those of proxies have none."""


class TrustedProxies:
    """The proxies that are believed when they say who has asked them.

    Each adds the address that it was asked from at the end, perhaps in a line of its own; whatever is before
    the last one that is no proxy's, the caller may have written. They are believed in one header, which all
    of them write: another one would go through them as the caller sent it.
    """

    def __init__(self, networks: Sequence[str], header: str) -> None:
        """`networks` are addresses of proxies, `header` is `x-forwarded-for` or `forwarded`."""
        self._networks: Sequence[IPv4Network | IPv6Network] = [
            ip_network(address, strict=False) for address in networks
        ]
        self._header = header.encode()
        self._read = _of_forwarded if header == "forwarded" else _of_x_forwarded_for

    def set_client(self, scope: Scope) -> None:
        """Put the address of the caller in the place of the proxy's into the scope."""
        client = scope["client"]
        if not self._networks or client is None or not self._trusts(_address(client[0])):
            return
        lines = [value.decode("latin-1") for name, value in scope["headers"] if name == self._header]
        for said in self._read(lines):
            address = _address(said)
            if address is None:
                return
            scope["client"] = (str(address), 0)
            if not self._trusts(address):
                return

    def _trusts(self, address: IPv4Address | IPv6Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)


def _of_x_forwarded_for(lines: Sequence[str]) -> Iterator[str]:
    """Entries of the header, from the right."""
    for line in reversed(lines):
        for said in reversed(line.split(",")):
            yield said.strip()


def _of_forwarded(lines: Sequence[str]) -> Iterator[str]:
    """Values of `for` of the header's elements, from the right: a caller may have sent open quotes before
    them."""
    for line in reversed(lines):
        rest: str | None = line
        while rest is not None:
            element, rest = _last_element(rest)
            yield next((_unquoted(one) for one in _NAMED.finditer(element) if one[1].lower() == "for"), "")


def _unquoted(parameter: re.Match[str]) -> str:
    return parameter[3] if parameter[2] is None else re.sub(r"\\(.)", r"\1", parameter[2])


def _last_element(line: str) -> tuple[str, str | None]:
    """The last element, empty when it cannot be read, and what is before it."""
    comma = len(line)
    for _ in range(_MOST_COMMAS):
        comma = line.rfind(",", 0, comma)
        if _ELEMENT.fullmatch(line, comma + 1):
            return line[comma + 1 :], None if comma < 0 else line[:comma]
        if comma < 0:
            break
    return "", None


def _address(said: str) -> IPv4Address | IPv6Address | None:
    """The address without its port, an IPv4 one as such; None for a name or anything else."""
    found = _WITH_PORT.fullmatch(said)
    for text in (said, (found[1] or found[2]) if found else ""):
        try:
            return unmapped(ip_address(text))
        except ValueError:
            continue
    return None
