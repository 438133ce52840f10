"""Every route of the API under `/v3.0`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
import structlog
from litestar import Request, Response, WebSocket
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler, websocket
from msgspec import Struct

from switchroom.dialects.body import read_body
from switchroom.dialects.telephony_v3 import following
from switchroom.dialects.telephony_v3.callers import Callers, Level, SignedIn
from switchroom.dialects.telephony_v3.errors import Problem, problem_of, reply_of
from switchroom.dialects.telephony_v3.events import read_events
from switchroom.errors import Invalid
from switchroom.events.log import EventLog

BASE = "/v3.0"
_METHODS = ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE")
_SECONDS = 30.0

T = TypeVar("T", bound=Struct)

log = structlog.get_logger()


class Services(Struct, frozen=True):
    callers: Callers
    events: EventLog


class _KeyCredentials(Struct, frozen=True):
    api_key: str


class _UserCredentials(Struct, frozen=True):
    username: str
    password: str


class _Wrapped(Struct, frozen=True):
    data: msgspec.Raw = msgspec.Raw()


class _Token(Struct, frozen=True):
    """`account_id` is None for one that is good for all accounts; `expires` is in Unix seconds."""

    auth_token: str
    account_id: int | None
    priv_level: Level
    expires: int


class _Reply(Struct, frozen=True):
    data: Any


class _EventsReply(Struct, frozen=True):
    data: Any
    cursor: str


def handlers(services: Services) -> list[BaseRouteHandler]:
    """The handlers to mount."""
    callers, events = services.callers, services.events

    async def auth_account(request: Request[Any, Any, Any]) -> Struct:
        credentials = _read(await read_body(request.receive), _KeyCredentials)
        return _Reply(_token(await callers.with_key(credentials.api_key)))

    async def auth_user(request: Request[Any, Any, Any]) -> Struct:
        credentials = _read(await read_body(request.receive), _UserCredentials)
        address = request.client.host if request.client else ""
        return _Reply(
            _token(await callers.with_password(credentials.username, credentials.password, address))
        )

    async def list_events(request: Request[Any, Any, Any]) -> Struct:
        caller = await callers.of(request.headers.get("x-auth-token", ""))
        found, cursor = await read_events(events, caller, dict(request.query_params))
        return _EventsReply(found, str(cursor))

    @websocket(f"{BASE}/websockets/events")
    async def follow(socket: WebSocket[Any, Any, Any]) -> None:
        await following.serve(socket, callers, events)

    calls: dict[tuple[str, str], _Call] = {
        ("PUT", "/auth/account"): auth_account,
        ("PUT", "/auth/user"): auth_user,
        ("GET", "/events"): list_events,
    }
    return [_route(calls), follow]


_Call = Callable[[Request[Any, Any, Any]], Awaitable[Struct]]


def _route(calls: dict[tuple[str, str], _Call]) -> HTTPRouteHandler:
    """The calls, and everything else under the API's address, which is answered in the API's words too."""
    paths = {path for _, path in calls}

    async def handle(request: Request[Any, Any, Any]) -> Response[bytes]:
        path = request.scope["path"].removeprefix(BASE).rstrip("/")
        method = "GET" if request.method == "HEAD" else request.method
        call = calls.get((method, path))
        if call is None:
            if path not in paths:
                return _refusal(Problem(404, "not_found", "there is no such resource"))
            answer = _refusal(Problem(405, "method_not_allowed", f"{request.method} is not known here"))
            answer.headers["allow"] = ", ".join(sorted(one for one, known in calls if known == path))
            return answer
        try:
            async with asyncio.timeout(_SECONDS):
                return _json(await call(request), 200)
        except Exception as error:
            problem = problem_of(error)
            if problem.status == 500:
                log.exception("call failed", call=f"{request.method} {path}")
            return _refusal(problem)

    return HTTPRouteHandler(
        [BASE, f"{BASE}/{{path:path}}"], http_method=_METHODS, status_code=200, include_in_schema=False
    )(handle)


def _read(body: bytes, kind: type[T]) -> T:
    """What stands under `data`. Raises Invalid."""
    try:
        wrapped = msgspec.json.decode(body, type=_Wrapped)
        return msgspec.json.decode(wrapped.data, type=kind)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$")
        raise Invalid(what, field="data" + place.rstrip("`")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid('the body is not JSON like {"data": {…}}', field="data") from None


def _token(signed_in: SignedIn) -> _Token:
    caller = signed_in.caller
    return _Token(signed_in.token, caller.organization_id, caller.level, caller.expires_at)


def _refusal(problem: Problem) -> Response[bytes]:
    return _json(reply_of(problem), problem.status)


def _json(reply: Struct, status: int) -> Response[bytes]:
    return Response(msgspec.json.encode(reply), status_code=status, media_type="application/json")
