"""`businessLogicService/favorites`: the rooms that people have marked for themselves."""

from __future__ import annotations

from collections.abc import Sequence

from switchroom.dialects.alfaview_v1.messages.business_logic import (
    FavoritesListReply,
    FavoritesListRequest,
    FavoritesUpdateReply,
    FavoritesUpdateRequest,
)
from switchroom.dialects.alfaview_v1.messages.common import Reply
from switchroom.dialects.alfaview_v1.operations import Context, operation, own_id
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services


class FavoritesService:
    def __init__(self, services: Services) -> None:
        self._favorites = services.favorites

    def operations(self) -> Sequence[Operation]:
        return [
            operation(
                "businessLogicService/favorites/list",
                FavoritesListRequest,
                FavoritesListReply,
                self.list,
                "Somebody's favorite rooms, one's own without `userId`.",
            ),
            operation(
                "businessLogicService/favorites/update",
                FavoritesUpdateRequest,
                FavoritesUpdateReply,
                self.update,
                "Mark rooms as favorites (`true`) or no longer (`false`); others stay as they are.",
            ),
        ]

    async def list(self, context: Context, request: FavoritesListRequest) -> Reply:
        person_id = request.userId or own_id(context)
        return FavoritesListReply(roomIds=list(await self._favorites.list(context.caller, person_id)))

    async def update(self, context: Context, request: FavoritesUpdateRequest) -> Reply:
        person_id = request.userId or own_id(context)
        await self._favorites.update(context.caller, person_id, request.roomIds)
        return FavoritesUpdateReply()
