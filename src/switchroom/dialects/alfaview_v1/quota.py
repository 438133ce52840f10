"""`quotaService`: the quota sets of a company."""

from __future__ import annotations

from collections.abc import Sequence

from switchroom.dialects.alfaview_v1.messages.common import Reply
from switchroom.dialects.alfaview_v1.messages.quota import InfoReply, InfoRequest, Quota, Resource
from switchroom.dialects.alfaview_v1.messages.scalars import Int64, Timestamp
from switchroom.dialects.alfaview_v1.operations import Context, operation
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services
from switchroom.rooms.models import QuotaSet

UNLIMITED = 2_147_483_647
"""What stands for the absence of a limit: a 0 would be left out and read as none left."""


class QuotaService:
    def __init__(self, services: Services) -> None:
        self._quotas = services.quotas

    def operations(self) -> Sequence[Operation]:
        return [
            operation(
                "quotaService/info",
                InfoRequest,
                InfoReply,
                self.info,
                "Limits of the company, and kinds of rooms.",
            )
        ]

    async def info(self, context: Context, request: InfoRequest) -> Reply:
        """Each set once, as the ROOM_TYPE that rooms name; for another resource, the set's number of it."""
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
