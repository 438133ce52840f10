"""What moderators have granted and revoked in the rooms that this process has."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary

from switchroom.conference.room.participants import Overrides
from switchroom.conference.room.permission_overrides import OverrideRecords


class Decisions:
    """In memory from the first who comes to a room until the last has gone, and in the records, if there are
    any, for the next process that has the room."""

    def __init__(self, records: OverrideRecords | None) -> None:
        self._records = records
        self._rooms: dict[str, dict[str, Overrides]] = {}
        self._loading: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def are_loaded(self, room_id: str) -> bool:
        return self._records is None or room_id in self._rooms

    async def load(self, room_id: str) -> None:
        """Have at hand what holds in a room. Raises Unavailable."""
        if self._records is None:
            return
        # One at a time: of two looks, the one that ends last may be the older.
        async with self._loading.setdefault(room_id, asyncio.Lock()):
            if room_id not in self._rooms:
                self._rooms[room_id] = await self._records.load(room_id)

    def of(self, room_id: str) -> dict[str, Overrides]:
        """What holds in a room, by user id; a conference makes its changes in it."""
        return self._rooms.setdefault(room_id, {})

    def changed(self, room_id: str, user_id: str) -> None:
        """To be called when something else holds for somebody."""
        if self._records is not None:
            self._records.note(room_id, user_id, self._rooms[room_id][user_id])

    def forget(self, room_id: str) -> None:
        """Nothing holds any more: everybody has left the room."""
        overrides = self.of(room_id)
        if self._records is not None and any(one.granted or one.revoked for one in overrides.values()):
            self._records.forget(room_id)
        overrides.clear()

    def release(self, room_id: str) -> None:
        """This process has the room no longer, or nobody is inside or waits."""
        self._rooms.pop(room_id, None)
