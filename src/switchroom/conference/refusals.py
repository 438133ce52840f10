"""Errors of the domain in the words of docs/signalling.md."""

from __future__ import annotations

from collections.abc import Mapping

from switchroom import texts
from switchroom.conference.messages import Error
from switchroom.errors import (
    DomainError,
    ErrorCode,
    Exhausted,
    Fact,
    Forbidden,
    Invalid,
    TokenExpired,
    Unauthenticated,
    Unavailable,
)
from switchroom.texts.names import FieldNames, camel_case

NAMES = FieldNames()

CODES: Mapping[ErrorCode, str] = {
    **{
        code: code.value
        for code in (
            ErrorCode.ACCOUNT_CLOSED,
            ErrorCode.ACCOUNT_UNPAID,
            ErrorCode.LINK_DELETED,
            ErrorCode.LINK_EXPIRED,
            ErrorCode.LINK_NOT_YET_VALID,
            ErrorCode.MEDIA_UNAVAILABLE,
            ErrorCode.MEETING_NOT_STARTED,
            ErrorCode.MEETING_OVER,
            ErrorCode.NOT_A_ROOM,
            ErrorCode.PARTICIPANT_NOT_FOUND,
            ErrorCode.PASSWORD_WRONG,
            ErrorCode.RECORDING_UNAVAILABLE,
            ErrorCode.REMOVED_FROM_ROOM,
            ErrorCode.ROOM_FULL,
            ErrorCode.ROOM_LOCKED,
            ErrorCode.ROOM_NOT_FOUND,
            ErrorCode.SPECTATORS_FULL,
            ErrorCode.SPECTATORS_NOT_ALLOWED,
            ErrorCode.TOO_MANY_ATTEMPTS,
            ErrorCode.USER_NOT_FOUND,
        )
    },
    ErrorCode.MEETING_ACCOUNT_UNPAID: "account_unpaid",
    ErrorCode.NOT_LET_IN_YET: "waiting",
    ErrorCode.WAITING_NOT_FOUND: "participant_not_found",
    ErrorCode.WAITING_ROOM_FULL: "room_full",
}
"""Codes that clients tell apart. The others are those of their class."""

_BY_CLASS: tuple[tuple[type[DomainError], str], ...] = (
    (TokenExpired, "token_expired"),
    (Unauthenticated, "token_invalid"),
    (Forbidden, "not_allowed"),
    (Exhausted, "too_many"),
    (Unavailable, "media_unavailable"),
    (DomainError, "bad_request"),
)

_DETAILS = ("opens_at", "retry_after", "until", "valid_from", "valid_until")
"""Facts that clients are told."""


def refusal(error: DomainError, request_id: str | None) -> Error:
    """The message that tells of an error, to a program: people read what their client says of the code."""
    return Error(
        code=code_of(error),
        message=texts.message(error, "en", NAMES.of),
        id=request_id,
        details=details_of(error) or None,
    )


def code_of(error: DomainError) -> str:
    """The word for an error that programs know."""
    known = CODES.get(error.code)
    return known or next(word for kind, word in _BY_CLASS if isinstance(error, kind))


def details_of(error: DomainError) -> dict[str, str]:
    """Details that a client is told beside the code: facts, and the names of the fields concerned."""
    details = told(error.facts)
    paths = [one.path for one in error.problems] if isinstance(error, Invalid) else [error.path]
    fields = [NAMES.of(path) for path in paths if path]
    return {**details, "field": ", ".join(fields)} if fields else details


def told(facts: Mapping[str, Fact]) -> dict[str, str]:
    """Facts of an error that clients are told."""
    return {camel_case(name): str(fact) for name, fact in facts.items() if name in _DETAILS}
