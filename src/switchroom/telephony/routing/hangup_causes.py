"""Hangup causes (ITU-T Q.850, and those of call control) and the SIP codes that belong to them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class HangupCause(StrEnum):
    UNALLOCATED_NUMBER = "UNALLOCATED_NUMBER"
    NO_ROUTE_DESTINATION = "NO_ROUTE_DESTINATION"
    NORMAL_CLEARING = "NORMAL_CLEARING"
    USER_BUSY = "USER_BUSY"
    NO_USER_RESPONSE = "NO_USER_RESPONSE"
    NO_ANSWER = "NO_ANSWER"
    SUBSCRIBER_ABSENT = "SUBSCRIBER_ABSENT"
    USER_NOT_REGISTERED = "USER_NOT_REGISTERED"
    CALL_REJECTED = "CALL_REJECTED"
    OUTGOING_CALL_BARRED = "OUTGOING_CALL_BARRED"
    INVALID_NUMBER_FORMAT = "INVALID_NUMBER_FORMAT"
    NUMBER_CHANGED = "NUMBER_CHANGED"
    DESTINATION_OUT_OF_ORDER = "DESTINATION_OUT_OF_ORDER"
    NORMAL_CIRCUIT_CONGESTION = "NORMAL_CIRCUIT_CONGESTION"
    NORMAL_TEMPORARY_FAILURE = "NORMAL_TEMPORARY_FAILURE"
    INCOMPATIBLE_DESTINATION = "INCOMPATIBLE_DESTINATION"
    SERVICE_NOT_IMPLEMENTED = "SERVICE_NOT_IMPLEMENTED"
    EXCHANGE_ROUTING_ERROR = "EXCHANGE_ROUTING_ERROR"
    RECOVERY_ON_TIMER_EXPIRE = "RECOVERY_ON_TIMER_EXPIRE"
    PROGRESS_TIMEOUT = "PROGRESS_TIMEOUT"
    ALLOTTED_TIMEOUT = "ALLOTTED_TIMEOUT"
    MEDIA_TIMEOUT = "MEDIA_TIMEOUT"
    ORIGINATOR_CANCEL = "ORIGINATOR_CANCEL"
    LOSE_RACE = "LOSE_RACE"
    PICKED_OFF = "PICKED_OFF"
    ATTENDED_TRANSFER = "ATTENDED_TRANSFER"
    BLIND_TRANSFER = "BLIND_TRANSFER"
    CRASH = "CRASH"
    """The process that had the call has died."""


_SIP_CODES: Mapping[HangupCause, int] = {
    HangupCause.UNALLOCATED_NUMBER: 404,
    HangupCause.NO_ROUTE_DESTINATION: 404,
    HangupCause.NORMAL_CLEARING: 200,
    HangupCause.USER_BUSY: 486,
    HangupCause.NO_USER_RESPONSE: 408,
    HangupCause.NO_ANSWER: 480,
    HangupCause.SUBSCRIBER_ABSENT: 480,
    HangupCause.USER_NOT_REGISTERED: 480,
    HangupCause.CALL_REJECTED: 603,
    HangupCause.OUTGOING_CALL_BARRED: 403,
    HangupCause.INVALID_NUMBER_FORMAT: 484,
    HangupCause.NUMBER_CHANGED: 410,
    HangupCause.DESTINATION_OUT_OF_ORDER: 502,
    HangupCause.NORMAL_CIRCUIT_CONGESTION: 503,
    HangupCause.NORMAL_TEMPORARY_FAILURE: 503,
    HangupCause.INCOMPATIBLE_DESTINATION: 488,
    HangupCause.SERVICE_NOT_IMPLEMENTED: 501,
    HangupCause.EXCHANGE_ROUTING_ERROR: 482,
    HangupCause.RECOVERY_ON_TIMER_EXPIRE: 504,
    HangupCause.PROGRESS_TIMEOUT: 408,
    HangupCause.ALLOTTED_TIMEOUT: 408,
    HangupCause.MEDIA_TIMEOUT: 504,
    HangupCause.ORIGINATOR_CANCEL: 487,
    HangupCause.LOSE_RACE: 487,
    HangupCause.PICKED_OFF: 487,
    HangupCause.ATTENDED_TRANSFER: 200,
    HangupCause.BLIND_TRANSFER: 200,
    HangupCause.CRASH: 500,
}
"""The final response with which an unanswered call ends for that cause; 200 where it was answered."""

_CAUSES: Mapping[int, HangupCause] = {
    401: HangupCause.CALL_REJECTED,
    402: HangupCause.CALL_REJECTED,
    403: HangupCause.CALL_REJECTED,
    404: HangupCause.UNALLOCATED_NUMBER,
    407: HangupCause.CALL_REJECTED,
    408: HangupCause.NO_USER_RESPONSE,
    410: HangupCause.NUMBER_CHANGED,
    415: HangupCause.INCOMPATIBLE_DESTINATION,
    480: HangupCause.NO_ANSWER,
    482: HangupCause.EXCHANGE_ROUTING_ERROR,
    483: HangupCause.EXCHANGE_ROUTING_ERROR,
    484: HangupCause.INVALID_NUMBER_FORMAT,
    486: HangupCause.USER_BUSY,
    487: HangupCause.ORIGINATOR_CANCEL,
    488: HangupCause.INCOMPATIBLE_DESTINATION,
    501: HangupCause.SERVICE_NOT_IMPLEMENTED,
    502: HangupCause.DESTINATION_OUT_OF_ORDER,
    504: HangupCause.RECOVERY_ON_TIMER_EXPIRE,
    600: HangupCause.USER_BUSY,
    603: HangupCause.CALL_REJECTED,
    604: HangupCause.NO_ROUTE_DESTINATION,
    606: HangupCause.INCOMPATIBLE_DESTINATION,
    607: HangupCause.CALL_REJECTED,
}


def sip_code(cause: HangupCause) -> int:
    """The SIP status code of a call that ends for the cause."""
    return _SIP_CODES[cause]


def cause_of(code: int) -> HangupCause:
    """The cause of a final SIP response; of one that has none of its own, as its class says (RFC 3261,
    21)."""
    found = _CAUSES.get(code)
    if found is not None:
        return found
    if 200 <= code < 300:
        return HangupCause.NORMAL_CLEARING
    if 500 <= code < 600:
        return HangupCause.NORMAL_TEMPORARY_FAILURE
    return HangupCause.CALL_REJECTED if code >= 600 else HangupCause.NO_ROUTE_DESTINATION


def in_call_records(cause: str) -> str:
    """The cause as call records name it: that of a missed call is `NO ANSWER`, with a blank."""
    return "NO ANSWER" if cause == HangupCause.NO_ANSWER else str(cause)


def child_names(cause: HangupCause, code: int) -> tuple[str, ...]:
    """The names of a callflow's children that such an end leads to, the first that there is counts."""
    return tuple(dict.fromkeys((cause.value, in_call_records(cause), str(code), "_")))
