"""The frame around every call: bytes to a request, the call, its reply or error to bytes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import msgspec
import structlog
from litestar import Request as HttpRequest
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from switchroom.dialects.alfaview_v1 import codec
from switchroom.dialects.alfaview_v1.errors import (
    INTERNAL,
    UNKNOWN_CALL,
    WRONG_METHOD,
    BodyTooLarge,
    Problem,
    Unimplemented,
    problem_of,
    reply_of,
)
from switchroom.dialects.alfaview_v1.messages.authentication import AuthenticationRequest
from switchroom.dialects.alfaview_v1.messages.common import AccessInfo, Reply, ReplyInfo, Request
from switchroom.errors import Invalid, Unauthenticated
from switchroom.identity.secrets import random_key
from switchroom.identity.tokens import AccessToken, TokenSigner

BASE = "/json/v1"
LARGEST_BODY = 1 << 20
_MOST_READ = 16 << 20
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
    cookie_header: str
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
        match = _COOKIE.search(self.cookie_header)
        return match[1] if match else ""


class Call(Struct, Generic[R], frozen=True):
    """A call of the API: its path under `/json/v1`, the type of its request, and what carries it out."""

    path: str
    request: type[R]
    carry_out: Callable[[Context, R], Awaitable[Reply | ReplyInfo]]


class _TokenPlace(Struct):
    accessInfo: AccessInfo | None = None
    requestId: str = ""


_token_place = msgspec.json.Decoder(_TokenPlace)


def route(call: Call[Any], signer: TokenSigner) -> HTTPRouteHandler:
    """The HTTP side of a call. Any content type is JSON; so sends `curl -d`."""
    decoder: codec.Decoder[Any] = codec.Decoder(call.request)

    async def handle(request: HttpRequest[Any, Any, Any]) -> Response[bytes]:
        if request.method != "POST":
            return _refusal(WRONG_METHOD, new_request_id())
        body, request_id = b"", ""
        try:
            async with asyncio.timeout(_SECONDS):
                body = await _body(request)
                message = decoder.decode(body)
                context = _context(message, request, signer)
                request_id = context.request_id
                reply = await call.carry_out(context, message)
            return _answer(reply, context)
        except Exception as error:
            request_id = request_id or _request_id_of(body)
            problem = problem_of(error)
            if problem is None:
                log.exception("call failed", call=call.path, request_id=request_id)
                problem = INTERNAL
            return _refusal(problem, request_id)

    return _every_method(f"{BASE}/{call.path}", handle)


def unimplemented(path: str) -> HTTPRouteHandler:
    """A call that the API has and this server does not carry out."""

    async def handle(request: HttpRequest[Any, Any, Any]) -> Response[bytes]:
        if request.method != "POST":
            return _refusal(WRONG_METHOD, new_request_id())
        problem = problem_of(Unimplemented(f"{path} is not implemented"))
        return _refusal(problem or INTERNAL, new_request_id())

    return _every_method(f"{BASE}/{path}", handle)


def unknown() -> HTTPRouteHandler:
    """Everything else under the API's address."""

    async def handle(request: HttpRequest[Any, Any, Any]) -> Response[bytes]:
        return _refusal(UNKNOWN_CALL, new_request_id())

    return _every_method([BASE, f"{BASE}/{{path:path}}"], handle)


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


def _every_method(
    path: str | list[str], handle: Callable[..., Awaitable[Response[bytes]]]
) -> HTTPRouteHandler:
    decorate = HTTPRouteHandler(
        path,
        http_method=_METHODS,
        status_code=200,
        include_in_schema=False,
        request_max_body_size=None,
    )
    return decorate(handle)


async def _body(request: HttpRequest[Any, Any, Any]) -> bytes:
    """The body. One that is too large is read all the same, within reason: a connection closed on a client
    that is still sending takes the answer with it."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= LARGEST_BODY:
            parts.append(part)
        elif size > _MOST_READ:
            break
    if size > LARGEST_BODY:
        raise BodyTooLarge
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _context(message: Struct, request: HttpRequest[Any, Any, Any], signer: TokenSigner) -> Context:
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
    client = request.scope["client"]
    return Context(
        signer=signer,
        request_id=request_id or new_request_id(),
        access_token=info.accessToken if info else None,
        address=client[0] if client else "",
        cookie_header=request.headers.get("cookie", ""),
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


def _answer(reply: Reply | ReplyInfo, context: Context) -> Response[bytes]:
    if isinstance(reply, ReplyInfo):
        reply.requestId = context.request_id
    else:
        reply.replyInfo = ReplyInfo(requestId=context.request_id, statusMessage="OK")
    response = Response(codec.encode(reply), media_type="application/json")
    for cookie in context.cookies:
        response.headers["set-cookie"] = cookie
    return response


def _refusal(problem: Problem, request_id: str) -> Response[bytes]:
    return Response(
        codec.encode(reply_of(problem, request_id)),
        status_code=problem.code.http_status,
        media_type="application/json",
        headers={"retry-after": problem.retry_after} if problem.retry_after else None,
    )
