"""The bus: typed messages from publishers to subscribers, also in other processes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
import structlog

from switchroom.engines.nats.connection import NatsConnection
from switchroom.errors import Unavailable

T = TypeVar("T")

log = structlog.get_logger()


class Bus:
    """Delivers each message to the handlers subscribed to its exact type, in order of subscription."""

    def __init__(self) -> None:
        self._handlers: defaultdict[type[Any], list[Callable[[Any], Awaitable[None]]]] = defaultdict(list)

    def subscribe(self, kind: type[T], handler: Callable[[T], Awaitable[None]]) -> None:
        self._handlers[kind].append(handler)

    async def publish(self, message: object) -> None:
        await self.deliver(message)

    async def deliver(self, message: object) -> None:
        """Await every handler of this process. One that fails is logged and keeps nobody else from hearing
        the message: what the message reports has already been committed."""
        for handler in self._handlers[type(message)]:
            try:
                await handler(message)
            except Unavailable as error:
                log.error("bus handler failed", message_type=type(message).__name__, reason=error.code)
            except Exception:
                log.exception("bus handler failed", message_type=type(message).__name__)


class SharedBus(Bus):
    """The bus of several processes: what one publishes, the handlers of all hear, its own at once.

    A message for others is lost while there is no connection, as it is for processes that are not connected:
    subscribers look for themselves from time to time. Each type has a subject, its name, after `prefix`;
    messages are structs.
    """

    def __init__(self, connection: NatsConnection, prefix: str) -> None:
        super().__init__()
        self._connection = connection
        self._prefix = prefix
        self._kinds: dict[str, type[Any]] = {}

    def subscribe(self, kind: type[T], handler: Callable[[T], Awaitable[None]]) -> None:
        super().subscribe(kind, handler)
        if self._kinds.setdefault(kind.__name__, kind) is not kind:
            raise ValueError(f"two kinds of messages are called {kind.__name__}")
        if len(self._handlers[kind]) > 1:
            return  # what is received goes to all of them
        decoder = msgspec.msgpack.Decoder(kind)

        async def receive(payload: bytes, _reply: str) -> None:
            await self.deliver(decoder.decode(payload))

        self._connection.subscribe(self._subject(kind), receive)

    async def publish(self, message: object) -> None:
        await self.deliver(message)
        await self._connection.publish(self._subject(type(message)), msgspec.msgpack.encode(message))

    def _subject(self, kind: type[Any]) -> str:
        return f"{self._prefix}.notice.{kind.__name__}"
