"""Errors in the words of this API: response code, HTTP status, a text in the caller's language."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from msgspec import Struct

from switchroom.dialects.body import BodyTooLarge
from switchroom.dialects.problem import Problem, ProblemTable, Row, UnknownPath, WrongMethod
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
    """Problem of a field of the request, which is named by its path."""

    field: str
    reason: str


class ErrorReply(Struct, rename="camel"):
    response_code: int
    response_message: str
    data: Sequence[BadField] | None


NAMES = FieldNames(
    {
        # accounts
        "admin": "",
        "admin.email": "adminEmail",
        "admin.first_name": "adminFirstname",
        "admin.last_name": "adminLastname",
        "admin.locale": "adminPreferredLanguage",
        "default_dial_in": "defaultMeetingHasDialin",
        "default_kind": "defaultMeetingType",
        "default_permission_group_id": "defaultMeetingPermissions",
        "default_recorded": "defaultMeetingHasRecording",
        "delete_after_days": "autoDeleteMeetingsAfterXDays",
        "dial_in_numbers": "customDialInNumbers",
        "external_id": "externalUserId",
        "locale": "preferredLanguage",
        "most_meetings": "numberOfMeetings",
        "most_organizers": "numberOfMeetingOrganizers",
        "most_rooms": "numberOfMeetingRooms",
        # meetings
        "dial_in": "isDialin",
        "end": "endTime",
        "invitees": "invitedParticipants",
        "invitees.locale": "preferredLanguage",
        "kind": "type",
        "permission_group_id": "meetingPermissionId",
        "recorded": "isRecorded",
        "recurrence": "recurring",
        "start": "startTime",
    }
)
"""Names in requests of the paths of the domain."""

PROBLEMS = ProblemTable(
    {
        (Invalid, None): Row(400, ResponseCode.INVALID, ErrorCode.INVALID),
        (BodyTooLarge, None): Row(413, ResponseCode.INVALID, ErrorCode.TOO_LARGE),
        (Unauthenticated, None): Row(401, ResponseCode.KEY),
        (NotFound, ErrorCode.USER_NOT_FOUND): Row(401, ResponseCode.USER),
        (NotFound, None): Row(404, ResponseCode.NOT_FOUND),
        (UnknownPath, None): Row(404, ResponseCode.NOT_FOUND, ErrorCode.NOT_FOUND),
        (WrongMethod, None): Row(405, ResponseCode.NOT_FOUND, ErrorCode.METHOD_UNKNOWN),
        (Forbidden, None): Row(403, ResponseCode.NOT_ALLOWED),
        (Exhausted, None): Row(403, ResponseCode.NOT_ALLOWED),
        (Conflict, None): Row(409, ResponseCode.EXISTS),
        (Unavailable, None): Row(503, ResponseCode.UNKNOWN),
        (TimeoutError, None): Row(503, ResponseCode.UNKNOWN, ErrorCode.TOOK_TOO_LONG),
        (Exception, None): Row(500, ResponseCode.UNKNOWN, ErrorCode.UNKNOWN),
    },
    NAMES,
)


def error_reply(problem: Problem[ResponseCode]) -> ErrorReply:
    """Reply to an error. It names the fields of data that are wrong; for all else it has a text only."""
    fields: list[BadField] = []
    if problem.word is ResponseCode.INVALID:
        fields = [BadField(one.path, one.reason) for one in problem.fields]
    return ErrorReply(problem.word, problem.message, fields or None)
