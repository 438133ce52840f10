"""An API of a library that uses all of the frame, and what asks it within the process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import httpx
from litestar.types import Receive, Scope, Send
from msgspec import UNSET, Meta, Struct, UnsetType

from switchroom.dialects.answer import Answer
from switchroom.dialects.body import BodyTooLarge, Reader
from switchroom.dialects.dialect import Dialect
from switchroom.dialects.openapi import Documentation, Schema, Schemas, document, object_of
from switchroom.dialects.operation import OPEN, Context, Nothing, Operation, Parameter
from switchroom.dialects.problem import Problem, ProblemTable, Row, UnknownPath, WrongMethod
from switchroom.dialects.router import Router
from switchroom.errors import Conflict, ErrorCode, Exhausted, Invalid, NotFound, Problems, Unauthenticated
from switchroom.texts.names import FieldNames

Reading = Context[str]


class Author(Struct, frozen=True):
    """Who has written a book."""

    name: str
    born: int | None = None


class Draft(Struct, frozen=True):
    """A book to be."""

    title: str
    authors: list[Author] | UnsetType = UNSET
    pages: Annotated[int, Meta(ge=1, description="Without the cover.")] | UnsetType = UNSET


class Book(Struct, frozen=True):
    """A book."""

    id: str
    title: str
    reader: str


class Told(Struct, frozen=True):
    """What has gone wrong."""

    word: str
    message: str
    fields: dict[str, str]


PROBLEMS: ProblemTable[str] = ProblemTable(
    {
        (Invalid, None): Row(400, "invalid"),
        (NotFound, ErrorCode.ROOM_NOT_FOUND): Row(410, "gone"),
        (NotFound, None): Row(404, "nothing"),
        (Unauthenticated, None): Row(401, "who"),
        (Exhausted, None): Row(429, "slowly"),
        (Conflict, None): Row(409, "lent"),
        (UnknownPath, None): Row(404, "nowhere"),
        (WrongMethod, None): Row(405, "not so"),
        (BodyTooLarge, None): Row(413, "too much"),
        (TimeoutError, None): Row(503, "too slow"),
        (Exception, None): Row(500, "broken", "something is broken"),
    },
    FieldNames({"authors": "writers"}),
)


class Library(Dialect[str, str]):
    """`/library/v1`. The token of a reader is their name."""

    base = "/library/v1"
    problems = PROBLEMS

    def __init__(self) -> None:
        self.cancelled = False

    def operations(self) -> Sequence[Operation]:
        book = "/shelves/{shelf_id}/books/{book_id}"
        return [
            _operation(
                "GET", "/books", self.list, reply=list[Book], parameters=(Parameter("limit", "How many."),)
            ),
            _operation("POST", "/books", self.make, request=Draft, validate=self.validate),
            _operation("GET", book, self.get),
            _operation("PATCH", book, self.change, request=Draft),
            _operation("DELETE", book, self.delete),
            _operation("GET", "/shelves/{shelf_id}/books/newest", self.newest),
            _operation("POST", "/{anything}/{at_all}", self.get),
            _operation("GET", "/books/{book_id}/text", self.text, raw="text/plain"),
            _operation("PUT", "/books/{book_id}/cover", self.cover, request=bytes, largest_body=100),
            _operation("POST", "/sign-out", self.sign_out, access=OPEN, status=204),
            _operation("GET", "/slow", self.slow, seconds=0.01),
            _operation("GET", "/broken/{how}", self.broken, access=OPEN),
            document(self, DOCUMENTATION, "/openapi.json"),
        ]

    async def authenticate(self, context: Reading, operation: Operation, message: Any) -> str:
        name = context.header(b"x-reader")
        if not name:
            raise Unauthenticated(ErrorCode.TOKEN_MISSING)
        return name

    def reader(self, kind: Any) -> Reader[Any]:
        return Reader[Any](kind, under="book")

    def envelope(self, reply: Any, context: Reading) -> Any:
        return {"book": reply}

    def error_body(self, problem: Problem[str], context: Reading) -> Told:
        return Told(problem.word, problem.message, {one.path: one.reason for one in problem.fields})

    async def list(self, context: Reading, _: Nothing) -> list[Book]:
        with context.reading_query() as query:
            first, limit = query.number("first", 0), query.number("limit", 2, most=9)
            written = query.moment("written")
        title = f"Emma, {written:%Y}" if written else "Emma"
        return [Book(str(number), title, context.caller) for number in range(first, first + limit)]

    async def make(self, context: Reading, request: Draft) -> Book:
        await self.validate(context, request)
        return Book("new", request.title, context.caller)

    async def get(self, context: Reading, _: Nothing) -> Book:
        return Book(
            " ".join(f"{name}={value}" for name, value in context.path.items()), "Emma", context.caller
        )

    async def change(self, context: Reading, request: Draft) -> Book:
        return Book(context.path["book_id"], request.title, context.caller)

    async def delete(self, context: Reading, _: Nothing) -> Book:
        raise Conflict(ErrorCode.NOT_EMPTY)

    async def newest(self, context: Reading, _: Nothing) -> Book:
        return Book("newest", "Persuasion", context.caller)

    async def text(self, context: Reading, _: Nothing) -> bytes | Answer:
        if context.path["book_id"] == "lost":
            return Answer(303, b"", [(b"location", b"/elsewhere")], b"")
        return "Käse".encode()

    async def cover(self, context: Reading, request: bytes) -> Book:
        return Book(str(len(request)), "Emma", context.caller)

    async def sign_out(self, context: Reading, _: Nothing) -> None:
        context.headers.append((b"set-cookie", b"reader=gone"))

    async def slow(self, _context: Reading, _: Nothing) -> Book:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        raise AssertionError

    async def broken(self, context: Reading, _: Nothing) -> Book:
        errors: dict[str, Exception] = {
            "gone": NotFound(ErrorCode.ROOM_NOT_FOUND, "id"),
            "missing": NotFound(ErrorCode.PERSON_NOT_FOUND),
            "tired": Exhausted(ErrorCode.TOO_MANY_ATTEMPTS, retry_after=60),
        }
        raise errors.get(context.path["how"], RuntimeError("a secret"))

    async def validate(self, _context: Reading, request: Draft) -> None:
        problems = Problems()
        if request.title is UNSET or not request.title:
            problems.add(ErrorCode.EMPTY, "title")
        if request.authors is not UNSET and not request.authors:
            problems.add(ErrorCode.EMPTY, "authors")
        problems.require_none()


def _operation(
    method: Any, path: str, handler: Any, *, reply: Any = Book, access: str = "reader", **more: Any
) -> Operation:
    return Operation(
        method=method, path=path, summary="A book.", handler=handler, reply=reply, access=access, **more
    )


def _told(schemas: Schemas) -> Schema:
    return schemas.of(Told)


def _envelope(_: Operation, reply: Schema) -> Schema:
    return object_of({"book": reply})


DOCUMENTATION = Documentation(
    title="Library",
    version="1",
    description="Books.",
    failures={"default": "No book."},
    failure=_told,
    envelope=_envelope,
    security={"reader": {"type": "apiKey", "in": "header", "name": "X-Reader"}},
)


async def elsewhere(_scope: Scope, _receive: Receive, send: Send) -> None:
    """What is not the library."""
    await Answer(200, b"elsewhere", content_type=b"text/plain").send(send)


async def ask(
    method: str, path: str, *, reader: str = "ada", library: Library | None = None, **content: Any
) -> httpx.Response:
    """Ask a library within the process."""
    application: Any = Router([library or Library()], elsewhere)
    transport = httpx.ASGITransport(application)
    headers = {"x-reader": reader, **content.pop("headers", {})} if reader else content.pop("headers", {})
    async with httpx.AsyncClient(transport=transport, base_url="http://library") as client:
        return await client.request(method, path, headers=headers, **content)
