"""Operations of an API, declared, and the context in which one is carried out."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import parse_qsl

import msgspec
from litestar.types import HTTPScope
from msgspec import Struct

from switchroom.dialects.body import LARGEST_BODY
from switchroom.errors import ErrorCode, Invalid
from switchroom.texts import Language, language_of

C = TypeVar("C")

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

OPEN = "none"
"""The access of an operation that anybody may call; its context has no caller."""

SECONDS = 30.0
"""How long an operation may take unless it says otherwise."""

_WHOLE = re.compile("-?[0-9]{1,40}")


class Nothing(Struct):
    """The request of an operation without a body. What is sent all the same is not read."""


NOTHING = Nothing()


class Parameter(Struct, frozen=True):
    """A query parameter, as it is documented."""

    name: str
    description: str


class Context(Generic[C]):
    """One request: what its address and its headers say, and who makes it.

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

    def number(self, name: str, otherwise: int, *, least: int = 0, most: int = 1_000_000) -> int:
        """A query parameter that is a whole number in those bounds. Raises Invalid."""
        text = self.query.get(name, "")
        if not text:
            return otherwise
        number = whole_number(text)
        if number is None:
            raise Invalid(ErrorCode.NOT_A_WHOLE_NUMBER, name)
        if not least <= number <= most:
            raise Invalid(ErrorCode.OUT_OF_RANGE, name, least=least, most=most)
        return number

    def moment(self, name: str, *, or_unix: bool = False) -> datetime | None:
        """A query parameter that is a time in RFC 3339, without an offset in UTC, or in Unix seconds where
        that is said. Raises Invalid."""
        # A plus sign that was not encoded is a space.
        text = self.query.get(name, "").replace(" ", "+")
        if not text:
            return None
        try:
            if or_unix and text.isascii() and text.isdecimal():
                return datetime.fromtimestamp(int(text), UTC)
            found = msgspec.convert(text, datetime)
        except (msgspec.ValidationError, ValueError, OverflowError, OSError):
            code = ErrorCode.NOT_A_TIME_OR_UNIX_SECONDS if or_unix else ErrorCode.NOT_A_TIME
            raise Invalid(code, name) from None
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


class Operation(Struct, frozen=True, kw_only=True):
    """An operation of an API.

    `path` is relative to the dialect's base, its parameters in braces. `access` is what the caller needs, in
    the dialect's words, or `OPEN`. `request` is the type of the message that the body is read into; `bytes`
    takes it as it comes, `Nothing` not at all. `handler` gets the context and the message, and returns a
    `reply`, which the dialect puts into its envelope; with `raw`, a media type, it returns bytes of that
    type; and it may return a `Sendable` instead.

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


def whole_number(text: str) -> int | None:
    """The number that the digits are; None for what is none, though Python would take it for one (`1_0`)."""
    return int(text) if _WHOLE.fullmatch(text) else None
