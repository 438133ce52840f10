"""The bus inside one process: typed messages from whoever causes something to whoever follows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog

T = TypeVar("T")

log = structlog.get_logger()


class Bus:
    """Delivers each message to the handlers subscribed to its exact type, in order of subscription."""

    def __init__(self) -> None:
        self._handlers: defaultdict[type[Any], list[Callable[[Any], Awaitable[None]]]] = defaultdict(list)

    def subscribe(self, kind: type[T], handler: Callable[[T], Awaitable[None]]) -> None:
        self._handlers[kind].append(handler)

    async def publish(self, message: object) -> None:
        """Await every handler. One that fails is logged and keeps nobody else from hearing the message:
        what the message reports has already been committed."""
        for handler in self._handlers[type(message)]:
            try:
                await handler(message)
            except Exception:
                log.exception("bus handler failed", message_type=type(message).__name__)
