"""Requests to addresses that somebody else has named, kept away from what only this machine can reach."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from switchroom.events.webhooks.addresses import AllowedAddresses, Answer, Fetched

if TYPE_CHECKING:
    from switchroom.events.webhooks.client import Client


class Outbound:
    """Requests to allowed addresses. The HTTP client is loaded late: it is a tenth of the time and of
    the memory that the platform starts with, and many have no web hooks."""

    def __init__(self, allowed: Sequence[str], *, timeout: float) -> None:
        """`timeout` is in seconds. The caller limits how many requests are under way at once."""
        self._addresses = AllowedAddresses(allowed)
        self.permits = self._addresses.permits
        self._timeout = timeout
        self._client: Client | None = None

    async def load(self) -> None:
        """Load the client, so that the first request does not wait for it."""
        await self._loaded()

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send one request. Whatever goes wrong is in the answer."""
        client = self._client or await self._loaded()
        return await client.send(method, url, headers, body)

    async def fetch(
        self, url: str, headers: Mapping[str, str], *, largest: int, redirects: int = 0
    ) -> Fetched:
        """Get what is at the URL, of at most `largest` bytes, over so many redirects, each of which leads to
        an allowed address. Whatever goes wrong is in what is returned."""
        client = self._client or await self._loaded()
        return await client.fetch(url, headers, largest=largest, redirects=redirects)

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _loaded(self) -> Client:
        if self._client is not None:
            return self._client
        module = await asyncio.to_thread(importlib.import_module, "switchroom.events.webhooks.client")
        # Several may have waited for it: one client is for all.
        client = self._client = self._client or module.Client(self._addresses, self._timeout)
        return client
