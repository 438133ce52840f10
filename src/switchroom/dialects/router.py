"""Serves the operations of all dialects over HTTP, below the framework: no objects of its requests and
responses are made, of which an operation needs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from functools import cached_property
from typing import Any
from urllib.parse import unquote

import structlog
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from msgspec import structs

from switchroom.dialects.answer import Answer, Lines, Sendable
from switchroom.dialects.body import ClientGone, read_body
from switchroom.dialects.dialect import Dialect, MessageReader
from switchroom.dialects.operation import NOTHING, OPEN, Context, Nothing, Operation
from switchroom.dialects.problem import Problem, UnknownPath, Unreadable, WrongMethod
from switchroom.errors import DomainError, Invalid
from switchroom.http.incoming import Holding, Incoming
from switchroom.http.observation import request_id

_LARGE = 256 << 10
"""Bytes of a body, which can take 15 ms to be read."""

log = structlog.get_logger()

AnyDialect = Dialect[Any, Any]


class Router:
    """ASGI application: the operations of the dialects, and `otherwise` for all that is not below one's base.

    What is spelled out in a path goes before what is a parameter; slashes that are too many do not count.
    HEAD is GET without the body (RFC 9110, 9.3.2), and OPTIONS tells the methods that there are.
    """

    def __init__(
        self, dialects: Sequence[AnyDialect], otherwise: ASGIApp, incoming: Incoming | None = None
    ) -> None:
        """`incoming` is what strangers may hold together of bodies that are not complete."""
        incoming = incoming or Incoming()
        self._otherwise = otherwise
        self._areas = [(_parts(dialect.base), _Area(dialect, incoming)) for dialect in dialects]
        self._plain = {path: endpoints for _, area in self._areas for path, endpoints in area.plain.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._otherwise(scope, receive, send)
            return
        raw_path = scope["raw_path"]
        endpoint = self._plain.get(raw_path, _NONE).get(scope["method"])
        if endpoint is not None:
            await endpoint.serve(scope, {}, receive, send)
            return
        parts = _parts(raw_path.decode("latin-1"))
        for base, area in self._areas:
            if parts[: len(base)] == base:
                await area.serve(scope, parts[len(base) :], receive, send)
                return
        await self._otherwise(scope, receive, send)


class _Endpoint:
    """Operation that is ready to be carried out."""

    def __init__(self, dialect: AnyDialect, operation: Operation, incoming: Incoming) -> None:
        self._incoming = incoming
        self._dialect = dialect
        self._operation = operation
        self._is_open = operation.access == OPEN
        self._takes_bytes = operation.request is bytes
        self._takes_message = not self._takes_bytes and operation.request is not Nothing
        charset = "; charset=utf-8" if operation.raw.startswith("text/") else ""
        self._raw_type = (operation.raw + charset).encode()

    @cached_property
    def _reader(self) -> MessageReader:
        """Made with the first message: there are hundreds of operations, and a start waits for none."""
        return self._dialect.reader(self._operation.request)

    async def serve(self, scope: HTTPScope, path: dict[str, str], receive: Receive, send: Send) -> None:
        context: Context[Any] = Context(scope, path)
        holding = Holding(self._incoming, context.address)
        try:
            async with asyncio.timeout(self._operation.seconds):
                answer = await self._answer(context, receive, holding)
        except ClientGone:
            return
        except Exception as error:
            problem = self._dialect.problems.problem_of(error, context.language)
            if problem.is_unexpected:
                log.exception("operation failed", **self._names(context))
            answer = _refusal(self._dialect, context, problem)
        finally:
            holding.release()
        await answer.send(send)

    def _names(self, context: Context[Any]) -> dict[str, str]:
        """Names for the log: the operation, the request's id, and the caller's own id of it if any."""
        operation = f"{self._operation.method} {self._dialect.base}{self._operation.path}"
        names = {"operation": operation, "request": request_id(context.scope)}
        return {**names, "request_id": context.request_id} if context.request_id else names

    async def _answer(self, context: Context[Any], receive: Receive, holding: Holding) -> Sendable:
        dialect, operation = self._dialect, self._operation
        if not self._is_open and not dialect.authenticates_by_body:
            context.caller = await dialect.authenticate(context, operation, None)
            message = await self._message(context, receive, None)
        else:
            message = await self._message(context, receive, holding)
        if not self._is_open and dialect.authenticates_by_body:
            context.caller = await dialect.authenticate(context, operation, message)
        reply = await operation.handler(context, message)
        if operation.is_stream:
            return await self._stream(context, reply, receive)
        if operation.raw:
            if isinstance(reply, bytes):
                return Answer(operation.status, reply, context.headers, self._raw_type)
            if isinstance(reply, Sendable):
                return reply
        body = dialect.encode(dialect.envelope(reply, context)) if operation.status != 204 else b""
        return Answer(operation.status, body, context.headers)

    async def _stream(
        self, context: Context[Any], replies: AsyncGenerator[Any], receive: Receive
    ) -> Sendable:
        """Raises what goes wrong before there is a first line."""
        dialect = self._dialect
        first = await anext(replies, None)

        async def lines() -> AsyncGenerator[bytes]:
            async with aclosing(replies):
                try:
                    if first is not None:
                        yield dialect.encode(dialect.line(first, context))
                    async for reply in replies:
                        yield dialect.encode(dialect.line(reply, context))
                except Exception as error:
                    problem = dialect.problems.problem_of(error, context.language)
                    if problem.is_unexpected:
                        log.exception("stream failed", **self._names(context))
                    yield dialect.encode(dialect.line_of_error(problem, context))

        return Lines(lines(), receive, context.headers)

    async def _message(self, context: Context[Any], receive: Receive, holding: Holding | None) -> Any:
        if not self._takes_message and not self._takes_bytes:
            return NOTHING
        context.body = await read_body(receive, self._operation.largest_body, holding)
        if self._takes_bytes:
            return context.body
        try:
            message = await self._read(self._reader, context.body)
        except Unreadable as error:
            raise await self._with_further(context, error) from None
        self._dialect.received(context, message)
        return message

    @staticmethod
    async def _read(reader: MessageReader, body: bytes) -> Any:
        """Raises Unreadable. A large one takes a thread, not the event loop."""
        return reader.read(body) if len(body) <= _LARGE else await asyncio.to_thread(reader.read, body)

    async def _with_further(self, context: Context[Any], found: Unreadable) -> Unreadable:
        """Problems found so far, and those that the operation's `validate` finds in what could be read."""
        if self._operation.validate is None or found.rest is None:
            return found
        try:
            await self._operation.validate(context, found.rest)
        except Invalid as error:
            name_of = self._dialect.problems.name_of
            known = {_top(one.path) for one in found.problems}
            further = [structs.replace(one, path=name_of(one.path)) for one in error.problems]
            return Unreadable([*found.problems, *(one for one in further if _top(one.path) not in known)])
        except DomainError:
            pass
        return found


