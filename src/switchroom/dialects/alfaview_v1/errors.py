"""Domain exceptions in the words of this API: gRPC code, HTTP status, reply status code and body."""

from __future__ import annotations

from enum import IntEnum

from msgspec import Struct, field

from switchroom.dialects.alfaview_v1.messages.common import ReplyStatusCode
from switchroom.dialects.body import BodyTooLarge
from switchroom.errors import (
    Conflict,
    DomainError,
    Exhausted,
    Forbidden,
    Invalid,
    NotFound,
    TokenExpired,
    Unauthenticated,
    Unavailable,
)


class Code(IntEnum):
    """The codes of gRPC that this server answers."""

    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16

    @property
    def http_status(self) -> int:
        return _HTTP_STATUS[self]


_HTTP_STATUS = {
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.UNAUTHENTICATED: 401,
}

_BY_CLASS: dict[type[DomainError], tuple[Code, ReplyStatusCode]] = {
    TokenExpired: (Code.UNAUTHENTICATED, ReplyStatusCode.TOKEN_OUTDATED),
    Unauthenticated: (Code.UNAUTHENTICATED, ReplyStatusCode.AUTHENTICATION_ERROR),
    NotFound: (Code.NOT_FOUND, ReplyStatusCode.NOT_FOUND),
    Forbidden: (Code.PERMISSION_DENIED, ReplyStatusCode.INSUFFICIENT_PERMISSIONS),
    Invalid: (Code.INVALID_ARGUMENT, ReplyStatusCode.INVALID_ARGUMENT),
    Conflict: (Code.FAILED_PRECONDITION, ReplyStatusCode.FAILED_PRECONDITION),
    Exhausted: (Code.RESOURCE_EXHAUSTED, ReplyStatusCode.RESOURCE_EXHAUSTED),
    Unavailable: (Code.UNAVAILABLE, ReplyStatusCode.UNAVAILABLE),
}

_STATUS_BY_DOMAIN_CODE = {
    "access_info_missing": ReplyStatusCode.ACCESS_INFO_MISSING,
    "link_expired": ReplyStatusCode.PERMISSION_DENIED,
    "link_not_yet_valid": ReplyStatusCode.PERMISSION_DENIED,
    "quota_exceeded": ReplyStatusCode.QUOTA_EXCEEDED,
    "request_id_invalid": ReplyStatusCode.REQUEST_ID_INVALID,
    "room_not_found": ReplyStatusCode.ROOM_NOT_FOUND,
    "room_predecessor_not_found": ReplyStatusCode.ROOM_PREDECESSOR_NOT_FOUND,
}


class Unimplemented(Exception):
    """A call or a kind of credentials that this API knows and this server does not carry out."""


class Problem(Struct, frozen=True):
    """What went wrong, in this API's words. `retry_after` is in seconds."""

    code: Code
    status_code: ReplyStatusCode
    message: str
    retry_after: str | None = None


class ErrorDetail(Struct):
    type: str = field(name="@type")
    requestId: str
    statusCode: ReplyStatusCode
    statusMessage: str


class ErrorReply(Struct):
    code: int
    message: str
    details: list[ErrorDetail]


INTERNAL = Problem(Code.INTERNAL, ReplyStatusCode.INTERNAL_ERROR, "internal error")
UNKNOWN_CALL = Problem(Code.NOT_FOUND, ReplyStatusCode.NOT_FOUND, "Not Found")
WRONG_METHOD = Problem(Code.UNIMPLEMENTED, ReplyStatusCode.UNIMPLEMENTED, "Method Not Allowed")
TOO_LARGE = Problem(
    Code.RESOURCE_EXHAUSTED, ReplyStatusCode.MAX_SIZE_EXCEEDED, "the body is larger than 1048576 bytes"
)


def problem_of(error: Exception) -> Problem | None:
    """What to answer to an exception; None for one that nobody meant to raise."""
    if isinstance(error, Unimplemented):
        return Problem(Code.UNIMPLEMENTED, ReplyStatusCode.NOT_IMPLEMENTED, str(error))
    if isinstance(error, BodyTooLarge):
        return TOO_LARGE
    if isinstance(error, TimeoutError):
        return Problem(Code.DEADLINE_EXCEEDED, ReplyStatusCode.TIMEOUT, "context deadline exceeded")
    if not isinstance(error, DomainError):
        return None
    code, status_code = next(words for kind, words in _BY_CLASS.items() if isinstance(error, kind))
    if error.code == "already_exists":
        code, status_code = Code.ALREADY_EXISTS, ReplyStatusCode.ALREADY_EXISTS
    status_code = _STATUS_BY_DOMAIN_CODE.get(error.code or "", status_code)
    message = error.message
    if error.field and not _names_field(error, error.field):
        message = f"{error.field}: {message}"
    return Problem(code, status_code, message, error.details.get("retryAfter"))


def _names_field(error: DomainError, field: str) -> bool:
    """Whether the message needs no name of the field before it."""
    if isinstance(error, Invalid):
        return field.rpartition(".")[2] in error.message
    return not isinstance(error, NotFound) or field in error.message


def reply_of(problem: Problem, request_id: str) -> ErrorReply:
    detail = ErrorDetail(
        "type.googleapis.com/common.ReplyInfo", request_id, problem.status_code, problem.message
    )
    return ErrorReply(problem.code, problem.message, [detail])
