"""A connection to NATS that is kept up.

Whenever it is lost, a new one takes its place, with the same subscriptions. Nothing waits for that: what is
published meanwhile is gone, as NATS promises to deliver at most once anyway.

The client library is imported with the first connection: that takes longer than all else does here, is of no
use without a server, and in a thread it goes beside the start of the servers.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

log = structlog.stdlib.get_logger(__name__)

FASTEST_RETRY = 0.02
SLOWEST_RETRY = 1.0
"""Seconds between two tries to connect; the pause doubles from the first to the second."""

CONNECT_LIMIT = 2
PING_INTERVAL = 2
"""Seconds; a server that leaves two pings unanswered is lost."""

STOP_LIMIT = 2.0
LARGEST_UNSENT = 16 * 1024 * 1024

Handler = Callable[[bytes, str], Awaitable[None]]
"""Takes a message's payload and the subject that an answer goes to, empty when none is expected."""


class NatsError(Exception):
    """A message could not be delivered."""


class NatsUnreachable(NatsError):
    """There is no connection, or it was lost before the answer."""


class NobodyThere(NatsError):
    """Nobody listens to the subject of a request."""


class NoAnswer(NatsError):
    """Whoever listens did not answer in time."""


class NatsConnection:
    """At most one connection at a time; `url` may name several servers of a cluster, with commas between.

    A server does not send back what this connection has published itself.
    """

    def __init__(self, url: str, name: str = "switchroom") -> None:
        self._servers = [server.strip() for server in url.split(",")]
        self._name = name
        self._client: Client | None = None
        self._connected = asyncio.Event()
        self._handlers: dict[str, Handler] = {}
        self._listeners: list[Callable[[bool], None]] = []
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def connected(self) -> bool:
        return self._client is not None

    @property
    def largest_payload(self) -> int:
        """Bytes of one message."""
        return self._client.max_payload if self._client is not None else 0

    def on_change(self, listener: Callable[[bool], None]) -> None:
        """Call `listener` each time the connection is made (True) or lost. It must not block or raise."""
        self._listeners.append(listener)

    def subscribe(self, subject: str, handler: Handler) -> None:
        """Let `handler` have each message to the subject, one after the other. Call it before `start`."""
        self._handlers[subject] = handler

    def start(self) -> None:
        """Begin to connect, and to connect anew after each loss."""
        self._stopping = False
        self._task = asyncio.create_task(self._stay_connected(), name="nats")

    async def wait_connected(self) -> None:
        await self._connected.wait()

    async def stop(self) -> None:
        """Send what is on its way, and give the connection up."""
        task, self._task = self._task, None
        self._stopping = True
        while task is not None and not task.done():
            # The client swallows a cancellation now and then: wait_for of Python 3.11 returns what is done at
            # the same moment instead.
            task.cancel()
            await asyncio.wait({task}, timeout=STOP_LIMIT)

    async def publish(self, subject: str, payload: bytes) -> bool:
        """Send a message to whoever listens. Whether there was a connection to send it on."""
        if self._client is None:
            return False
        import nats.errors

        try:
            await self._client.publish(subject, payload)
        except (nats.errors.Error, OSError):
            return False
        return True

    async def request(self, subject: str, payload: bytes, limit: float) -> bytes:
        """Send a message and wait for the answer.

        Raises NobodyThere at once when nobody listens, NoAnswer, NatsUnreachable.
        """
        if self._client is None:
            raise NatsUnreachable("there is no connection to NATS")
        import nats.errors

        try:
            answer = await self._client.request(subject, payload, timeout=limit)
        except nats.errors.NoRespondersError as error:
            raise NobodyThere(f"nobody listens to {subject}") from error
        except TimeoutError as error:
            raise NoAnswer(f"no answer on {subject} within {limit:g} s") from error
        except (nats.errors.Error, OSError) as error:
            raise NatsUnreachable(f"the connection to NATS is lost: {error}") from error
        return answer.data

    async def _stay_connected(self) -> None:
        await asyncio.to_thread(importlib.import_module, "nats")
        import nats.errors
        from nats.aio.client import Client

        pause = FASTEST_RETRY
        while not self._stopping:
            closed = asyncio.Event()
            client = Client()
            try:
                async with asyncio.timeout(CONNECT_LIMIT + STOP_LIMIT):
                    await self._connect(client, closed)
            except (nats.errors.Error, OSError) as error:
                await _give_up(client)
                if pause < SLOWEST_RETRY <= pause * 2:
                    log.warning("nats not reachable", reason=str(error) or type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, SLOWEST_RETRY)
                continue
            except BaseException:
                await _give_up(client)
                raise
            pause = FASTEST_RETRY
            try:
                self._change(client)
                await closed.wait()
                log.warning("nats connection lost")
            finally:
                self._change(None)
                await _give_up(client)

    async def _connect(self, client: Client, closed: asyncio.Event) -> None:
        async def note_closed() -> None:
            closed.set()

        await client.connect(
            self._servers,
            name=self._name,
            error_cb=_note_error,
            closed_cb=note_closed,
            disconnected_cb=note_closed,
            allow_reconnect=False,
            connect_timeout=CONNECT_LIMIT,
            reconnect_time_wait=0,
            max_reconnect_attempts=1,
            ping_interval=PING_INTERVAL,
            max_outstanding_pings=2,
            pending_size=LARGEST_UNSENT,
            no_echo=True,
        )
        for subject, handler in self._handlers.items():
            await client.subscribe(subject, cb=_callback(handler))  # pyright: ignore[reportUnknownMemberType]
        await client.flush(CONNECT_LIMIT)

    def _change(self, client: Client | None) -> None:
        self._client = client
        if client is not None:
            self._connected.set()
        else:
            self._connected.clear()
        for listener in self._listeners:
            listener(client is not None)


def _callback(handler: Handler) -> Callable[[Msg], Awaitable[None]]:
    async def handle(message: Msg) -> None:
        try:
            await handler(message.data, message.reply)
        except Exception:
            log.exception("message not handled", subject=message.subject)

    return handle


async def _note_error(error: Exception) -> None:
    if not isinstance(error, OSError):  # while there is no server, that is said once
        log.info("nats error", reason=str(error) or type(error).__name__)


async def _give_up(client: Any) -> None:
    with contextlib.suppress(Exception):
        async with asyncio.timeout(STOP_LIMIT):
            await client.close()
