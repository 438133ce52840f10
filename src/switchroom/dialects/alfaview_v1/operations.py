"""The frame around every call: bytes to a request, the call, its reply or error to bytes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import msgspec
import structlog
from litestar import Response
from litestar.handlers import ASGIRouteHandler, HTTPRouteHandler
from litestar.types import HTTPScope, Receive, Send
from msgspec import Struct

from switchroom.dialects.alfaview_v1 import codec
from switchroom.dialects.alfaview_v1.errors import (
    INTERNAL,
    UNKNOWN_CALL,
    WRONG_METHOD,
    Problem,
    Unimplemented,
    problem_of,
    reply_of,
)
from switchroom.dialects.alfaview_v1.exchange import Answer, header
from switchroom.dialects.alfaview_v1.messages.authentication import AuthenticationRequest
from switchroom.dialects.alfaview_v1.messages.common import AccessInfo, Reply, ReplyInfo, Request
from switchroom.dialects.body import BodyTooLarge, ClientGone, read_body
from switchroom.errors import Invalid, Unauthenticated
from switchroom.identity.secrets import random_key
from switchroom.identity.tokens import AccessToken, TokenSigner

BASE = "/json/v1"
_LONGEST_REQUEST_ID = 256
_SECONDS = 30.0
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_COOKIE = re.compile(r"(?:^|;)\s*auth=\"?([^;\"\s]+)")

R = TypeVar("R", bound=Struct)

log = structlog.get_logger()


class Context(Struct):
    """One call: its caller, and what goes beside its messages. `cookies` are Set-Cookie values to send."""

    signer: TokenSigner
    request_id: str
    access_token: str | None
    address: str
    scope: HTTPScope
    cookies: list[str]

    @property
    def caller(self) -> AccessToken:
        """Who calls, by the access token. Raises Unauthenticated, TokenExpired."""
        if self.access_token is None:
            raise Unauthenticated("accessInfo is missing", field="accessInfo", code="access_info_missing")
        return self.signer.verify(standard_base64(self.access_token))

    @property
    def refresh_token(self) -> str:
        """The value of the cookie `auth`, or an empty string."""
        match = _COOKIE.search(header(self.scope, b"cookie"))
        return match[1] if match else ""


class Call(Struct, Generic[R], frozen=True):
    """A call of the API: its path under `/json/v1`, the types of its request and its reply, what carries it
    out, and what it is for."""

    path: str
    request: type[R]
    reply: type[Reply | ReplyInfo]
    carry_out: Callable[[Context, R], Awaitable[Reply | ReplyInfo]]
    summary: str


class _TokenPlace(Struct):
    accessInfo: AccessInfo | None = None
    requestId: str = ""


_token_place = msgspec.json.Decoder(_TokenPlace)


def route(call: Call[Any], signer: TokenSigner) -> ASGIRouteHandler:
    """The HTTP side of a call. Any content type is JSON; so sends `curl -d`."""
    decoder: codec.Decoder[Any] = codec.Decoder(call.request)

    async def handle(scope: HTTPScope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await _refusal(WRONG_METHOD, new_request_id()).send(send)
            return
        body, request_id = b"", ""
        try:
            async with asyncio.timeout(_SECONDS):
                body = await read_body(receive)
                message = decoder.decode(body)
                context = _context(message, scope, signer)
                request_id = context.request_id
                reply = await call.carry_out(context, message)
            answer = _answer(reply, context)
        except ClientGone:
            return
        except Exception as error:
            request_id = request_id or _request_id_of(body)
            problem = problem_of(error)
            if problem is None:
                log.exception("call failed", call=call.path, request_id=request_id)
                problem = INTERNAL
            answer = _refusal(problem, request_id)
        await answer.send(send)

    return _mounted(f"{BASE}/{call.path}", handle)


def unimplemented(path: str) -> ASGIRouteHandler:
    """A call that the API has and this server does not carry out."""
    not_carried_out = problem_of(Unimplemented(f"{path} is not implemented")) or INTERNAL

    async def handle(scope: HTTPScope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await _refusal(WRONG_METHOD, new_request_id()).send(send)
            return
        problem = not_carried_out
        body = b""
        try:
            async with asyncio.timeout(_SECONDS):
                body = await read_body(receive)
        except ClientGone:
            return
        except (BodyTooLarge, TimeoutError) as error:
            problem = problem_of(error) or INTERNAL
        await _refusal(problem, _request_id_of(body)).send(send)

    return _mounted(f"{BASE}/{path}", handle)


def document(path: str, content: bytes) -> ASGIRouteHandler:
    """A document to read at this path under `/json/v1`."""

    async def handle(scope: HTTPScope, receive: Receive, send: Send) -> None:
        readable = scope["method"] in ("GET", "HEAD")
        answer = Answer(200, content) if readable else _refusal(WRONG_METHOD, new_request_id())
        await answer.send(send)

    return _mounted(f"{BASE}{path}", handle)


def unknown() -> HTTPRouteHandler:
    """Everything else under the API's address. Litestar wants an HTTP handler for a path parameter."""

    async def handle() -> Response[bytes]:
        refusal = _refusal(UNKNOWN_CALL, new_request_id())
        return Response(refusal.body, status_code=refusal.status, media_type="application/json")

    path = [BASE, f"{BASE}/{{path:path}}"]
    return HTTPRouteHandler(path, http_method=_METHODS, status_code=404, include_in_schema=False)(handle)


