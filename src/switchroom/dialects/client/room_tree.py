"""Operation on the tree of rooms: as much of it as the portal shows."""

from __future__ import annotations

from msgspec import UNSET

from switchroom.dialects.client.context import Context
from switchroom.dialects.client.messages.room_tree import PlaceInLevel, TreeAnswer, TreeQuery, WantedLevel
from switchroom.dialects.client.operations import operation
from switchroom.dialects.operation import Operation
from switchroom.identity.tokens import TokenSigner
from switchroom.rooms.pages import RoomPlace
from switchroom.rooms.tree import Level, RoomTree


class RoomTreeOperations:
    def __init__(self, tree: RoomTree, signer: TokenSigner) -> None:
        self._tree = tree
        self._signer = signer

    def operations(self) -> list[Operation]:
        return [
            operation(
                path="/rooms",
                summary="Which rooms are shown to whoever is signed in, level by level.",
                request=TreeQuery,
                reply=TreeAnswer,
                handler=self.look,
            )
        ]

    async def look(self, _context: Context, request: TreeQuery) -> TreeAnswer:
        claims, departments_only = self._signer.verify(request.access_token), request.departments_only
        if request.levels:
            wanted = [_level(one) for one in request.levels]
            page = await self._tree.levels(claims, wanted, departments_only=departments_only)
        else:
            page = await self._tree.first(claims, request.term, departments_only=departments_only)
        return TreeAnswer(
            room_ids=list(page.room_ids),
            following={
                parent_id: PlaceInLevel(place.position, place.room_id)
                for parent_id, place in page.following.items()
            },
            is_whole=page.is_whole,
            has_more=page.has_more,
        )


def _level(wanted: WantedLevel) -> Level:
    after = wanted.after
    return Level(wanted.parent_id, None if after is UNSET else RoomPlace(after.position, after.room_id))
