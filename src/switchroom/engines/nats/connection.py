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
    from nats.aio.subscription import Subscription

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
    """The subject of a request has no listener."""


class NoAnswer(NatsError):
    """No listener answered the request in time."""


class NatsSubscription:
    """A subject that a connection listens to, again after each loss, until it is closed."""

    def __init__(
        self, subject: str, group: str, handler: Handler, registered: list[NatsSubscription]
    ) -> None:
        self._subject = subject
        self._group = group
        self._handler = handler
        self._registered = registered
        registered.append(self)
        self._client: Client | None = None
        self._subscription: Subscription | None = None
        self._begun: asyncio.Task[None] | None = None

    async def wait_active(self) -> None:
        """Wait until the server knows of it, where there is a connection."""
        if self._begun is not None:
            await asyncio.wait({self._begun})

    async def close(self) -> None:
        """Listen no longer, after the messages that are on their way have been handled. Not to be called by
        the handler."""
        if self in self._registered:
            self._registered.remove(self)
        await self.wait_active()
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            with contextlib.suppress(Exception):  # whatever is wrong with it, it ends with its connection
                async with asyncio.timeout(STOP_LIMIT):
                    await subscription.drain()

    def begin_on(self, client: Client) -> None:
        """Have the server know of it on a connection that is there."""

        async def begin() -> None:
            with contextlib.suppress(
                Exception
            ):  # what is wrong is wrong with the connection, and the next comes
                await self.subscribe_on(client)
                await client.flush(CONNECT_LIMIT)

        self._begun = asyncio.create_task(begin(), name=f"subscribe to {self._subject}")

    async def subscribe_on(self, client: Client) -> None:
        """Subscribe on a connection, unless it has been done or the subscription is closed."""
        if self._client is client or self not in self._registered:
            return
        self._client = client
        self._subscription = await client.subscribe(  # pyright: ignore[reportUnknownMemberType]
            self._subject, queue=self._group, cb=_callback(self._handler)
        )
        if self not in self._registered:
            await self._subscription.unsubscribe()

    def is_on(self, client: Client) -> bool:
        return self._client is client


class NatsConnection:
    """At most one connection at a time; `url` may name several servers of a cluster, with commas between.

    A server does not send back what this connection has published itself.
    """

    def __init__(self, url: str, name: str = "switchroom") -> None:
        self._servers = [server.strip() for server in url.split(",")]
        self._name = name
        self._client: Client | None = None
        self._connected = asyncio.Event()
        self._subscriptions: list[NatsSubscription] = []
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

    def subscribe(self, subject: str, handler: Handler, *, group: str = "") -> NatsSubscription:
        """Let `handler` have each message to the subject, one after the other. Of those that subscribe in the
        same `group`, on any connection, one has each message."""
        subscription = NatsSubscription(subject, group, handler, self._subscriptions)
        if self._client is not None:
            subscription.begin_on(self._client)
        return subscription

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
            # The client swallows a cancellation that comes while it sends (`Client._flush_pending`).
            task.cancel()
            await asyncio.wait({task}, timeout=STOP_LIMIT)

    async def publish(self, subject: str, payload: bytes) -> bool:
        """Send a message to the listeners of a subject. Returns whether there was a connection for it."""
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
        await asyncio.to_thread(importlib.import_module, "switchroom.engines.nats.client")
        import nats.errors

        from switchroom.engines.nats.client import OrderedClient

        pause = FASTEST_RETRY
        while not self._stopping:
            closed = asyncio.Event()
            client = OrderedClient()
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
        await client.flush(CONNECT_LIMIT)
        while missing := [one for one in self._subscriptions if not one.is_on(client)]:
            for subscription in missing:
                await subscription.subscribe_on(client)
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
