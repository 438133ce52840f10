"""The Janus API over WebSocket: transactions, one session, its keep-alive, plugin handles and their events.

Follows the page "Janus API" of the Janus documentation (RESTful, WebSockets, …).
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from typing import Any

import msgspec
import structlog
from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Subprotocol

log = structlog.stdlib.get_logger(__name__)

KEEPALIVE_INTERVAL = 25.0
"""Seconds; Janus ends a session after 60 s of silence."""

REQUEST_LIMIT = 8.0
"""Seconds that an answer may take."""

CONNECT_LIMIT = 5.0
LARGEST_MESSAGE = 4 * 1024 * 1024


class JanusError(Exception):
    """Something between this process and Janus went wrong."""


class JanusUnreachable(JanusError):
    """There is no connection to the server, or it was lost before the answer."""


class JanusTimeout(JanusError):
    """The server did not answer in time."""


class JanusRefused(JanusError):
    """The server, or a plugin, refused the request; `code` is its number for the reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{reason} ({code})")
        self.code = code
        self.reason = reason


class Jsep(Struct, frozen=True):
    """A session description: `type` is `offer` or `answer`."""

    type: str
    sdp: str


class PluginReply(Struct, frozen=True):
    """A plugin's answer to a request, with the session description that came with it."""

    data: dict[str, Any]
    jsep: Jsep | None = None


class PluginEvent(Struct, frozen=True):
    """Event of a plugin, which comes unasked."""

    data: dict[str, Any]
    jsep: Jsep | None = None


class WebrtcUp(Struct, frozen=True):
    """ICE and DTLS of the handle's peer connection have succeeded."""


class Hangup(Struct, frozen=True):
    """The handle's peer connection is over."""

    reason: str


class Detached(Struct, frozen=True):
    """The handle is gone."""


HandleEvent = PluginEvent | WebrtcUp | Hangup | Detached


class _PluginData(Struct, frozen=True):
    data: dict[str, Any]


class _Error(Struct, frozen=True):
    code: int
    reason: str


class _Created(Struct, frozen=True):
    id: int


class _Message(Struct, frozen=True):
    janus: str
    transaction: str | None = None
    sender: int | None = None
    plugindata: _PluginData | None = None
    jsep: Jsep | None = None
    data: _Created | None = None
    error: _Error | None = None
    reason: str = ""


_decoder = msgspec.json.Decoder(_Message)
_encoder = msgspec.json.Encoder()


class _PendingRequest:
    """A request on its way; some are done when they are acknowledged, most when they are answered."""

    __slots__ = ("future", "until_ack")

    def __init__(self, until_ack: bool) -> None:
        self.until_ack = until_ack
        self.future: asyncio.Future[_Message] = asyncio.get_running_loop().create_future()


class Handle:
    """One attachment to a plugin, and at most one peer connection."""

    def __init__(self, client: JanusClient, number: int, on_event: Callable[[HandleEvent], None]) -> None:
        self.id = number
        self._client = client
        self._on_event = on_event
        self._attached = True

    async def request(self, body: dict[str, Any], jsep: Jsep | None = None) -> PluginReply:
        """Ask the plugin something and wait for its answer.

        Raises JanusRefused with the plugin's code, JanusTimeout, JanusUnreachable.
        """
        message: dict[str, Any] = {"janus": "message", "handle_id": self.id, "body": body}
        if jsep is not None:
            message["jsep"] = jsep
        answer = await self._client.request(message)
        data = answer.plugindata.data if answer.plugindata else {}
        if "error_code" in data:
            raise JanusRefused(int(data["error_code"]), str(data.get("error", "")))
        return PluginReply(data, answer.jsep)

    async def trickle(self, candidate: dict[str, Any] | None) -> None:
        """Hand over one ICE candidate of the peer (an RTCIceCandidateInit); `None` says there are no more."""
        await self._client.request(
            {
                "janus": "trickle",
                "handle_id": self.id,
                "candidate": {"completed": True} if candidate is None else candidate,
            },
            until_ack=True,
        )

    async def detach(self) -> None:
        """Give the handle back, with its peer connection. Silent when the server is gone."""
        if not self._attached:
            return
        self._attached = False
        self._client.forget(self)
        with contextlib.suppress(JanusError):
            await self._client.request({"janus": "detach", "handle_id": self.id})

    def receive(self, event: HandleEvent) -> None:
        """Called by the client for each event of this handle."""
        if isinstance(event, Detached):
            self._attached = False
        self._on_event(event)


