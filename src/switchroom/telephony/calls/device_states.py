"""States of devices that are in calls, from the calls that workers have written down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.telephony.calls.live_rows import LiveCallRow
from switchroom.telephony.calls.snapshot import CallSnapshot, LegStatus

_PRECEDENCE = (LegStatus.ANSWERED, LegStatus.HELD, LegStatus.RINGING)
"""States of the legs of a device that has several, the one that tells most of it first."""


_decoder = msgspec.msgpack.Decoder(CallSnapshot)


async def device_states(session: AsyncSession, organization_id: int) -> Mapping[int, str]:
    """States of the account's devices that are in a call, by their ids: `ringing`, also of one that calls and
    is not answered yet, `answered`, `held` (it holds the other)."""
    rows = select(LiveCallRow.snapshot).where(LiveCallRow.organization_id == organization_id)
    return states_of(readable(await session.scalars(rows)))


def readable(snapshots: Iterable[bytes]) -> Iterator[CallSnapshot]:
    """Snapshots that this version can read: a worker of another version may still run."""
    for snapshot in snapshots:
        with suppress(msgspec.MsgspecError):
            yield _decoder.decode(snapshot)


def states_of(calls: Iterable[CallSnapshot]) -> Mapping[int, str]:
    """The states of the devices that have legs in calls."""
    found: dict[int, LegStatus] = {}
    for call in calls:
        for leg in call.legs:
            if leg.device_id is None or leg.ended_at is not None:
                continue
            known = found.get(leg.device_id)
            if known is None or _PRECEDENCE.index(leg.state) < _PRECEDENCE.index(known):
                found[leg.device_id] = leg.state
    return {device_id: state.value for device_id, state in found.items()}
