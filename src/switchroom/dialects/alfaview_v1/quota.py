"""`quotaService`: the quota sets of a company, and what has been used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from switchroom.db.base import now
from switchroom.dialects.alfaview_v1.messages.common import Reply
from switchroom.dialects.alfaview_v1.messages.quota import (
    InfoReply,
    InfoRequest,
    Quota,
    Resource,
    Stat,
    StatsReply,
    StatsRequest,
)
from switchroom.dialects.alfaview_v1.messages.scalars import Int64, Timestamp
from switchroom.dialects.alfaview_v1.operations import Context, operation
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services
from switchroom.errors import ErrorCode, Invalid
from switchroom.rooms.models import QuotaSet
from switchroom.rooms.use import Use
from switchroom.rooms.use_times import HOUR

_DAY = timedelta(days=1)
_BY_THE_HOUR = timedelta(days=2)
_USUAL = timedelta(days=30)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)

UNLIMITED = 2_147_483_647
"""Number for the absence of a limit: a 0 would be left out and read as none left."""


class QuotaService:
    def __init__(self, services: Services) -> None:
        self._quotas = services.quotas
        self._use = services.use_of_rooms

    def operations(self) -> Sequence[Operation]:
        return [
            operation(
                "quotaService/info",
                InfoRequest,
                InfoReply,
                self.info,
                "Limits of the company, and kinds of rooms.",
            ),
            operation(
                "quotaService/stats",
                StatsRequest,
                StatsReply,
                self.stats,
                "What has been used of a resource, by the day, or by the hour of up to two days.",
            ),
        ]

    async def info(self, context: Context, request: InfoRequest) -> Reply:
        """Quotas: each set once, as the ROOM_TYPE that rooms name; for another resource, the set's limit of
        it."""
        sets, _ = await self._quotas.list(context.caller)
        if request.resource in (Resource.ALL_LIMITS, Resource.ROOM_TYPE):
            return InfoReply(quotas=[_room_type(quota) for quota in sets])
        resource = request.resource
        return InfoReply(
            quotas=[
                Quota(
                    name=quota.name,
                    resource=resource,
                    startTime=Timestamp.of(quota.created_at),
                    limit=Int64(_limits(quota)[resource]),
                )
                for quota in sets
                if resource in _limits(quota)
            ]
        )

    async def stats(self, context: Context, request: StatsRequest) -> Reply:
        """Use of a resource, of the last 30 days unless times are given. Days are those of UTC."""
        value = _COUNTED.get(request.resource)
        if value is None:
            reason = f"what is counted is {', '.join(one.value for one in _COUNTED)}"
            raise Invalid(ErrorCode.VALUE_INVALID, "resource", reason=reason)
        stop = request.stopTime.instant if request.stopTime else now()
        start = request.startTime.instant if request.startTime else max(stop, _EARLIEST) - _USUAL
        step = HOUR if stop - start <= _BY_THE_HOUR else _DAY
        if step == _DAY:
            start = start.replace(hour=0, minute=0, second=0, microsecond=0)
        periods = await self._use.periods(context.caller, start, stop, step)
        return StatsReply(
            Stats=[
                Stat(
                    startTime=Timestamp.of(one.start),
                    stopTime=Timestamp.of(one.end),
                    value=Int64(value(one.rooms, one.meetings)),
                )
                for one in periods
            ]
        )


_COUNTED: Mapping[Resource, Callable[[Use, Use], int]] = {
    Resource.ROOM_ONLINE_SECONDS: lambda rooms, meetings: rooms.room_seconds + meetings.room_seconds,
    Resource.ROOM_CONCURRENT_LIMIT: lambda rooms, meetings: rooms.most_rooms + meetings.most_rooms,
    Resource.ROOM_PARTICIPANTS: lambda rooms, meetings: rooms.participants + meetings.participants,
    Resource.ROOM_SPECTATORS: lambda rooms, meetings: rooms.spectators + meetings.spectators,
}
"""Counts of the use of resources: seconds that rooms were open, the most rooms open at once, and sessions
of participants and of spectators."""


def _room_type(quota: QuotaSet) -> Quota:
    return Quota(
        name=quota.name,
        resource=Resource.ROOM_TYPE,
        startTime=Timestamp.of(quota.created_at),
        limit=Int64(UNLIMITED if quota.room_limit is None else quota.room_limit),
        limits={resource.value: Int64(limit) for resource, limit in _limits(quota).items()},
    )


def _limits(quota: QuotaSet) -> dict[Resource, int]:
    return {
        Resource.ROOM_PARTICIPANTS: quota.active_limit,
        Resource.ROOM_SPECTATORS: quota.passive_limit,
        Resource.ROOM_SUBROOM_LIMIT: quota.breakout_limit,
    }
