"""What a browser hears loudest, asked again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

LIMIT = 60.0
_TIMES = 5


async def until_heard(
    loudest: Callable[[], Awaitable[float]], is_it: Callable[[float], bool], wanted: str, limit: float = LIMIT
) -> None:
    """Wait until what is heard loudest, in hertz, is what is wanted, five times in a row. Moments in which
    nothing is heard do not count: on a busy machine sound has gaps."""
    found: list[float] = []
    alike = 0
    end = asyncio.get_running_loop().time() + limit
    while alike < _TIMES:
        assert asyncio.get_running_loop().time() < end, f"hears {found[-_TIMES:]}, not {wanted}"
        found.append(await loudest())
        if found[-1] > 0:
            alike = alike + 1 if is_it(found[-1]) else 0
        await asyncio.sleep(0.1)
