"""Waiting for work that is announced, when the announcement may have been made in another process."""

from __future__ import annotations

import asyncio

LOOK_ANYWAY = 1.0
"""Seconds after which one looks by oneself: other processes write to the database as well."""


async def woken(event: asyncio.Event, limit: float = LOOK_ANYWAY) -> None:
    """Wait until the event is set, for at most `limit` seconds."""
    try:
        async with asyncio.timeout(limit):
            await event.wait()
    except TimeoutError:
        pass
