"""What goes wrong in the words of this API: response code, HTTP status, a text in the caller's language."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from msgspec import Struct

from switchroom.dialects.body import BodyTooLarge
from switchroom.dialects.language import Language
from switchroom.dialects.problem import Problem, ProblemTable, Row, UnknownPath, WrongFields, WrongMethod
from switchroom.dialects.webmeeting_v6.wording import said
from switchroom.errors import (
    Conflict,
    Exhausted,
    Forbidden,
    Invalid,
    NotFound,
    Unauthenticated,
    Unavailable,
)


class ResponseCode(IntEnum):
    SUCCESS = 0
    KEY = -1
    USER = -2
    NOT_ALLOWED = -3
    INVALID = -4
    NOT_FOUND = -5
    EXISTS = -10
    UNKNOWN = -99


class BadField(Struct, frozen=True):
    """What is wrong with a field of the request, which is named by its path."""

    field: str
    reason: str


class ErrorReply(Struct, rename="camel"):
    response_code: int
    response_message: str
    data: Sequence[BadField] | None


PROBLEMS = ProblemTable(
    {
        (WrongFields, ""): Row(400, ResponseCode.INVALID, "invalid"),
        (Invalid, ""): Row(400, ResponseCode.INVALID, "invalid"),
        (BodyTooLarge, ""): Row(413, ResponseCode.INVALID, "too_large"),
        (Unauthenticated, ""): Row(401, ResponseCode.KEY, "key_invalid"),
        (NotFound, "user_not_found"): Row(401, ResponseCode.USER, "user_not_found"),
        (NotFound, ""): Row(404, ResponseCode.NOT_FOUND, "not_found"),
        (UnknownPath, ""): Row(404, ResponseCode.NOT_FOUND, "not_found"),
        (WrongMethod, ""): Row(405, ResponseCode.NOT_FOUND, "method_unknown"),
        (Forbidden, ""): Row(403, ResponseCode.NOT_ALLOWED, "not_allowed"),
        (Exhausted, ""): Row(403, ResponseCode.NOT_ALLOWED, "not_allowed"),
        (Conflict, ""): Row(409, ResponseCode.EXISTS, "exists"),
        (Unavailable, ""): Row(503, ResponseCode.UNKNOWN, "unknown"),
        (TimeoutError, ""): Row(500, ResponseCode.UNKNOWN, "unknown"),
        (Exception, ""): Row(500, ResponseCode.UNKNOWN, "unknown"),
    }
)
"""The messages are names of texts, for an error whose code has none of its own."""


def error_reply(problem: Problem[ResponseCode], language: Language) -> ErrorReply:
    """Of what is wrong with the data, the fields are named; of all else, a text says what it is."""
    if problem.word is ResponseCode.INVALID:
        fields = [BadField(one.path, one.reason) for one in problem.fields]
        return ErrorReply(problem.word, said(problem.message, language), fields or None)
    text = said(problem.code or problem.message, language, otherwise=problem.message)
    return ErrorReply(problem.word, text, None)
