"""The events log, followed live over a WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any, Literal, cast

import msgspec
from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect, WebSocketException
from msgspec import Struct

from switchroom.dialects.telephony_v3.callers import EVENTS, Caller, Callers
from switchroom.dialects.telephony_v3.errors import PROBLEMS, error_reply
from switchroom.dialects.telephony_v3.events import require_id, require_types
from switchroom.errors import DomainError, ErrorCode, Forbidden, Invalid, Unauthenticated
from switchroom.events.log import EventLog
from switchroom.events.searching import matches
from switchroom.events.tail import EventTail
from switchroom.events.webhooks.payloads import general_payload
from switchroom.texts import language_of

FIRST_LIMIT = 10.0
"""Seconds until the first subscription."""

ASK_AGAIN_EVERY = 30.0
"""Seconds after which the token is looked at again: it may have been withdrawn."""

SEND_LIMIT = 30.0
"""Seconds in which a receiver must take what it is sent."""

REFUSED_CLOSE, TOO_LARGE_CLOSE, EXPIRED_CLOSE = 4000, 1009, 4401
_MOST_BINDINGS = 100
_LARGEST_MESSAGE = 64 * 1024
_GONE = (WebSocketDisconnect, WebSocketException, ConnectionError, RuntimeError, TimeoutError)


class _Message(Struct, frozen=True):
    action: Literal["subscribe", "unsubscribe", "ping"]
    auth_token: str = ""
    request_id: str = ""
    data: dict[str, Any] = {}


class _Refused(Exception):
    """The connection ends with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


async def serve(
    socket: WebSocket[Any, Any, Any], callers: Callers, events: EventLog, tail: EventTail
) -> None:
    """Serve one connection until it is closed by either side, or its token is good no more."""
    await socket.accept()
    with contextlib.suppress(*_GONE):
        try:
            await _Connection(socket, callers, events, tail).run()
        except _Refused as refused:
            await socket.close(refused.code)


class _Connection:
    """Connection of one client that follows events. All events of its account pass by here; it is sent those
    of its bindings, which may change while it listens."""

    def __init__(
        self, socket: WebSocket[Any, Any, Any], callers: Callers, events: EventLog, tail: EventTail
    ) -> None:
        self._socket = socket
        self._callers = callers
        self._events = events
        self._tail = tail
        self._bindings: list[str] = []
        self._sending = asyncio.Lock()

    async def run(self) -> None:
        try:
            async with asyncio.timeout(FIRST_LIMIT):
                caller, token, after = await self._first()
        except TimeoutError:
            raise _Refused(REFUSED_CLOSE) from None
        tasks = [
            asyncio.create_task(self._read(), name="events reader"),
            asyncio.create_task(self._feed(caller, after), name="events feed"),
            asyncio.create_task(self._watch(caller, token), name="events token"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # The server closes a socket only when nobody waits for its next message.
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def _first(self) -> tuple[Caller, str, int]:
        """The subscription that the connection begins with: whose it is, by which token, and the id of the
        event after which it begins."""
        while True:
            message = await self._receive()
            if message is None:
                continue
            if message.action != "subscribe":
                await self._handle(message)
                continue
            try:
                caller = await self._callers.of(message.auth_token, EVENTS)
                bindings = _bindings(message)
                since = message.data.get("since")
                after = (
                    await self._events.newest(caller.organization_id)
                    if since is None
                    else require_id(since, "data.since")
                )
            except DomainError as error:
                await self._refuse(message.request_id, error)
                if isinstance(error, (Unauthenticated, Forbidden)):
                    raise _Refused(REFUSED_CLOSE) from None
                continue
            await self._subscribe(message.request_id, bindings)
            return caller, message.auth_token, after

    async def _read(self) -> None:
        while True:
            message = await self._receive()
            if message is not None:
                await self._handle(message)

    async def _handle(self, message: _Message) -> None:
        if message.action == "ping":
            await self._send({"action": "pong", "request_id": message.request_id})
            return
        try:
            bindings = _bindings(message)
            if message.action == "unsubscribe":
                self._bindings = [one for one in self._bindings if one not in bindings]
                bindings = []
            elif "since" in message.data:
                raise Invalid(ErrorCode.SINCE_TOO_LATE, "data.since")
            await self._subscribe(message.request_id, bindings)
        except Invalid as error:
            await self._refuse(message.request_id, error)

    async def _subscribe(self, request_id: str, bindings: Sequence[str]) -> None:
        together = [*self._bindings, *(one for one in bindings if one not in self._bindings)]
        if len(together) > _MOST_BINDINGS:
            raise Invalid(ErrorCode.TOO_MANY_BINDINGS, "data.bindings", most=_MOST_BINDINGS)
        self._bindings = together
        await self._send(_reply(request_id, "success", {"subscribed": together}))

    async def _feed(self, caller: Caller, after: int) -> None:
        async with contextlib.aclosing(self._tail.follow(caller.organization_id, after=after)) as events:
            async for event in events:
                binding = next((one for one in self._bindings if matches([one], event.type)), None)
                if binding is not None:
                    await self._send(
                        {
                            "action": "event",
                            "subscribed_key": binding,
                            "name": event.type,
                            "data": general_payload(event),
                        }
                    )

    async def _watch(self, caller: Caller, token: str) -> None:
        """Raises _Refused when the token is good no more."""
        while (left := caller.expires_at - time.time()) > 0:
            await asyncio.sleep(min(left, ASK_AGAIN_EVERY))
            try:
                await self._callers.of(token, EVENTS)
            except (Unauthenticated, Forbidden):
                break
        raise _Refused(EXPIRED_CLOSE)

    async def _receive(self) -> _Message | None:
        """The next message, None for one that has been refused."""
        text = await self._socket.receive_data(mode="text")
        if len(text) > _LARGEST_MESSAGE:
            raise _Refused(TOO_LARGE_CLOSE)
        try:
            return msgspec.json.decode(text, type=_Message)
        except (msgspec.DecodeError, RecursionError) as error:
            await self._refuse("", Invalid(ErrorCode.BODY_NOT_JSON, reason=str(error)))
            return None

    async def _refuse(self, request_id: str, error: DomainError) -> None:
        language = language_of(self._socket.headers.get("accept-language", ""))
        refusal = error_reply(PROBLEMS.problem_of(error, language))
        await self._send(_reply(request_id, "error", {"error": refusal.error}))

    async def _send(self, message: dict[str, Any]) -> None:
        async with self._sending, asyncio.timeout(SEND_LIMIT):
            await self._socket.send_text(msgspec.json.encode(message).decode())


def _bindings(message: _Message) -> list[str]:
    """Raises Invalid."""
    given = message.data.get("bindings")
    if not isinstance(given, list) or not given:
        raise Invalid(ErrorCode.BINDINGS_MALFORMED, "data.bindings")
    texts = [one for one in cast("list[object]", given) if isinstance(one, str)]
    if len(texts) < len(cast("list[object]", given)):
        raise Invalid(ErrorCode.BINDINGS_MALFORMED, "data.bindings")
    require_types(texts, "data.bindings")
    return texts


def _reply(request_id: str, status: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"action": "reply", "request_id": request_id, "status": status, "data": data}
