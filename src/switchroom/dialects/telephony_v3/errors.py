"""Errors in the words of this API."""

from __future__ import annotations

from typing import Literal

from switchroom.dialects.body import BodyTooLarge
from switchroom.dialects.problem import Problem, ProblemTable, Row, UnknownPath, WrongMethod
from switchroom.dialects.telephony_v3.messages.envelope import ErrorBody, ErrorReply
from switchroom.errors import (
    Conflict,
    ErrorCode,
    Exhausted,
    Forbidden,
    Invalid,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from switchroom.texts.names import FieldNames

Word = Literal[
    "validation_error",
    "too_large",
    "invalid_credentials",
    "not_found",
    "method_not_allowed",
    "forbidden",
    "too_many_requests",
    "conflict",
    "not_implemented",
    "unavailable",
    "timeout",
    "internal",
]

PROBLEMS: ProblemTable[Word] = ProblemTable(
    {
        (Invalid, None): Row(400, "validation_error"),
        (BodyTooLarge, None): Row(413, "too_large", ErrorCode.TOO_LARGE),
        (Unauthenticated, None): Row(401, "invalid_credentials"),
        (NotFound, None): Row(404, "not_found"),
        (UnknownPath, None): Row(404, "not_found", ErrorCode.NOT_FOUND),
        (WrongMethod, None): Row(405, "method_not_allowed"),
        (Forbidden, None): Row(403, "forbidden"),
        (Exhausted, None): Row(429, "too_many_requests"),
        (Exhausted, ErrorCode.SOUNDS_FULL): Row(413, "too_large"),
        (Exhausted, ErrorCode.VOICEMAIL_FULL): Row(413, "too_large"),
        (Conflict, None): Row(409, "conflict"),
        (Unavailable, ErrorCode.ACTION_MISSING): Row(501, "not_implemented"),
        (Unavailable, None): Row(503, "unavailable"),
        (TimeoutError, None): Row(503, "timeout", ErrorCode.TOOK_TOO_LONG),
        (Exception, None): Row(500, "internal", ErrorCode.UNKNOWN),
    },
    FieldNames({"access_token": "accessToken"}, in_camel_case=False),
)


def error_reply(problem: Problem[Word]) -> ErrorReply:
    fields = {one.path: one.reason for one in problem.fields if one.path}
    details = "; ".join(f"{path}: {reason}" for path, reason in fields.items())
    return ErrorReply(ErrorBody(problem.word, problem.message, details, fields))
