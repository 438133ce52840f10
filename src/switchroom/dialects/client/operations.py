"""Operations of the browser's API: each is posted, and open to all, as its message says who asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from switchroom.dialects.client.context import Context
from switchroom.dialects.operation import OPEN, Nothing, Operation


def operation(
    *,
    path: str,
    summary: str,
    reply: Any,
    handler: Callable[[Context, Any], Awaitable[Any]],
    request: Any = Nothing,
    status: int = 200,
) -> Operation:
    """The operation at a path below `/client`."""
    return Operation(
        method="POST",
        path=path,
        summary=summary,
        request=request,
        reply=reply,
        status=status,
        access=OPEN,
        handler=handler,
    )
