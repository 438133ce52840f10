"""Bytes held of messages and bodies that are not complete, of all strangers together.

Each connection has a bound of its own, which thousands of connections multiply. So what each holds beyond a
little counts for its process and for the network that it comes from, and no more than so much of it is taken:
who sends only a little is not kept from it by those who send a lot.
"""

from __future__ import annotations

from collections import Counter

from switchroom.identity.networks import network_of

FREE = 16 * 1024
"""Bytes of each connection that do not count: more than nearly all messages and bodies have."""

MOST = 64 << 20
"""Bytes of all together, unless settings say otherwise."""

_SHARE = 4
"""Divisor of the bytes that all may hold: the quotient is the limit of one network."""


class Incoming:
    """The bytes that count, in this process."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._most_of_network = most // _SHARE
        self._held = 0
        self._by_network: Counter[str] = Counter()

    @property
    def held(self) -> int:
        return self._held

    def change(self, network: str, change: int) -> bool:
        """Hold so many bytes more for a network, or less. False, and nothing changed, if it is too many."""
        if change > 0 and (
            self._held + change > self._most or self._by_network[network] + change > self._most_of_network
        ):
            return False
        self._held += change
        self._by_network[network] += change
        if not self._by_network[network]:
            del self._by_network[network]
        return True


class Holding:
    """Bytes that one connection holds, until they are released."""

    def __init__(self, incoming: Incoming, address: str) -> None:
        self._incoming = incoming
        self._address = address
        self._counted = 0

    def holds(self, size: int) -> bool:
        """Whether it may hold so many bytes; it holds as many as before if not."""
        counted = max(size - FREE, 0)
        change = counted - self._counted
        if change and not self._incoming.change(network_of(self._address), change):
            return False
        self._counted = counted
        return True

    def release(self) -> None:
        """Count nothing for the connection any more."""
        self.holds(0)