class JanusClient:
    """A connection to one server with one session on it.

    It is made by `connect`; when the connection is lost, `lost` is set, every request fails with
    JanusUnreachable, and a new client takes its place: the server forgets the session with the connection.
    """

    def __init__(self, connection: ClientConnection, api_secret: str) -> None:
        self.lost = asyncio.Event()
        self._connection = connection
        self._api_secret = api_secret
        self._session: int | None = None
        self._handles: dict[int, Handle] = {}
        self._waiting: dict[str, _PendingRequest] = {}
        self._transactions = itertools.count(1)
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def connect(cls, url: str, api_secret: str = "") -> JanusClient:
        """Connect and make a session.

        Raises JanusUnreachable, JanusTimeout, or JanusRefused (a wrong secret).
        """
        try:
            connection = await connect(
                url,
                subprotocols=[Subprotocol("janus-protocol")],
                open_timeout=CONNECT_LIMIT,
                ping_interval=20,
                ping_timeout=20,
                max_size=LARGEST_MESSAGE,
                compression=None,
                proxy=None,
            )
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as error:
            raise JanusUnreachable(f"no connection to {url}: {error}") from error
        client = cls(connection, api_secret)
        client._tasks.append(asyncio.create_task(client._read(), name="janus reader"))
        try:
            created = await client.request({"janus": "create"})
            if created.data is None:
                raise JanusRefused(0, "no session id in the answer")
            client._session = created.data.id
        except BaseException:
            await client.close()
            raise
        client._tasks.append(asyncio.create_task(client._keep_alive(), name="janus keep-alive"))
        return client

    async def close(self) -> None:
        """End the session and the connection."""
        if self._session is not None and not self.lost.is_set():
            with contextlib.suppress(JanusError):
                await self.request({"janus": "destroy"})
        await self._connection.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._fail_all()

    async def attach(self, plugin: str, on_event: Callable[[HandleEvent], None]) -> Handle:
        """A new handle; `on_event` is called for each of its events and must not block or raise."""
        answer = await self.request({"janus": "attach", "plugin": plugin})
        if answer.data is None:
            raise JanusRefused(0, "no handle id in the answer")
        handle = Handle(self, answer.data.id, on_event)
        self._handles[handle.id] = handle
        return handle

    def forget(self, handle: Handle) -> None:
        """Deliver no further events to a handle."""
        self._handles.pop(handle.id, None)

    async def request(self, message: dict[str, Any], *, until_ack: bool = False) -> _Message:
        """Send one request of the Janus API and wait for its answer."""
        if self.lost.is_set():
            raise JanusUnreachable("the connection to Janus is lost")
        transaction = str(next(self._transactions))
        message["transaction"] = transaction
        message["apisecret"] = self._api_secret
        if self._session is not None:
            message["session_id"] = self._session
        waiting = self._waiting[transaction] = _PendingRequest(until_ack)
        try:
            async with asyncio.timeout(REQUEST_LIMIT):
                await self._connection.send(_encoder.encode(message).decode())
                answer = await waiting.future
        except ConnectionClosed as error:
            raise JanusUnreachable("the connection to Janus is lost") from error
        except TimeoutError as error:
            raise JanusTimeout(
                f"Janus did not answer {message['janus']} within {REQUEST_LIMIT:g} s"
            ) from error
        finally:
            self._waiting.pop(transaction, None)
        if answer.error is not None:
            raise JanusRefused(answer.error.code, answer.error.reason)
        return answer

    async def _read(self) -> None:
        try:
            async for text in self._connection:
                try:
                    message = _decoder.decode(text)
                except msgspec.DecodeError as error:
                    log.warning("unreadable message from janus", reason=str(error))
                    continue
                self._receive(message)
        except ConnectionClosed:
            pass
        finally:
            self.lost.set()
            self._fail_all()

    def _receive(self, message: _Message) -> None:
        waiting = self._waiting.get(message.transaction) if message.transaction else None
        if waiting is not None:
            if (message.janus != "ack" or waiting.until_ack) and not waiting.future.done():
                waiting.future.set_result(message)
            return
        handle = self._handles.get(message.sender) if message.sender is not None else None
        if handle is None:
            if message.janus == "timeout":
                log.error("janus ended the session")
                self.lost.set()
            return
        event = _event(message)
        if event is None:
            return
        if isinstance(event, Detached):
            self.forget(handle)
        try:
            handle.receive(event)
        except Exception:
            log.exception("event of janus not handled", event_type=message.janus)

    def _fail_all(self) -> None:
        self.lost.set()
        for waiting in self._waiting.values():
            if not waiting.future.done():
                waiting.future.set_exception(JanusUnreachable("the connection to Janus is lost"))

    async def _keep_alive(self) -> None:
        while not self.lost.is_set():
            await asyncio.sleep(KEEPALIVE_INTERVAL)
            try:
                await self.request({"janus": "keepalive"}, until_ack=True)
            except JanusError as error:
                log.warning("janus does not answer", reason=str(error))
                await self._connection.close()
                return


def _event(message: _Message) -> HandleEvent | None:
    match message.janus:
        case "event" if message.plugindata is not None:
            return PluginEvent(message.plugindata.data, message.jsep)
        case "webrtcup":
            return WebrtcUp()
        case "hangup":
            return Hangup(message.reason)
        case "detached":
            return Detached()
        case _:
            return None
