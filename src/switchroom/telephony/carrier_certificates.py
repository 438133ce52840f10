"""Certificates of carriers over TLS: whether who answers at an address is the server that a trunk names.

The SIP server checks the authority of every connection that it opens, but no names. So they are checked here,
by connections that nothing is said on, before a trunk may use an address.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Sequence

from switchroom.telephony.carriers import Hop

LIMIT = 5.0
"""Seconds that a connection may take."""

_MOST_REMEMBERED = 10_000


class CertificateRefused(Exception):
    """Certificate that is not the server's, or comes from no authority that we trust."""


class CertificateUnknown(Exception):
    """Certificate that cannot be checked: nobody answers, or not with TLS."""


class CarrierCertificates:
    """Check of certificates. An address that has been right stays so while nobody answers there."""

    def __init__(self, authorities: str = "", own: tuple[str, str] | None = None) -> None:
        """`authorities` is a PEM file, the system's where it is empty; `own` are the PEM files of our own
        certificate and its key, for carriers that ask for it."""
        self._authorities = authorities
        self._own = own
        self._context: ssl.SSLContext | None = None
        self._right: set[tuple[str, Hop]] = set()

    async def right(self, server: str, hops: Sequence[Hop]) -> tuple[Hop, ...]:
        """Addresses among these at which the server itself answers, as its certificate shows. Raises
        CertificateRefused or CertificateUnknown where there are none."""
        name = server.strip("[]").rstrip(".")
        found = await asyncio.gather(*(self._problem(name, hop) for hop in hops))
        right = tuple(hop for hop, problem in zip(hops, found, strict=True) if problem is None)
        if right:
            return right
        refused = [problem for problem in found if isinstance(problem, CertificateRefused)]
        raise (refused or [problem for problem in found if problem is not None])[0]

    async def _problem(self, name: str, hop: Hop) -> CertificateRefused | CertificateUnknown | None:
        place = (name, hop)
        try:
            async with asyncio.timeout(LIMIT):
                _, writer = await asyncio.open_connection(
                    hop.address, hop.port, ssl=await self._trusted(), server_hostname=name
                )
        except ssl.SSLCertVerificationError as error:
            self._right.discard(place)
            return CertificateRefused(f"certificate of {hop.address}: {error.verify_message}")
        except (OSError, TimeoutError) as error:
            if place in self._right:
                return None
            return CertificateUnknown(f"TLS with {hop.address}: {error or type(error).__name__}")
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(LIMIT):
                await writer.wait_closed()
        if len(self._right) >= _MOST_REMEMBERED:
            self._right.clear()
        self._right.add(place)
        return None

    async def _trusted(self) -> ssl.SSLContext:
        if self._context is None:
            # It reads a file of some hundred certificates.
            self._context = await asyncio.to_thread(self._make)
        return self._context

    def _make(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._authorities or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._own is not None:
            context.load_cert_chain(*self._own)
        return context
