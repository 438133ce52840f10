"""Operations of an API, declared, and the context in which one is carried out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import parse_qsl

from litestar.types import HTTPScope
from msgspec import Struct

from switchroom.dialects.body import LARGEST_BODY
from switchroom.dialects.query import QueryReader
from switchroom.texts import Language, language_of

C = TypeVar("C")

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

OPEN = "none"
"""The access of an operation that anybody may call; its context has no caller."""

DEVICE_COOKIE = "device"
"""The cookie with the key by which a browser is known where somebody has signed in with it."""

SECONDS = 30.0
"""Seconds that an operation may take unless it says otherwise."""


class Nothing(Struct):
    """The request of an operation without a body. What is sent all the same is not read."""


NOTHING = Nothing()


class Parameter(Struct, frozen=True):
    """A query parameter, as it is documented."""

    name: str
    description: str


class Context(Generic[C]):
    """Context of one request: what its address and its headers say, and who makes it.

    `path` has the parameters of the path, decoded. `caller` is what the dialect's authentication has found;
    an open operation has none. `body` is what was read, and `request_id` what the caller calls the request,
    where the dialect knows such a thing. `headers` are sent with the answer (names in lower case).
    """

    __slots__ = ("_query", "body", "caller", "headers", "path", "request_id", "scope")

    caller: C

    def __init__(self, scope: HTTPScope, path: dict[str, str]) -> None:
        self.scope = scope
        self.path = path
        self.body = b""
        self.request_id = ""
        self.headers: list[tuple[bytes, bytes]] = []
        self._query: dict[str, str] | None = None

    @property
    def address(self) -> str:
        """The caller's IP address, as far as it is known."""
        client = self.scope["client"]
        return client[0] if client else ""

    @property
    def language(self) -> Language:
        """The language that the caller reads."""
        return language_of(self.header(b"accept-language"))

    @property
    def query(self) -> dict[str, str]:
        """The query parameters; of one that is given several times, the first."""
        if self._query is None:
            pairs = parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True)
            self._query = dict(reversed(pairs))
        return self._query

    def header(self, name: bytes) -> str:
        """The first header of this name (in lower case), or an empty string."""
        for known, value in self.scope["headers"]:
            if known == name:
                return value.decode("latin-1")
        return ""

    def cookie(self, name: str) -> str:
        """The value of the first cookie of this name, or an empty string."""
        for pair in self.header(b"cookie").split(";"):
            known, _, value = pair.partition("=")
            if known.strip() == name:
                return value.strip().strip('"')
        return ""

    @property
    def is_page(self) -> bool:
        """Whether a page in a browser makes the request, which keeps cookies: these say one way or both."""
        return bool(self.header(b"sec-fetch-site") or self.header(b"origin"))

    @contextmanager
    def reading_query(self) -> Generator[QueryReader]:
        """Read query parameters in the block. Raises Invalid at its end, with all of them that are wrong."""
        reader = QueryReader(self.query)
        yield reader
        reader.problems.require_none()


class Operation(Struct, frozen=True, kw_only=True):
    """An operation of an API.

    `path` is relative to the dialect's base, its parameters in braces. `access` is what the caller needs, in
    the dialect's words, or `OPEN`. `request` is the type of the message that the body is read into; `bytes`
    takes it as it comes, `Nothing` not at all. `handler` gets the context and the message, and returns a
    `reply`, which the dialect puts into its envelope; with `raw`, a media type, it returns bytes of that
    type; and it may return a `Sendable` instead. With `is_stream` it returns an iterator of replies, each of
    which is sent as a line when it comes; what goes wrong before the first is answered as for others.

    `validate` raises Invalid with what is wrong about a message of which only a part could be read, so that
    everything is named at once; what is missing of it is UNSET. `seconds` and `largest_body` (bytes) are
    limits.
    """

    method: Method
    path: str
    summary: str
    handler: Callable[[Context[Any], Any], Awaitable[Any]]
    reply: Any
    access: str
    request: Any = Nothing
    parameters: Sequence[Parameter] = ()
    raw: str = ""
    status: int = 200
    validate: Callable[[Context[Any], Any], Awaitable[None]] | None = None
    seconds: float = SECONDS
    largest_body: int = LARGEST_BODY
    is_documented: bool = True
    is_stream: bool = False
