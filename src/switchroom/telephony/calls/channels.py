"""Channels: the legs of live calls as the realtime API tells of them."""

from __future__ import annotations

from switchroom.telephony.calls.snapshot import CallSnapshot, LegDirection, LegSnapshot
from switchroom.telephony.control.messages import Channel


def channels_of(call: CallSnapshot) -> list[Channel]:
    """The legs of a call that have not ended."""
    return [_channel(call, leg) for leg in call.legs if leg.ended_at is None]


def _channel(call: CallSnapshot, leg: LegSnapshot) -> Channel:
    name, number = _called(call, leg)
    authorizing, kind = leg.device_id, "device"
    if authorizing is None:
        authorizing, kind = leg.trunk_id, "trunk"
    return Channel(
        uuid=leg.uuid,
        interaction_id=call.id,
        direction=leg.direction.value,
        state=leg.state.value,
        answered=leg.answered_at is not None,
        muted=leg.muted,
        caller_id_name=call.caller_name,
        caller_id_number=call.caller_number,
        callee_id_name=name,
        callee_id_number=number,
        owner_id=leg.user_id,
        authorizing_id=authorizing,
        authorizing_type=kind if authorizing is not None else "",
        other_leg=leg.other_leg,
        timestamp=int(leg.started_at.timestamp()),
    )


def _called(call: CallSnapshot, leg: LegSnapshot) -> tuple[str, str]:
    """Name and number of the called party: at a leg that was called, of the party there; else of the leg that
    it talks to, or of what was dialled."""
    if leg is not call.legs[0] and leg.direction is LegDirection.OUTBOUND:
        return leg.name, leg.number
    other = next((one for one in call.legs if one.uuid == leg.other_leg), None)
    return (other.name, other.number) if other is not None else (call.flow_name, call.dialled)
