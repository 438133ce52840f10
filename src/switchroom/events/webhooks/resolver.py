"""Resolver of names that somebody else has chosen: those which nobody answers keep nobody waiting."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from enum import Enum
from typing import TypeVar

from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Struct

LOOKUP_LIMIT = 5.0
"""Seconds after which a name that has not been answered counts as silent."""

_REFUSED_FOR = {True: 30.0, False: 5.0}
"""Seconds for which a name that is silent, or that leads nowhere, is not looked up again."""

_MOST_KNOWN = 10_000

_Key = tuple[str, int]
_K = TypeVar("_K")
_V = TypeVar("_V")


class _NameState(Enum):
    """State of a name after its last lookup, and the number of threads that look up names of that state."""

    ANSWERED = 16
    UNKNOWN = 12
    SILENT = 8


class _Address(Struct, frozen=True):
    host: str
    family: int
    protocol: int


class Resolver(AbstractResolver):
    """The system's resolver, in threads of its own.

    A lookup cannot be broken off: a silent name takes its thread for as long as the system asks for it. So a
    name has one thread at a time, and waits for one behind names of the same state only.
    """

    def __init__(self) -> None:
        self._limit = LOOKUP_LIMIT
        self._threads = {state: asyncio.Semaphore(state.value) for state in _NameState}
        self._states: OrderedDict[str, _NameState] = OrderedDict()
        self._refused: OrderedDict[_Key, tuple[float, str]] = OrderedDict()
        self._under_way: dict[_Key, asyncio.Task[Sequence[_Address]]] = {}
        self._asking: set[_Key] = set()  # names that have a thread

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises OSError for a name that leads nowhere, or is not answered in time."""
        key = (host, int(family))
        until, reason = self._refused.get(key, (0.0, ""))
        if time.monotonic() < until or (key in self._asking and key not in self._under_way):
            raise socket.gaierror(socket.EAI_AGAIN, reason)
        lookup = self._under_way.get(key)
        if lookup is None:
            lookup = self._under_way[key] = asyncio.create_task(self._look_up(key), name="lookup of a name")
            lookup.add_done_callback(lambda done: self._done(key, done))
        # It goes on for others, and for next time, when the caller that began it waits no more.
        return [
            ResolveResult(
                hostname=host,
                host=one.host,
                port=port,
                family=one.family,
                proto=one.protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for one in await asyncio.shield(lookup)
        ]

    async def close(self) -> None:
        for lookup in list(self._under_way.values()):
            lookup.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    def _done(self, key: _Key, lookup: asyncio.Task[Sequence[_Address]]) -> None:
        self._under_way.pop(key, None)
        if not lookup.cancelled():
            lookup.exception()  # callers that wait hear of it, if there are any

    async def _look_up(self, key: _Key) -> Sequence[_Address]:
        host, _ = key
        threads = self._threads[self._states.get(host, _NameState.UNKNOWN)]
        await threads.acquire()
        try:
            async with asyncio.timeout(self._limit):
                addresses = await asyncio.shield(self._ask(key, threads))
        except TimeoutError:
            self._refuse(key, f"the name is not answered within {self._limit:g} s", silent=True)
            raise socket.gaierror(socket.EAI_AGAIN, self._refused[key][1]) from None
        except OSError as error:
            self._refuse(key, error.strerror or str(error), silent=False)
            raise
        _keep(self._states, host, _NameState.ANSWERED)
        return addresses

    def _refuse(self, key: _Key, reason: str, *, silent: bool) -> None:
        _keep(self._states, key[0], _NameState.SILENT if silent else _NameState.ANSWERED)
        _keep(self._refused, key, (time.monotonic() + _REFUSED_FOR[silent], reason))

    def _ask(self, key: _Key, threads: asyncio.Semaphore) -> asyncio.Future[Sequence[_Address]]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Sequence[_Address]] = loop.create_future()

        def answered(addresses: Sequence[_Address], error: OSError | None) -> None:
            threads.release()
            self._asking.discard(key)
            if answer.cancelled():
                return
            if error is None:
                answer.set_result(addresses)
            else:
                answer.set_exception(error)
                answer.exception()  # after the limit nobody waits for it

        def ask() -> None:
            error, addresses = None, list[_Address]()
            try:
                addresses = _addresses(*key)
            except OSError as problem:
                error = problem
            except UnicodeError:
                error = socket.gaierror(socket.EAI_NONAME, "this is no name")
            with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
                loop.call_soon_threadsafe(answered, addresses, error)

        self._asking.add(key)
        # Not an executor's: the end of the process would wait for those.
        threading.Thread(target=ask, name="lookup of a name", daemon=True).start()
        return answer


def _addresses(host: str, family: int) -> list[_Address]:
    found = socket.getaddrinfo(host, 0, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
    addresses: list[_Address] = []
    for kind, _, protocol, _, address in found:
        text = str(address[0])
        if len(address) == 4 and address[3]:
            # With the name of the network card, without which an address of this kind leads nowhere.
            text, _ = socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
        addresses.append(_Address(text, int(kind), protocol))
    return addresses


def _keep(known: OrderedDict[_K, _V], key: _K, value: _V) -> None:
    known[key] = value
    known.move_to_end(key)
    if len(known) > _MOST_KNOWN:
        known.popitem(last=False)
