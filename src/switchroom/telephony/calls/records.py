"""Records of a call: one for each user, device or trunk that it rang, or one where it rang nobody."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from msgspec import Struct, structs

from switchroom.telephony.calls.snapshot import CallDirection, CallSnapshot, LegDirection, LegSnapshot
from switchroom.telephony.routing.hangup_causes import HangupCause, in_call_records
from switchroom.telephony.routing.numbers import country_and_type, operator_of

NOBODY = ""
"""Key of the record of a call that rang nobody; the first that it rings takes it over."""

_LONGEST_NAME, _LONGEST_NUMBER, _LONGEST_CALL_ID, _LONGEST_CAUSE = 200, 64, 255, 64


class Record(Struct, frozen=True, kw_only=True):
    """Record of a call, by the columns of `CallRecord` but for the owner's names. While the call is up it is
    live, its durations are 0 and it has no cause."""

    direction: str
    started_at: datetime
    owner_id: int | None
    caller_user_id: int | None
    caller_id_name: str
    caller_id_number: str
    callee_id_name: str
    callee_id_number: str
    caller_callid: str
    callee_callid: str
    duration_seconds: int = 0
    billing_seconds: int = 0
    ringing_seconds: int = 0
    hangup_cause: str = ""
    is_live: bool = True
    was_answered: bool = False

    def columns(self) -> dict[str, Any]:
        values = structs.asdict(self)
        del values["was_answered"]
        return values


def records_of(call: CallSnapshot) -> dict[str, Record]:
    """The records of a call by the party that was rung, in that order. Legs of one user belong to one record,
    also one after the other."""
    rung: dict[str, list[LegSnapshot]] = {}
    for leg in _called(call):
        rung.setdefault(_key(leg), []).append(leg)
    if not rung:
        return {NOBODY: _of_nobody(call)}
    return {key: _of_party(call, legs) for key, legs in rung.items()}


def left_record(record: Record, call: CallSnapshot) -> Record:
    """The record of somebody whose leg another call has taken over, as of now: it ends with this call."""
    if call.ended_at is None:
        return record
    answered = call.answered_at
    return structs.replace(
        record,
        duration_seconds=_begun_seconds([(record.started_at, call.ended_at)]),
        billing_seconds=_begun_seconds([(answered, call.ended_at)] if answered is not None else []),
        ringing_seconds=_whole_seconds(record.started_at, answered or call.ended_at),
        hangup_cause=plain(in_call_records(call.hangup_cause), _LONGEST_CAUSE),
        is_live=False,
    )


def main_record(records: Mapping[str, Record]) -> str:
    """The key of the record that a call is told by: of the last who answered, else of the first rung."""
    answered = [key for key, one in records.items() if one.was_answered]
    return answered[-1] if answered else next(iter(records))


def detected(record: Record) -> dict[str, Any]:
    """Country (ISO 3166), type and operator of the number outside, empty for an internal call."""
    if record.direction == CallDirection.INTERNAL:
        return {}
    is_outgoing = record.direction == CallDirection.OUTGOING
    return _detected(record.callee_id_number if is_outgoing else record.caller_id_number)


def plain(text: str, longest: int) -> str:
    """Text that a column of either database takes: phones send anything."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\0", "")[:longest]


def _called(call: CallSnapshot) -> list[LegSnapshot]:
    """The legs that were called. Where a program has begun the call, others of the caller's own phones have
    rung too."""
    if not call.legs:
        return []
    own = call.legs[0].user_id if call.legs[0].direction is LegDirection.OUTBOUND else None
    return [
        leg
        for leg in call.legs[1:]
        if leg.direction is LegDirection.OUTBOUND and (own is None or leg.user_id != own)
    ]


def _key(leg: LegSnapshot) -> str:
    if leg.user_id is not None:
        return f"user:{leg.user_id}"
    if leg.device_id is not None:
        return f"device:{leg.device_id}"
    return f"trunk:{leg.trunk_id}" if leg.trunk_id is not None else f"leg:{leg.uuid}"


def _of_nobody(call: CallSnapshot) -> Record:
    """`ringing_seconds` is what it took to answer, be it by a menu or a mailbox."""
    caller = call.legs[0] if call.legs else None
    number, name = call.dialled, call.flow_name
    return _record(
        call,
        direction=call.direction,
        started_at=call.started_at,
        owner_id=caller.user_id if caller is not None else None,
        callee=(name, number, ""),
        answered=[(call.answered_at, call.ended_at)] if call.answered_at is not None else [],
        ended_at=call.ended_at,
        cause=call.hangup_cause or HangupCause.NORMAL_CLEARING,
    )