_NONE: Mapping[str, _Endpoint] = {}


class _Node:
    """A part of paths: what may follow it, and what is there, by method, with the names of the path's
    parameters in their order."""

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.endpoints: dict[str, tuple[_Endpoint, Sequence[str]]] = {}


class _Area:
    """Area below the base of one dialect."""

    def __init__(self, dialect: AnyDialect, incoming: Incoming) -> None:
        self._dialect = dialect
        self._incoming = incoming
        self._root = _Node()
        self._most_parts = 0
        self.plain: dict[bytes, dict[str, _Endpoint]] = {}
        for operation in dialect.operations():
            self._add(operation)

    def _add(self, operation: Operation) -> None:
        endpoint = _Endpoint(self._dialect, operation, self._incoming)
        node, names = self._root, list[str]()
        parts = _parts(operation.path)
        self._most_parts = max(self._most_parts, len(parts))
        for part in parts:
            if part.startswith("{"):
                names.append(part.strip("{}"))
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(part, _Node())
        if operation.method in node.endpoints:
            raise ValueError(f"{operation.method} {operation.path} is there twice")
        node.endpoints[operation.method] = endpoint, names
        if not names:
            self.plain.setdefault((self._dialect.base + operation.path).encode(), {})[operation.method] = (
                endpoint
            )

    async def serve(self, scope: HTTPScope, parts: Sequence[str], receive: Receive, send: Send) -> None:
        """`parts` are those of the path below the base, as they came."""
        method: str = scope["method"]
        found = self._found(parts)
        for node, values in found:
            endpoint, names = node.endpoints.get("GET" if method == "HEAD" else method, (None, ()))
            if endpoint is not None:
                sender = _without_body(send) if method == "HEAD" else send
                await endpoint.serve(scope, dict(zip(names, values, strict=True)), receive, sender)
                return
        await self._refusal(scope, method, found).send(_without_body(send) if method == "HEAD" else send)

    def _found(self, parts: Sequence[str]) -> list[tuple[_Node, Sequence[str]]]:
        if len(parts) > self._most_parts:
            return []
        parts = [unquote(part) for part in parts]
        return [] if any("\0" in part for part in parts) else list(_matches(self._root, parts, ()))

    def _refusal(self, scope: HTTPScope, method: str, found: Sequence[tuple[_Node, Sequence[str]]]) -> Answer:
        context: Context[Any] = Context(scope, {})
        if not found:
            return self._refused(context, UnknownPath("there is nothing at this address"))
        methods = {name for node, _ in found for name in node.endpoints}
        if "GET" in methods and self._dialect.names_head:
            methods.add("HEAD")
        allowed = ", ".join(sorted(methods))
        context.headers.append((b"allow", allowed.encode()))
        if method == "OPTIONS":
            return Answer(204, b"", context.headers)
        return self._refused(context, WrongMethod(f"{method} is not known here"))

    def _refused(self, context: Context[Any], error: Exception) -> Answer:
        return _refusal(
            self._dialect,
            context,
            self._dialect.problems.problem_of(error, context.language),
        )


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _matches(
    node: _Node, parts: Sequence[str], values: tuple[str, ...]
) -> Iterator[tuple[_Node, Sequence[str]]]:
    """Nodes at the end of these parts, and the parts that are parameters."""
    if not parts:
        if node.endpoints:
            yield node, values
        return
    literal = node.literals.get(parts[0])
    if literal is not None:
        yield from _matches(literal, parts[1:], values)
    if node.parameter is not None:
        yield from _matches(node.parameter, parts[1:], (*values, parts[0]))


def _refusal(dialect: AnyDialect, context: Context[Any], problem: Problem[Any]) -> Answer:
    wait = problem.facts.get("retry_after")
    headers = [*context.headers, *([(b"retry-after", str(wait).encode())] if wait else [])]
    return Answer(problem.status, dialect.encode(dialect.error_body(problem, context)), headers)


def _top(path: str) -> str:
    """The field of the message itself in which the path begins."""
    return path.partition(".")[0].partition("[")[0]


def _without_body(send: Send) -> Send:
    async def send_less(message: Message) -> None:
        if message["type"] == "http.response.body":
            message["body"] = b""
        await send(message)

    return send_less
