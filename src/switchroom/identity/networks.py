"""Networks of callers: the part of an address that tells one customer of a provider from another."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from switchroom.ip_addresses import unmapped

_NETWORK_OF_IPV6 = 64
"""Bits of an IPv6 address by which networks are told apart: the rest its holder chooses."""

_LONGEST = 50


def network_of(address: str) -> str:
    """An IPv4 address, also one that is written as an IPv6 address, or the network of an IPv6 address. What
    is no address stays as it is, cut to 50 characters."""
    try:
        known = unmapped(ip_address(address))
    except ValueError:
        return address[:_LONGEST]
    if not isinstance(known, IPv6Address):
        return str(known)
    first = int(known) >> (128 - _NETWORK_OF_IPV6) << (128 - _NETWORK_OF_IPV6)
    return f"{IPv6Address(first)}/{_NETWORK_OF_IPV6}"
