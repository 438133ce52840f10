"""Domain exceptions in the words of this API: response code, HTTP status, and a message in the caller's
language."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from msgspec import Struct

from switchroom.dialects.body import BodyTooLarge, ClientGone
from switchroom.dialects.webmeeting_v6.wording import Language, said
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


class BadFields(Exception):
    """Several fields of a request are wrong. `rest` is the message without them, if there is one."""

    def __init__(self, fields: Sequence[BadField], rest: Struct | None = None) -> None:
        super().__init__("data not valid")
        self.fields = fields
        self.rest = rest


def bad_fields(errors: Sequence[Invalid]) -> BadFields:
    """Each field once."""
    by_field = {error.field or "": error.message for error in errors}
    return BadFields([BadField(field, reason) for field, reason in by_field.items()])


class Problem(Struct, frozen=True):
    """What to answer when it went wrong."""

    code: ResponseCode
    status: int
    message: str
    fields: Sequence[BadField] = ()


_BY_CLASS: dict[type[DomainError], tuple[ResponseCode, int]] = {
    Unauthenticated: (ResponseCode.KEY, 401),
    NotFound: (ResponseCode.NOT_FOUND, 404),
    Forbidden: (ResponseCode.NOT_ALLOWED, 403),
    Exhausted: (ResponseCode.NOT_ALLOWED, 403),
    Invalid: (ResponseCode.INVALID, 400),
    Conflict: (ResponseCode.EXISTS, 409),
    Unavailable: (ResponseCode.UNKNOWN, 503),
}


def problem_of(error: Exception, language: Language) -> Problem:
    """What to answer to an exception; UNKNOWN for one that nobody meant to raise."""
    if isinstance(error, BadFields):
        return Problem(ResponseCode.INVALID, 400, said("invalid", language), error.fields)
    if isinstance(error, ClientGone):
        return Problem(
            ResponseCode.INVALID,
            400,
            said("invalid", language),
            [BadField("", "the body has not come whole")],
        )
    if isinstance(error, BodyTooLarge):
        return Problem(ResponseCode.INVALID, 413, said("too_large", language))
    if not isinstance(error, DomainError):
        return Problem(ResponseCode.UNKNOWN, 500, said("unknown", language))
    code, status = next(words for kind, words in _BY_CLASS.items() if isinstance(error, kind))
    if error.code == "user_not_found":
        code, status = ResponseCode.USER, 401
    if code is ResponseCode.INVALID:
        return Problem(code, status, said("invalid", language), [BadField(error.field or "", error.message)])
    return Problem(code, status, said(error.code or _GENERAL[code], language, otherwise=_GENERAL[code]))


_GENERAL = {
    ResponseCode.KEY: "key_invalid",
    ResponseCode.USER: "user_not_found",
    ResponseCode.NOT_ALLOWED: "not_allowed",
    ResponseCode.NOT_FOUND: "not_found",
    ResponseCode.EXISTS: "exists",
    ResponseCode.UNKNOWN: "unknown",
}
