"""HTTP client of web hooks, which connects to allowed addresses only."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urljoin

import aiohttp
from aiohttp import ClientTimeout, TCPConnector

from switchroom.errors import Invalid
from switchroom.events.webhooks.addresses import (
    AddressForbidden,
    AllowedAddresses,
    Answer,
    Fetched,
    check_url,
)
from switchroom.events.webhooks.resolver import Resolver

_LONGEST_PROBLEM = 300
_READ_OF_ANSWER = 64 * 1024
_LONGEST_ETAG = 200
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_FAILURES = (aiohttp.ClientError, OSError, ValueError)
"""Time-outs are errors of the operating system, forbidden addresses too."""


class Client:
    """HTTP client of web hooks, with connections that are kept.

    What is checked is the address that a connection is about to be made to, whatever name led to it and
    whenever; redirects are not followed, and no proxy is used.
    """

    def __init__(self, addresses: AllowedAddresses, timeout: float) -> None:
        """`timeout` is in seconds."""
        self._addresses = addresses
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
        except _FAILURES as error:
            return Answer(0, self._problem(error))

    async def fetch(self, url: str, headers: Mapping[str, str], *, largest: int, redirects: int) -> Fetched:
        """Get what is at the URL, over at most so many redirects. Whatever goes wrong is in what is
        returned."""
        headers = {**headers, "Accept-Encoding": "identity"}
        try:
            async with asyncio.timeout(self._timeout.total):
                for _ in range(redirects + 1):
                    async with self._open().get(
                        check_url(url), headers=headers, allow_redirects=False
                    ) as found:
                        if found.status not in _REDIRECTS or "Location" not in found.headers:
                            return await _fetched(found, largest)
                        url = urljoin(url, found.headers["Location"])
                return Fetched(0, problem="there are too many redirects")
        except Invalid:
            return Fetched(0, problem="it leads to an address that is not one of HTTP")
        except _FAILURES as error:
            return Fetched(0, problem=self._problem(error))

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        resolver, self._resolver = self._resolver, None
        if resolver is not None:
            await resolver.close()

    def _problem(self, error: BaseException) -> str:
        match error:
            case AddressForbidden():
                return str(error)
            case TimeoutError():
                return f"no answer within {self._timeout.total:g} s"
            case aiohttp.InvalidURL():
                return "the URL is not valid"  # and its path is nobody's business
            case _:
                return _problem(error)

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
        if not self._addresses.permits(host):
            raise AddressForbidden(f"{host} is not a public address")
        return socket.socket(family, kind, protocol)


async def _fetched(response: aiohttp.ClientResponse, largest: int) -> Fetched:
    """Result of a request, by its response. The body is read only if the status is 200."""
    if response.status != HTTPStatus.OK:
        return Fetched(response.status)
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return Fetched(0, problem="the answer is compressed, which was not asked for")
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > largest:
            return Fetched(0, problem=f"the answer has more than {largest} bytes")
    return Fetched(response.status, bytes(body), response.headers.get("ETag", "")[:_LONGEST_ETAG])


def _problem(error: BaseException) -> str:
    """Problem in one line. A forbidden address is inside the error of a connection that could not be made."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, AddressForbidden):
            return str(seen)
        seen = seen.__cause__ or seen.__context__
    # The text of an answer that cannot be read has the address in it, whose path is nobody's business.
    said = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    text = " ".join(said.split())
    return (f"{type(error).__name__}: {text}" if text else type(error).__name__)[:_LONGEST_PROBLEM]
