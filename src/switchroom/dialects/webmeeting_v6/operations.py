"""The frame around every call: an HTTP request to a message, the call, its reply or error to bytes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import unquote

import msgspec
import structlog
from litestar import Request, Response
from litestar.handlers import ASGIRouteHandler
from litestar.types import HTTPScope, Message, Receive, Send
from msgspec import Struct

from switchroom.dialects.body import read_body
from switchroom.dialects.webmeeting_v6.callers import Caller, Callers
from switchroom.dialects.webmeeting_v6.errors import (
    BadFields,
    Problem,
    ResponseCode,
    bad_fields,
    problem_of,
)
from switchroom.dialects.webmeeting_v6.numbers import whole_number
from switchroom.dialects.webmeeting_v6.reading import Reader
from switchroom.dialects.webmeeting_v6.wording import Language, language_of, said
from switchroom.errors import DomainError, Invalid

BASE = "/api/v6"
_SECONDS = 30.0

Method = Literal["GET", "POST", "PUT", "DELETE"]
Access = Literal["account", "meeting", "none"]

log = structlog.get_logger()


class Nothing(Struct):
    """The message of a call without a body."""


class Context(Struct, frozen=True):
    """One call: who makes it, and what its address says. `user_id` and `user_email` are its headers."""

    caller: Caller
    path: dict[str, str]
    query: dict[str, str]

    def number(self, name: str, otherwise: int, *, least: int = 0, most: int = 1_000_000) -> int:
        """A query parameter that is a whole number in those bounds. Raises Invalid."""
        text = self.query.get(name, "")
        if not text:
            return otherwise
        number = whole_number(text)
        if number is None:
            raise Invalid(f"{name} is not a whole number", field=name)
        if not least <= number <= most:
            raise Invalid(f"{name} must be from {least} to {most}", field=name)
        return number

    def moment(self, name: str) -> datetime | None:
        """A query parameter that is a time in RFC 3339, without an offset in UTC. Raises Invalid."""
        text = self.query.get(name, "").replace(" ", "+")
        if not text:
            return None
        try:
            found = msgspec.convert(text, datetime)
        except msgspec.ValidationError:
            raise Invalid(f"{name} is not a time such as 2020-04-07T09:00:00.000Z", field=name) from None
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


class Parameter(Struct, frozen=True):
    """A query parameter, for the documentation."""

    name: str
    description: str


class Call(Struct, frozen=True, kw_only=True):
    """A call of the API.

    `path` is relative to `/api/v6`, its parameters in braces. `access` is the permission that a key needs.
    `reply` is the type of what stands under `data`; `raw` answers with bytes of another kind instead.
    `look_over` says what is wrong with a request of which only a part could be read, so that everything is
    named at once; what is missing of it is UNSET.
    """

    method: Method
    path: str
    summary: str
    carry_out: Callable[[Context, Any], Awaitable[Any]]
    access: Access
    reply: Any
    request: type[Struct] = Nothing
    parameters: Sequence[Parameter] = ()
    raw: str = ""
    look_over: Callable[[Context, Any], Awaitable[Sequence[Invalid]]] | None = None


class _Reply(Struct, rename="camel", omit_defaults=False):
    response_code: int
    data: Any


class _ErrorReply(Struct, rename="camel"):
    response_code: int
    response_message: str
    data: Any


def routes(calls: Sequence[Call], callers: Callers, pages: Mapping[str, bytes]) -> ASGIRouteHandler:
    """The HTTP side of the calls, of `pages` of JSON by their paths, and of everything else under the API's
    address: what there is not is said in the API's own words too. Any content type is JSON; so sends
    `curl -d`. HEAD is GET without the body (RFC 9110, 9.3.2)."""
    by_path: dict[str, dict[str, _Handle]] = {}
    for call in calls:
        by_path.setdefault(call.path, {})[call.method] = _handle(call, callers)
    for path, content in pages.items():
        by_path.setdefault(path, {})["GET"] = _page(content)
    # What is spelled out in a path goes before what is a parameter.
    paths = sorted(by_path, key=lambda path: _PARAMETER.sub("\uffff", path))
    table = [_Route(re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", path)), by_path[path]) for path in paths]

    async def answer_to(request: Request[Any, Any, Any]) -> Response[bytes]:
        language = language_of(request.headers.get("accept-language", ""))
        path = request.scope["raw_path"].decode("latin-1").removeprefix(BASE).rstrip("/")
        found = [(route, match) for route in table if (match := route.path.fullmatch(path)) is not None]
        if not found or "%00" in path:
            return refusal(Problem(ResponseCode.NOT_FOUND, 404, said("not_found", language)))
        method: str = request.scope["method"]
        for route, match in found:
            carry_out = route.by_method.get("GET" if method == "HEAD" else method)
            if carry_out is not None:
                names = {name: unquote(value) for name, value in match.groupdict().items()}
                return await carry_out(request, names, language)
        answer = Response(b"", status_code=204)
        if method != "OPTIONS":
            answer = refusal(Problem(ResponseCode.NOT_FOUND, 405, said("method_unknown", language)))
        answer.headers["allow"] = _allowed([route for route, _ in found])
        return answer

    async def handle(scope: HTTPScope, receive: Receive, send: Send) -> None:
        request: Request[Any, Any, Any] = Request(scope, receive, send)
        answer: Any = await answer_to(request)
        to = _without_body(send) if scope["method"] == "HEAD" else send
        await answer.to_asgi_response(None, request)(scope, receive, to)

    return ASGIRouteHandler(BASE, is_mount=True, copy_scope=False)(handle)


def _without_body(send: Send) -> Send:
    async def send_less(message: Message) -> None:
        if message["type"] == "http.response.body":
            message["body"] = b""
        await send(message)

    return send_less


def _allowed(found: Sequence[_Route]) -> str:
    """The value of the header Allow."""
    methods = {method for route in found for method in route.by_method}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


_PARAMETER = re.compile(r"{(\w+)}")
_Handle = Callable[[Request[Any, Any, Any], dict[str, str], Language], Awaitable[Response[bytes]]]


class _Route(Struct, frozen=True):
    path: re.Pattern[str]
    by_method: dict[str, _Handle]


def _page(content: bytes) -> _Handle:
    async def show(_request: Request[Any, Any, Any], _path: dict[str, str], _: Language) -> Response[bytes]:
        return Response(content, media_type="application/json")

    return show


def _handle(call: Call, callers: Callers) -> _Handle:
    reader: Reader[Any] | None = Reader(call.request) if call.request is not Nothing else None

    async def carry_out(
        request: Request[Any, Any, Any], path: dict[str, str], language: Language
    ) -> Response[bytes]:
        try:
            async with asyncio.timeout(_SECONDS):
                caller = await callers.of(request, call.access)
                context = Context(caller, path, dict(request.query_params))
                message: Struct = Nothing()
                if reader is not None:
                    message = await _read(call, context, reader, await read_body(request.receive))
                reply = await call.carry_out(context, message)
        except Exception as error:
            problem = problem_of(error, language)
            if problem.status == 500:
                log.exception("call failed", call=f"{call.method} {call.path}")
            return refusal(problem)
        if call.raw:
            return Response(reply, media_type=call.raw)
        return _json(_Reply(ResponseCode.SUCCESS, reply), 200)

    return carry_out


async def _read(call: Call, context: Context, reader: Reader[Any], body: bytes) -> Struct:
    """Raises BadFields, with what is wrong about the fields that could be read as well."""
    try:
        return reader.read(body)
    except BadFields as error:
        if call.look_over is None or error.rest is None:
            raise
        try:
            further = bad_fields(await call.look_over(context, error.rest)).fields
        except DomainError:
            raise error from None
        known = {_first_name(one.field) for one in error.fields}
        raise BadFields(
            [*error.fields, *(one for one in further if _first_name(one.field) not in known)]
        ) from None


def _first_name(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def refusal(problem: Problem) -> Response[bytes]:
    data = list(problem.fields) if problem.fields else None
    return _json(_ErrorReply(problem.code, problem.message, data), problem.status)


def _json(reply: Struct, status: int) -> Response[bytes]:
    return Response(msgspec.json.encode(reply), status_code=status, media_type="application/json")
