"""Events of calls in the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from switchroom.events.types import (
    CallAnswered,
    CallCreated,
    CallEmergency,
    CallHeld,
    CallRinging,
    CallTransferred,
    CallUnheld,
    DomainEvent,
)
from switchroom.telephony.calls.records import plain
from switchroom.telephony.calls.snapshot import CallSnapshot, ChangeKind, Happened

_LONGEST = 200

_TYPES: Mapping[
    ChangeKind,
    type[CallCreated | CallRinging | CallAnswered | CallHeld | CallUnheld | CallTransferred],
] = {
    ChangeKind.CREATED: CallCreated,
    ChangeKind.RINGING: CallRinging,
    ChangeKind.ANSWERED: CallAnswered,
    ChangeKind.HELD: CallHeld,
    ChangeKind.UNHELD: CallUnheld,
    ChangeKind.TRANSFERRED: CallTransferred,
}


def event_of(call: CallSnapshot, happened: Happened) -> DomainEvent | None:
    """Event of the log for a change; None for a change that the log says nothing of, or tells with the
    records."""
    if happened.emergency is not None:
        said = happened.emergency
        return CallEmergency(
            **_common(call, happened),
            emergency_number=plain(said.number, _LONGEST),
            emergency_caller_id=plain(said.caller_id, _LONGEST),
            is_configured=said.is_configured,
            cause=said.cause,
        )
    kind = _TYPES.get(happened.kind)
    return kind(**_common(call, happened)) if kind is not None else None


def _common(call: CallSnapshot, happened: Happened) -> dict[str, Any]:
    at = next((leg for leg in call.legs if leg.uuid == happened.leg), call.legs[0] if call.legs else None)
    return {
        "direction": call.direction.value,
        "caller_id_name": plain(call.caller_name, _LONGEST),
        "caller_id_number": plain(call.caller_number, _LONGEST),
        "dialled": plain(call.dialled, _LONGEST),
        "channel": at.uuid if at is not None else "",
        "name": plain(at.name, _LONGEST) if at is not None else "",
        "number": plain(at.number, _LONGEST) if at is not None else "",
        "user_id": at.user_id if at is not None else None,
        "device_id": at.device_id if at is not None else None,
        "trunk_id": at.trunk_id if at is not None else None,
    }
