"""Ownership of rooms by processes, as the database decides it: one row a room, so that two never have one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection

from sqlalchemy import String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base
from switchroom.db.database import Database, upsert


class RoomOwner(Base):
    """The process that has a room, by the name it has as long as it lives."""

    __tablename__ = "room_claims"  # the name it began with, which no user meets

    room_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    process: Mapped[str] = mapped_column(String(32), index=True)


class RoomOwnership:
    """The rooms that this process owns. `release_idle` frees all but those that are pinned or live."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self._mine: set[str] = set()
        self._pins: Counter[str] = Counter()
        self._one_at_a_time = asyncio.Lock()

    def is_mine(self, room_id: str) -> bool:
        return room_id in self._mine

    def pin(self, room_id: str) -> None:
        """Keep a room from being released until `unpin`, if it is, or becomes, this process'."""
        self._pins[room_id] += 1

    def unpin(self, room_id: str) -> None:
        self._pins[room_id] -= 1
        if not self._pins[room_id]:
            del self._pins[room_id]

    async def acquire(self, room_id: str, *, instead_of: str | None = None) -> str:
        """Own a room that nobody has, or that the process `instead_of` has, which is gone.

        Returns the name of the process that has it now. Raises Unavailable.
        """
        if room_id in self._mine:
            return self._name
        # Not while rooms are released: this one may be among them.
        async with self._one_at_a_time:
            query = select(RoomOwner.process).where(RoomOwner.room_id == room_id)
            async with self._database.read(None) as session:
                owner = await session.scalar(query)
            if owner is None or owner == instead_of:
                async with self._database.write(None) as session:
                    wish = upsert(session, RoomOwner).values(room_id=room_id, process=self._name)
                    await session.execute(
                        wish.on_conflict_do_nothing()
                        if instead_of is None
                        else wish.on_conflict_do_update(
                            index_elements=[RoomOwner.room_id],
                            set_={"process": self._name},
                            where=RoomOwner.process == instead_of,
                        )
                    )
                    owner = await session.scalar(query)
            if owner == self._name:
                self._mine.add(room_id)
            assert owner is not None
            return owner

    async def drop_lost(self) -> set[str]:
        """Rooms that other processes have taken, which this one has no longer from now on."""
        async with self._one_at_a_time:
            async with self._database.read(None) as session:
                query = select(RoomOwner.room_id).where(RoomOwner.process == self._name)
                kept = set((await session.scalars(query)).all())
            lost = self._mine - kept
            self._mine -= lost
            return lost

    async def release_idle(self, live: Collection[str]) -> None:
        """Free the rooms that are neither pinned nor `live`."""
        async with self._one_at_a_time:
            idle = [one for one in self._mine if one not in self._pins and one not in live]
            self._mine.difference_update(idle)
            if idle:
                await self._forget(RoomOwner.process == self._name, RoomOwner.room_id.in_(idle))

    async def release_all(self) -> None:
        async with self._one_at_a_time:
            self._mine.clear()
            await self._forget(RoomOwner.process == self._name)

    async def owned_elsewhere(self, session: AsyncSession, room_ids: Collection[str]) -> set[str]:
        """Ids of those of the rooms that another process has."""
        query = select(RoomOwner.room_id).where(
            RoomOwner.room_id.in_(room_ids), RoomOwner.process != self._name
        )
        return set((await session.scalars(query)).all())

    async def owners(self) -> set[str]:
        """The names of all processes that have rooms."""
        async with self._database.read(None) as session:
            return set((await session.scalars(select(RoomOwner.process).distinct())).all())

    async def release_of(self, process: str) -> None:
        """Free all rooms of a process that is gone."""
        await self._forget(RoomOwner.process == process)

    async def _forget(self, *conditions: object) -> None:
        async with self._database.write(None) as session:
            await session.execute(
                delete(RoomOwner)
                .where(*conditions)  # pyright: ignore[reportArgumentType]
                .execution_options(synchronize_session=False)
            )
