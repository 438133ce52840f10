"""Errors in the words of this API: gRPC code, HTTP status, reply status code and body."""

from __future__ import annotations

from enum import IntEnum

from msgspec import Struct, field

from switchroom.dialects.alfaview_v1.messages.common import ReplyStatusCode
from switchroom.dialects.body import BodyTooLarge
from switchroom.dialects.problem import Problem, ProblemTable, Row, UnknownPath, WrongMethod
from switchroom.errors import (
    Conflict,
    DomainError,
    ErrorCode,
    Exhausted,
    Forbidden,
    Invalid,
    NotFound,
    TokenExpired,
    Unauthenticated,
    Unavailable,
)
from switchroom.texts import named
from switchroom.texts.names import FieldNames


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


class Unimplemented(DomainError):
    """An operation or a kind of credentials that this API knows and this server does not carry out."""

    def __init__(self, name: str) -> None:
        """`name` is what the API calls it."""
        super().__init__(ErrorCode.NOT_IMPLEMENTED, name=name)


class Word(Struct, frozen=True):
    """Words of the API for a problem."""

    code: Code
    status_code: ReplyStatusCode


def _row(code: Code, status_code: ReplyStatusCode, says: str = "") -> Row[Word]:
    return Row(code.http_status, Word(code, status_code), says)


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
        # These words are in the API's handbook, and so the same in every language.
        (TokenExpired, None): _row(Code.UNAUTHENTICATED, ReplyStatusCode.TOKEN_OUTDATED, "token expired"),
        (Unauthenticated, ErrorCode.ACCESS_INFO_MISSING): _row(
            Code.UNAUTHENTICATED, ReplyStatusCode.ACCESS_INFO_MISSING
        ),
        (Unauthenticated, None): _row(Code.UNAUTHENTICATED, ReplyStatusCode.AUTHENTICATION_ERROR),
        (NotFound, ErrorCode.ROOM_NOT_FOUND): _row(Code.NOT_FOUND, ReplyStatusCode.ROOM_NOT_FOUND),
        (NotFound, ErrorCode.ROOM_PREDECESSOR_NOT_FOUND): _row(
            Code.NOT_FOUND, ReplyStatusCode.ROOM_PREDECESSOR_NOT_FOUND
        ),
        (NotFound, None): _row(Code.NOT_FOUND, ReplyStatusCode.NOT_FOUND),
        (UnknownPath, None): _row(Code.NOT_FOUND, ReplyStatusCode.NOT_FOUND, "Not Found"),
        (WrongMethod, None): _row(Code.UNIMPLEMENTED, ReplyStatusCode.UNIMPLEMENTED, "Method Not Allowed"),
        (Unimplemented, None): _row(Code.UNIMPLEMENTED, ReplyStatusCode.NOT_IMPLEMENTED),
        (Forbidden, ErrorCode.SIGNUP_CLOSED): _row(Code.PERMISSION_DENIED, ReplyStatusCode.FEATURE_DISABLED),
        (Forbidden, ErrorCode.LINK_EXPIRED): _row(Code.PERMISSION_DENIED, ReplyStatusCode.PERMISSION_DENIED),
        (Forbidden, ErrorCode.LINK_NOT_YET_VALID): _row(
            Code.PERMISSION_DENIED, ReplyStatusCode.PERMISSION_DENIED
        ),
        (Forbidden, ErrorCode.LAST_ADMIN): _row(
            Code.FAILED_PRECONDITION, ReplyStatusCode.FAILED_PRECONDITION
        ),
        (Forbidden, None): _row(Code.PERMISSION_DENIED, ReplyStatusCode.INSUFFICIENT_PERMISSIONS),
        (Invalid, ErrorCode.REQUEST_ID_INVALID): _row(
            Code.INVALID_ARGUMENT, ReplyStatusCode.REQUEST_ID_INVALID
        ),
        (Invalid, None): _row(Code.INVALID_ARGUMENT, ReplyStatusCode.INVALID_ARGUMENT),
        (Conflict, ErrorCode.ADDRESS_TAKEN): _row(Code.ALREADY_EXISTS, ReplyStatusCode.ALREADY_EXISTS),
        (Conflict, ErrorCode.MEMBER_EXISTS): _row(Code.ALREADY_EXISTS, ReplyStatusCode.ALREADY_EXISTS),
        (Conflict, None): _row(Code.FAILED_PRECONDITION, ReplyStatusCode.FAILED_PRECONDITION),
        (Exhausted, ErrorCode.QUOTA_EXCEEDED): _row(Code.RESOURCE_EXHAUSTED, ReplyStatusCode.QUOTA_EXCEEDED),
        (Exhausted, None): _row(Code.RESOURCE_EXHAUSTED, ReplyStatusCode.RESOURCE_EXHAUSTED),
        (BodyTooLarge, None): _row(Code.RESOURCE_EXHAUSTED, ReplyStatusCode.MAX_SIZE_EXCEEDED),
        (Unavailable, None): _row(Code.UNAVAILABLE, ReplyStatusCode.UNAVAILABLE),
        (TimeoutError, None): _row(
            Code.DEADLINE_EXCEEDED, ReplyStatusCode.TIMEOUT, "context deadline exceeded"
        ),
        (Exception, None): _row(Code.INTERNAL, ReplyStatusCode.INTERNAL_ERROR, "internal error"),
    },
    FieldNames(
        {
            "administration": "permissions",
            "after_id": "moveAfterRoomId",
            "branding.logo_alternative_url": "logoAlternativeURL",
            "branding.logo_square_256_url": "logoSquare256URL",
            "branding.logo_square_48_url": "logoSquare48URL",
            "branding.logo_square_96_url": "logoSquare96URL",
            "branding.logo_url": "logoURL",
            "branding.navbar_colour": "navbarBg",
            "breakout_rooms": "subRooms",
            "breakout_rooms.position": "sort",
            "first_name": "firstname",
            "grants": "permissions",
            "group_links": "groupLinkCreations",
            "guest_links": "guestLinkCreations",
            "invitations": "userInvitations",
            "language": "UILanguage",
            "last_name": "lastname",
            "moves": "roomMoves",
            "organization_id": "companyId",
            "organization_ids": "companyIdList",
            "person_id": "userId",
            "person_ids": "userIdList",
            "principals": "principal",
            "properties": "metadata",
            "quota": "quotas",
            "topic": "title",
            "quota.active": "activeParticipants",
            "quota.passive": "passiveParticipants",
        }
    ),
)


def error_reply(problem: Problem[Word], request_id: str) -> ErrorReply:
    """The body; a field that the message does not name is put before it."""
    word, message = problem.word, problem.message
    if len(problem.fields) == 1:
        name = problem.fields[0].path
        if word.code is Code.INVALID_ARGUMENT:
            message = named(name, message)
        elif word.code is Code.NOT_FOUND and name not in message:
            message = f"{name}: {message}"
    detail = ErrorDetail("type.googleapis.com/common.ReplyInfo", request_id, word.status_code, message)
    return ErrorReply(word.code, message, [detail])
