"""Unhurried: going through what may be much, where others wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

T = TypeVar("T")

_AT_ONCE = 100


async def unhurried(items: Iterable[T]) -> AsyncIterator[T]:
    """The items, with a turn for other tasks after every hundred."""
    for number, item in enumerate(items, 1):
        yield item
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
