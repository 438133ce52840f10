"""What goes wrong in the words of this API: gRPC code, HTTP status, reply status code and body."""

from __future__ import annotations

from enum import IntEnum

from msgspec import Struct, field

from switchroom.dialects.alfaview_v1.messages.common import ReplyStatusCode
from switchroom.dialects.body import BodyTooLarge
from switchroom.dialects.problem import Problem, ProblemTable, Row, UnknownPath, WrongMethod
from switchroom.errors import (
    Conflict,
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


class Unimplemented(Exception):
    """An operation or a kind of credentials that this API knows and this server does not carry out."""


class Word(Struct, frozen=True):
    """What the API calls a problem."""

    code: Code
    status_code: ReplyStatusCode


def _row(code: Code, status_code: ReplyStatusCode, message: str = "") -> Row[Word]:
    return Row(code.http_status, Word(code, status_code), message)


class ErrorDetail(Struct):
    type: str = field(name="@type")
    requestId: str
    statusCode: ReplyStatusCode
    statusMessage: str


class ErrorReply(Struct):
    code: int
    message: str
    details: list[ErrorDetail]


PROBLEMS = ProblemTable(
    {
        (TokenExpired, ""): _row(Code.UNAUTHENTICATED, ReplyStatusCode.TOKEN_OUTDATED),
        (Unauthenticated, "access_info_missing"): _row(
            Code.UNAUTHENTICATED, ReplyStatusCode.ACCESS_INFO_MISSING
        ),
        (Unauthenticated, ""): _row(Code.UNAUTHENTICATED, ReplyStatusCode.AUTHENTICATION_ERROR),
        (NotFound, "room_not_found"): _row(Code.NOT_FOUND, ReplyStatusCode.ROOM_NOT_FOUND),
        (NotFound, "room_predecessor_not_found"): _row(
            Code.NOT_FOUND, ReplyStatusCode.ROOM_PREDECESSOR_NOT_FOUND
        ),
        (NotFound, ""): _row(Code.NOT_FOUND, ReplyStatusCode.NOT_FOUND),
        (UnknownPath, ""): _row(Code.NOT_FOUND, ReplyStatusCode.NOT_FOUND, "Not Found"),
        (WrongMethod, ""): _row(Code.UNIMPLEMENTED, ReplyStatusCode.UNIMPLEMENTED, "Method Not Allowed"),
        (Unimplemented, ""): _row(Code.UNIMPLEMENTED, ReplyStatusCode.NOT_IMPLEMENTED),
        (Forbidden, "link_expired"): _row(Code.PERMISSION_DENIED, ReplyStatusCode.PERMISSION_DENIED),
        (Forbidden, "link_not_yet_valid"): _row(Code.PERMISSION_DENIED, ReplyStatusCode.PERMISSION_DENIED),
        (Forbidden, ""): _row(Code.PERMISSION_DENIED, ReplyStatusCode.INSUFFICIENT_PERMISSIONS),
        (Invalid, "request_id_invalid"): _row(Code.INVALID_ARGUMENT, ReplyStatusCode.REQUEST_ID_INVALID),
        (Invalid, ""): _row(Code.INVALID_ARGUMENT, ReplyStatusCode.INVALID_ARGUMENT),
        (Conflict, ""): _row(Code.FAILED_PRECONDITION, ReplyStatusCode.FAILED_PRECONDITION),
        (Exhausted, "quota_exceeded"): _row(Code.RESOURCE_EXHAUSTED, ReplyStatusCode.QUOTA_EXCEEDED),
        (Exhausted, ""): _row(Code.RESOURCE_EXHAUSTED, ReplyStatusCode.RESOURCE_EXHAUSTED),
        (BodyTooLarge, ""): _row(Code.RESOURCE_EXHAUSTED, ReplyStatusCode.MAX_SIZE_EXCEEDED),
        (Unavailable, ""): _row(Code.UNAVAILABLE, ReplyStatusCode.UNAVAILABLE),
        (TimeoutError, ""): _row(
            Code.DEADLINE_EXCEEDED, ReplyStatusCode.TIMEOUT, "context deadline exceeded"
        ),
        (Exception, ""): _row(Code.INTERNAL, ReplyStatusCode.INTERNAL_ERROR, "internal error"),
    }
)


def error_reply(problem: Problem[Word], request_id: str) -> ErrorReply:
    """The body; a field that the message does not name is put before it."""
    word, message = problem.word, problem.message
    field = problem.fields[0].path if problem.fields else ""
    if field and not _names_field(word.code, message, field):
        message = f"{field}: {message}"
    detail = ErrorDetail("type.googleapis.com/common.ReplyInfo", request_id, word.status_code, message)
    return ErrorReply(word.code, message, [detail])


def _names_field(code: Code, message: str, field: str) -> bool:
    """Whether the message needs no name of the field before it."""
    if code is Code.INVALID_ARGUMENT:
        return field.rpartition(".")[2] in message
    return code is not Code.NOT_FOUND or field in message
