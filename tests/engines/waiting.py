"""Waiting for what another process does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], bool], limit: float = 60.0) -> None:
    """Wait until a condition holds, at most `limit` seconds."""
    async with asyncio.timeout(limit):
        while not condition():  # noqa: ASYNC110 - what another process does wakes nobody here
            await asyncio.sleep(0.01)
