"""What is answered when something is refused."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from switchroom.dialects.body import BodyTooLarge, ClientGone
from switchroom.errors import (
    Conflict,
    DomainError,
    Exhausted,
    Forbidden,
    Invalid,
    NotFound,
    Unauthenticated,
    Unavailable,
)


class Problem(Struct, frozen=True):
    """`kind` is the machine's word for it; `details` says of each field that is wrong what is."""

    status: int
    kind: str
    message: str
    details: Mapping[str, str] = {}


class ErrorReply(Struct, frozen=True):
    error: ErrorBody


class ErrorBody(Struct, frozen=True):
    type: str
    message: str
    details: Mapping[str, str]


def problem_of(error: Exception) -> Problem:
    """What to answer to an exception; a 500 for one that nobody meant to raise."""
    if isinstance(error, ClientGone):
        return Problem(400, "validation_error", "the body has not come whole")
    if isinstance(error, BodyTooLarge):
        return Problem(413, "too_large", "the request is larger than 1 MiB")
    if isinstance(error, TimeoutError):
        return Problem(503, "timeout", "this took too long")
    if not isinstance(error, DomainError):
        return Problem(500, "internal", "something went wrong here")
    status, word = next(words for kind, words in _BY_CLASS.items() if isinstance(error, kind))
    details = {error.field: error.message} if error.field else {}
    return Problem(status, word, error.message, details)


def reply_of(problem: Problem) -> ErrorReply:
    return ErrorReply(ErrorBody(problem.kind, problem.message, problem.details))


_BY_CLASS: dict[type[DomainError], tuple[int, str]] = {
    Unauthenticated: (401, "invalid_credentials"),
    NotFound: (404, "not_found"),
    Forbidden: (403, "forbidden"),
    Exhausted: (429, "too_many_requests"),
    Invalid: (400, "validation_error"),
    Conflict: (409, "conflict"),
    Unavailable: (503, "unavailable"),
}
