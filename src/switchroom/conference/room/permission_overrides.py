"""What moderators decide about people in live rooms, and the records of it that outlive a process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Collection, Sequence
from typing import Protocol
from weakref import WeakValueDictionary

from msgspec import Struct
from sqlalchemy import BigInteger, ColumnElement, String, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.conference.room.participants import Overrides
from switchroom.db.base import Base
from switchroom.db.database import Database, upsert
from switchroom.db.write_behind import WriteBehind
from switchroom.rooms.models import Room
from switchroom.rooms.permissions import Permission


class RoomOverride(Base):
    """What moderators have decided about a person in a live room (see `Overrides`)."""

    __tablename__ = "room_overrides"

    room_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    granted: Mapped[int] = mapped_column(default=0)
    revoked: Mapped[int] = mapped_column(default=0)
    removed_until: Mapped[int] = mapped_column(BigInteger, default=0)


class Ownership(Protocol):
    """Which process has which room (see `RoomOwnership`)."""

    def owned_elsewhere(self, session: AsyncSession, room_ids: Collection[str]) -> Awaitable[set[str]]:
        """Those of the rooms that another process has."""
        ...


class _Note(Struct, frozen=True):
    """Note of what holds for one person, or (None) that nothing is granted to or revoked from anybody any
    more."""

    room_id: str
    user_id: str | None = None
    granted: int = 0
    revoked: int = 0
    removed_until: int = 0


def _key(note: _Note) -> tuple[str, str | None]:
    return note.room_id, note.user_id


class OverrideRecords:
    """The overrides of all rooms in the database.

    Nobody waits for a change to be written; what has not been when the process is killed is lost. Of changes
    that wait, the last for a person is kept.
    """

    def __init__(self, database: Database) -> None:
        self.ownership: Ownership | None = None
        """Where other processes have rooms too: what comes late from one that has a room no longer is not
        written."""
        self._database = database
        self._writes = WriteBehind("what moderators decided", self._write, key=_key)
        self.run = self._writes.run
        self.finish = self._writes.finish

    async def load(self, room_id: str) -> dict[str, Overrides]:
        """What holds in a room, by user id. Raises Unavailable."""
        # This process may have had the room a moment ago.
        await self.finish()
        query = select(RoomOverride).where(RoomOverride.room_id == room_id)
        async with self._database.read(None) as session:
            rows = (await session.scalars(query)).all()
        return {
            row.user_id: Overrides(Permission(row.granted), Permission(row.revoked), row.removed_until)
            for row in rows
        }

    def note(self, room_id: str, user_id: str, overrides: Overrides) -> None:
        """Write what holds for one person from now on."""
        held = int(overrides.granted), int(overrides.revoked), overrides.removed_until
        self._writes.add(_Note(room_id, user_id, *held))

    def forget(self, room_id: str) -> None:
        """Nothing is granted or revoked in a room any more; who was put out stays so."""
        self._writes.add(_Note(room_id))

    async def tidy(self) -> None:
        """Forget the rooms that have been deleted while nobody had them, and whose putting out is over."""
        gone = ~exists().where(Room.id == RoomOverride.room_id)
        nothing_held = (RoomOverride.granted == 0) & (RoomOverride.revoked == 0) & ~_removed()
        async with self._database.write(None) as session:
            await session.execute(
                delete(RoomOverride)
                .where(or_(gone, nothing_held))
                .execution_options(synchronize_session=False)
            )

    async def _write(self, notes: Sequence[_Note]) -> None:
        async with self._database.write(None) as session:
            elsewhere = await self._elsewhere(session, {one.room_id for one in notes})
            for one in notes:
                if one.room_id not in elsewhere:
                    await _write(session, one)

    async def _elsewhere(self, session: AsyncSession, room_ids: set[str]) -> set[str]:
        """Those of the rooms that another process has."""
        return await self.ownership.owned_elsewhere(session, room_ids) if self.ownership else set()


class PermissionOverrides:
    """The overrides of the rooms that this process has.

    They are in memory from the first who comes to a room until the last has gone, and in the records, if
    there are any, for the next process that has the room.
    """

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
        """Nothing is granted or revoked any more: everybody has left the room. Who was put out stays so."""
        overrides = self.of(room_id)
        if self._records is not None and any(one.granted or one.revoked for one in overrides.values()):
            self._records.forget(room_id)
        removed = {
            user_id: Overrides(removed_until=one.removed_until)
            for user_id, one in overrides.items()
            if one.is_removed
        }
        overrides.clear()
        overrides.update(removed)

    def is_removed(self, room_id: str, user_id: str) -> bool:
        """Whether somebody was put out of a room, and has not been let in since."""
        found = self._rooms.get(room_id, {}).get(user_id)
        return found is not None and found.is_removed

    def release(self, room_id: str) -> None:
        """This process has the room no longer, or nobody is inside or waits."""
        self._rooms.pop(room_id, None)


async def _write(session: AsyncSession, note: _Note) -> None:
    if note.granted or note.revoked or note.removed_until:
        held = {"granted": note.granted, "revoked": note.revoked, "removed_until": note.removed_until}
        row = upsert(session, RoomOverride).values(room_id=note.room_id, user_id=note.user_id, **held)
        key = [RoomOverride.room_id, RoomOverride.user_id]
        await session.execute(row.on_conflict_do_update(index_elements=key, set_=held))
        return
    gone = delete(RoomOverride).where(RoomOverride.room_id == note.room_id)
    if note.user_id is not None:
        gone = gone.where(RoomOverride.user_id == note.user_id)
    else:
        gone = gone.where(~_removed())
        kept = update(RoomOverride).where(RoomOverride.room_id == note.room_id, _removed())
        await session.execute(kept.values(granted=0, revoked=0).execution_options(synchronize_session=False))
    await session.execute(gone.execution_options(synchronize_session=False))


def _removed() -> ColumnElement[bool]:
    return RoomOverride.removed_until > int(time.time())
