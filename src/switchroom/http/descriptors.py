"""Descriptors of this process' connections, found by the address of the client."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from switchroom.ip_addresses import unmapped

_DESCRIPTORS = "/proc/self/fd"
_NEW_AT_ONCE = 64


class AmbiguousConnectionError(Exception):
    """More than one connection may be the one that is looked for."""


class TakenConnection(Struct, frozen=True):
    """A connection that has a descriptor of its own beside the server's."""

    socket: socket.socket
    inode: int
    numbers: frozenset[int]
    """Its descriptors: the server's and that of `socket`."""


class _Seen(Struct, frozen=True):
    """Socket that a descriptor stood for when it was looked at: no socket changes its ends while it is
    connected, and none gets the inode of another. `peer` is None for anything but a connection over IP."""

    inode: int
    peer: tuple[str, int] | None
    port: int


class Connections:
    """Finds connections that the server has accepted, and knows which are taken already.

    All looking is done in one thread of its own, which alone has the state. What is remembered is at most
    one entry for each number that a descriptor can have.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "connections")
        self._seen: dict[int, _Seen] = {}
        self._taken: set[int] = set()
        self._numbers: set[int] = set()

    async def take(self, peer: tuple[str, int], server: tuple[str, int]) -> TakenConnection | None:
        """The connection of a client to the address that the server listens on.

        Raises OSError when there are no more descriptors to be had, and AmbiguousConnectionError: where the
        server listens on all addresses of the machine, a client may have come to two from the same port.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._take, peer, server)

    def release(self, taken: TakenConnection) -> None:
        """To be called when a connection is over."""
        self._thread.submit(self._release, taken)

    def _release(self, taken: TakenConnection) -> None:
        self._taken.discard(taken.inode)
        self._numbers -= taken.numbers

    def _take(self, peer: tuple[str, int], server: tuple[str, int]) -> TakenConnection | None:
        port = int(server[1])
        if not _is_wildcard(server[0]):
            for number in self._candidates():
                inode = self._inode(number, peer, port)
                taken = _duplicate(number, inode) if inode is not None else None
                if taken is not None:
                    return self._keep(taken)
            return None
        found = {inode: number for number in _all() if (inode := self._inode(number, peer, port)) is not None}
        if len(found) > 1:
            raise AmbiguousConnectionError
        for inode, number in found.items():
            taken = _duplicate(number, inode)
            return self._keep(taken) if taken is not None else None
        return None

    def _keep(self, taken: TakenConnection) -> TakenConnection:
        self._taken.add(taken.inode)
        self._numbers |= taken.numbers
        return taken

    def _candidates(self) -> Iterator[int]:
        """A new descriptor gets the lowest number that is free, so first those that are not taken up to a
        little over the highest of these; then all, for one may be closed by now, and its number another's."""
        highest = max(self._numbers, default=0)
        yield from (number for number in range(highest + _NEW_AT_ONCE) if number not in self._numbers)
        yield from _all()

    def _inode(self, number: int, peer: tuple[str, int], port: int) -> int | None:
        """The inode of a descriptor that may be the connection looked for, and that nobody has taken."""
        try:
            status = os.fstat(number)
        except OSError:
            return None
        if not stat.S_ISSOCK(status.st_mode) or status.st_ino in self._taken:
            return None
        seen = self._seen.get(number)
        if seen is None or seen.inode != status.st_ino:
            seen = _look_at(number, status.st_ino)
            if seen is None:
                return None
            self._seen[number] = seen
        if seen.peer is None or seen.port != port or seen.peer[1] != int(peer[1]):
            return None
        return seen.inode if _same_host(seen.peer[0], peer[0]) else None


def _all() -> Iterator[int]:
    return map(int, os.listdir(_DESCRIPTORS))


def _look_at(number: int, inode: int) -> _Seen | None:
    # Never a duplicate to look at: closing that of a file takes the process its locks on the file (POSIX),
    # and SQLite lives by those. What is looked at may be closed meanwhile, and its number be another's.
    try:
        looked_at = socket.socket(fileno=number)
    except OSError:
        return None
    try:
        if looked_at.family not in (socket.AF_INET, socket.AF_INET6):
            return _Seen(inode, None, 0)
        theirs, ours = looked_at.getpeername(), looked_at.getsockname()
        return _Seen(inode, (theirs[0], theirs[1]), ours[1])
    except OSError:
        return None
    finally:
        looked_at.detach()


def _duplicate(number: int, inode: int) -> TakenConnection | None:
    try:
        taken = socket.socket(fileno=os.dup(number))
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            raise
        return None  # closed meanwhile, and its number a file's: its duplicate is not closed, see above
    if os.fstat(taken.fileno()).st_ino != inode:
        taken.close()
        return None
    taken.setblocking(False)
    return TakenConnection(taken, inode, frozenset((number, taken.fileno())))


def _is_wildcard(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return True  # a name, which may stand for several


def _same_host(one: str, other: str) -> bool:
    return one == other or _address(one) == _address(other)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return unmapped(ipaddress.ip_address(host.partition("%")[0]))
