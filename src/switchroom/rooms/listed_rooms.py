"""Listed rooms: all that lists are composed of, the same for every viewer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from cachetools import LRUCache
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.rooms.drafts import Grant
from switchroom.rooms.models import BreakoutRoom, Room, RoomPermission
from switchroom.rooms.permissions import Permission, Role

_MOST_KEPT = 20_000
_LARGEST_SHARE = 8


class ListedRoom(Struct, frozen=True, eq=False, weakref=True):
    """A room with everybody's grants in it, by person id, and its breakout rooms in their order. Not to be
    changed: lists share it."""

    room: Room
    grants: Mapping[str, Grant]
    breakout_rooms: Sequence[BreakoutRoom]


async def load_listed(session: AsyncSession, rooms: Sequence[Room]) -> Sequence[ListedRoom]:
    """The rooms with what belongs to them, in their order. Takes two queries."""
    ids = [room.id for room in rooms]
    grants: defaultdict[str, dict[str, Grant]] = defaultdict(dict)
    for entry in await session.scalars(select(RoomPermission).where(RoomPermission.room_id.in_(ids))):
        grants[entry.room_id][entry.person_id] = Grant(Role(entry.role), Permission(entry.permissions))
    parts: defaultdict[str, list[BreakoutRoom]] = defaultdict(list)
    for part in await session.scalars(
        select(BreakoutRoom)
        .where(BreakoutRoom.room_id.in_(ids))
        .order_by(BreakoutRoom.position, BreakoutRoom.id)
    ):
        parts[part.room_id].append(part)
    return [ListedRoom(room, grants[room.id], parts[room.id]) for room in rooms]


async def read_listed(session: AsyncSession, ids: Sequence[str]) -> Sequence[ListedRoom]:
    """Listed rooms, of these ids, that are still there, as they are now."""
    return await load_listed(session, (await session.scalars(select(Room).where(Room.id.in_(ids)))).all())


class KeptRooms:
    """The rooms listed most recently: at most 20,000, grants and breakout rooms counted with them.

    They belong to a revision of the organization's rooms, which is to be read before the rooms are.
    """

    def __init__(self, most: int = _MOST_KEPT) -> None:
        self._heaviest = most // _LARGEST_SHARE
        self._kept: LRUCache[tuple[int, int, str], ListedRoom] = LRUCache(most, getsizeof=_weight)

    async def of(
        self, session: AsyncSession, organization_id: int, revision: int, ids: Sequence[str]
    ) -> Mapping[str, ListedRoom]:
        """Listed rooms, of these ids, that are still there, by id."""
        found: dict[str, ListedRoom] = {}
        for room_id in ids:
            listed = self._kept.get((organization_id, revision, room_id))
            if listed is not None:
                found[room_id] = listed
        missing = [room_id for room_id in ids if room_id not in found]
        if missing:
            for listed in await read_listed(session, missing):
                found[listed.room.id] = listed
                if _weight(listed) <= self._heaviest:
                    self._kept[organization_id, revision, listed.room.id] = listed
        return found


def _weight(listed: ListedRoom) -> int:
    return 1 + len(listed.grants) + len(listed.breakout_rooms)