def new_request_id() -> str:
    return random_key(11)


def standard_base64(token: str) -> str:
    """The token in standard base64 with its padding; the URL alphabet and missing padding are accepted."""
    if "-" in token or "_" in token:
        token = token.replace("-", "+").replace("_", "/")
    return token + "=" * (-len(token) % 4)


def required(value: str, field: str) -> str:
    """Raises Invalid for a field that must not be left out."""
    if not value:
        raise Invalid(f"{field} is required", field=field)
    return value


def _mounted(path: str, handle: Callable[[HTTPScope, Receive, Send], Awaitable[None]]) -> ASGIRouteHandler:
    """ASGI without the framework's requests and responses, of which a call needs nothing."""
    return ASGIRouteHandler(path, copy_scope=False)(handle)


def _context(message: Struct, scope: HTTPScope, signer: TokenSigner) -> Context:
    if isinstance(message, AccessInfo):
        info = message
    else:
        info = message.accessInfo if isinstance(message, Request) else None
    request_id = info.requestId if info else ""
    if isinstance(message, AuthenticationRequest):
        request_id = message.requestId or request_id
    if len(request_id) > _LONGEST_REQUEST_ID:
        raise Invalid(
            f"requestId is longer than {_LONGEST_REQUEST_ID} characters",
            field="requestId",
            code="request_id_invalid",
        )
    client = scope["client"]
    return Context(
        signer=signer,
        request_id=request_id or new_request_id(),
        access_token=info.accessToken if info else None,
        address=client[0] if client else "",
        scope=scope,
        cookies=[],
    )


def _request_id_of(body: bytes) -> str:
    """The caller's request id out of a body that was refused, where it has one that can be read."""
    try:
        place = _token_place.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return new_request_id()
    request_id = (place.accessInfo.requestId if place.accessInfo else "") or place.requestId
    return request_id if 0 < len(request_id) <= _LONGEST_REQUEST_ID else new_request_id()


def _answer(reply: Reply | ReplyInfo, context: Context) -> Answer:
    if isinstance(reply, ReplyInfo):
        reply.requestId = context.request_id
    else:
        reply.replyInfo = ReplyInfo(requestId=context.request_id, statusMessage="OK")
    cookies = [(b"set-cookie", cookie.encode()) for cookie in context.cookies]
    return Answer(200, codec.encode(reply), cookies)


def _refusal(problem: Problem, request_id: str) -> Answer:
    retry_after = [(b"retry-after", problem.retry_after.encode())] if problem.retry_after else []
    return Answer(problem.code.http_status, codec.encode(reply_of(problem, request_id)), retry_after)