def _of_party(call: CallSnapshot, legs: Sequence[LegSnapshot]) -> Record:
    caller = call.legs[0]
    first = next((leg for leg in legs if leg.answered_at is not None), legs[0])
    is_outside = first.trunk_id is not None
    comes_from_outside = caller.trunk_id is not None
    name, number = first.name, first.number
    if comes_from_outside and not is_outside:
        name, number = call.flow_name or name, call.dialled or number
    ended = [leg.ended_at or call.ended_at for leg in legs]
    return _record(
        call,
        direction=CallDirection.OUTGOING
        if is_outside
        else (CallDirection.INCOMING if comes_from_outside else CallDirection.INTERNAL),
        started_at=min(leg.started_at for leg in legs),
        owner_id=first.user_id if first.user_id is not None else caller.user_id,
        callee=(name or call.flow_name, number or call.dialled, first.sip_call_id),
        answered=[(leg.answered_at, leg.ended_at or call.ended_at) for leg in legs if leg.answered_at],
        ended_at=max((moment for moment in ended if moment is not None), default=None),
        cause=_cause(call, first, legs),
    )


def _record(
    call: CallSnapshot,
    *,
    direction: CallDirection,
    started_at: datetime,
    owner_id: int | None,
    callee: tuple[str, str, str],
    answered: Sequence[tuple[datetime, datetime | None]],
    ended_at: datetime | None,
    cause: str,
) -> Record:
    caller = call.legs[0] if call.legs else None
    caller_user = caller.user_id if caller is not None else None
    is_live = call.ended_at is None or ended_at is None
    rang_until = answered[0][0] if answered else ended_at
    return Record(
        direction=direction.value,
        started_at=started_at,
        owner_id=owner_id,
        caller_user_id=caller_user if caller_user != owner_id else None,
        caller_id_name=plain(call.caller_name or (caller.name if caller else ""), _LONGEST_NAME),
        caller_id_number=plain(call.caller_number or (caller.number if caller else ""), _LONGEST_NUMBER),
        callee_id_name=plain(callee[0], _LONGEST_NAME),
        callee_id_number=plain(callee[1], _LONGEST_NUMBER),
        caller_callid=plain(caller.sip_call_id if caller else "", _LONGEST_CALL_ID),
        callee_callid=plain(callee[2], _LONGEST_CALL_ID),
        duration_seconds=0 if is_live else _begun_seconds([(started_at, ended_at)]),
        billing_seconds=0 if is_live else _begun_seconds(answered),
        ringing_seconds=0 if is_live or rang_until is None else _whole_seconds(started_at, rang_until),
        hangup_cause="" if is_live else plain(in_call_records(cause), _LONGEST_CAUSE),
        is_live=is_live,
        was_answered=bool(answered),
    )


def _begun_seconds(spans: Sequence[tuple[datetime, datetime | None]]) -> int:
    """Seconds of all spans together, those that were begun counted full: what was answered lasted."""
    return math.ceil(sum((until - since).total_seconds() for since, until in spans if until is not None))


def _whole_seconds(since: datetime, until: datetime) -> int:
    return max(0, int((until - since).total_seconds()))


_PRECEDENCE = (
    HangupCause.PICKED_OFF,
    HangupCause.LOSE_RACE,
    HangupCause.CALL_REJECTED,
    HangupCause.NO_ANSWER,
    HangupCause.ORIGINATOR_CANCEL,
    HangupCause.USER_BUSY,
)
"""Causes of the phones of one user that were not answered, the one that tells most first."""


def _cause(call: CallSnapshot, first: LegSnapshot, legs: Sequence[LegSnapshot]) -> str:
    if first.answered_at is not None:
        return first.hangup_cause or call.hangup_cause or HangupCause.NORMAL_CLEARING
    causes = [_unanswered(call, leg) for leg in legs]
    return next((one for one in _PRECEDENCE if one in causes), causes[-1])


def _unanswered(call: CallSnapshot, leg: LegSnapshot) -> str:
    """The cause of a phone's silence: that another has answered, where it still rang then."""
    cause = leg.hangup_cause or call.hangup_cause or HangupCause.NO_ANSWER
    if cause not in (HangupCause.ORIGINATOR_CANCEL, HangupCause.NORMAL_CLEARING):
        return cause
    until = leg.ended_at or call.ended_at
    for other in _called(call):
        moment = other.answered_at
        if moment is not None and leg.started_at <= moment and (until is None or moment <= until):
            return HangupCause.LOSE_RACE
    return cause


@lru_cache(maxsize=4096)
def _detected(number: str) -> dict[str, Any]:
    found = country_and_type(number)
    if found is None:
        return {}
    country, kind = found
    detected = {"detected_country": country, "detected_type": kind}
    # Of others the ranges say nothing.
    operator = operator_of(number) if "mobile" in kind else ""
    return {**detected, "detected_operator": operator} if operator else detected
