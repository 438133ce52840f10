"""Errors as the pages are told them: in the words that they know from the room's socket."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET, Struct, UnsetType

from switchroom.conference.refusals import CODES, told
from switchroom.dialects.body import BodyTooLarge
from switchroom.dialects.problem import Problem, ProblemTable, Row, UnknownPath, WrongMethod
from switchroom.errors import (
    Conflict,
    ErrorCode,
    Exhausted,
    Forbidden,
    Invalid,
    NotFound,
    TokenExpired,
    Unauthenticated,
    Unavailable,
)
from switchroom.texts.names import FieldNames


class Refusal(Struct, frozen=True):
    """`code` is the machine's word. `details` are facts a program can use, under `field` the names of the
    fields that are wrong; `fields` says of each of them what is."""

    code: str
    message: str
    details: Mapping[str, str]
    fields: Mapping[str, str] | UnsetType = UNSET


PROBLEMS = ProblemTable(
    {
        (Invalid, None): Row(400, "bad_request"),
        (BodyTooLarge, None): Row(413, "bad_request", ErrorCode.TOO_LARGE),
        (TokenExpired, None): Row(401, "token_expired"),
        (Unauthenticated, None): Row(401, "token_invalid"),
        (Forbidden, None): Row(403, "not_allowed"),
        (NotFound, None): Row(404, "bad_request"),
        (UnknownPath, None): Row(404, "bad_request", ErrorCode.NOT_FOUND),
        (WrongMethod, None): Row(405, "bad_request", ErrorCode.METHOD_UNKNOWN),
        (Conflict, None): Row(409, "bad_request"),
        (Exhausted, None): Row(429, "too_many"),
        (Unavailable, ErrorCode.DATABASE_UNAVAILABLE): Row(503, "unavailable"),
        (Unavailable, ErrorCode.DATABASE_LOCKED): Row(503, "unavailable"),
        (Unavailable, ErrorCode.DATABASE_BUSY): Row(503, "unavailable"),
        (Unavailable, ErrorCode.DATABASE_FULL): Row(503, "unavailable"),
        (Unavailable, ErrorCode.TOO_MUCH_AT_ONCE): Row(503, "unavailable"),
        (Unavailable, None): Row(503, "media_unavailable"),
        (TimeoutError, None): Row(503, "unanswered", ErrorCode.TOOK_TOO_LONG),
        (Exception, None): Row(500, "internal", ErrorCode.UNKNOWN),
    },
    FieldNames(
        {
            "branding": "",
            "branding.mail_text": "mailText",
            "branding.navbar_colour": "colour",
            "branding.title": "title",
        }
    ),
)
"""The words are for errors whose code has none."""


_OWN_CODES = (ErrorCode.CHANGED_MEANWHILE,)
"""Codes that pages tell apart, beside those of the room's socket."""


def refusal(problem: Problem[str]) -> Refusal:
    details = told(problem.facts)
    fields = {one.path: one.reason for one in problem.fields if one.path}
    if fields:
        details["field"] = ", ".join(fields)
    word = CODES.get(problem.code, problem.word) if problem.code else problem.word
    if problem.code and problem.code in _OWN_CODES:
        word = problem.code.value
    return Refusal(word, problem.message, details, fields or UNSET)
