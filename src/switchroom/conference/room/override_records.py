"""The overrides of all live rooms, and the records of them that outlive a process."""

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

from switchroom.conference.room.permission_overrides import (
    LOCKED_FOR,
    RECORDED_FOR,
    Overrides,
    Removal,
    RoomOverrides,
    Rules,
)
from switchroom.db.base import Base
from switchroom.db.database import Database, upsert
from switchroom.db.write_behind import WriteBehind
from switchroom.rooms.models import Room
from switchroom.rooms.permissions import Permission


class OverrideRow(Base):
    """Decisions of moderators about a person in a live room (see `Overrides`, `Removal`)."""

    __tablename__ = "room_overrides"

    room_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    granted: Mapped[int] = mapped_column(default=0)
    revoked: Mapped[int] = mapped_column(default=0)
    removed_until: Mapped[int] = mapped_column(BigInteger, default=0)
    removed_name: Mapped[str] = mapped_column(String(1000), default="")
    removed_guest: Mapped[bool] = mapped_column(default=False)
    removed_browser: Mapped[str] = mapped_column(String(32), default="")
    removed_by: Mapped[str] = mapped_column(String(1000), default="")


class RuleRow(Base):
    """Decisions of moderators about everybody in a live room (see `Rules`)."""

    __tablename__ = "room_rules"

    room_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    forbidden: Mapped[int]
    locked: Mapped[bool]
    good_until: Mapped[int] = mapped_column(BigInteger)
    """Unix time after which a process that finds it does not keep to it."""
    recording: Mapped[bool | None]
    recorded_by: Mapped[str] = mapped_column(String(64), default="")
    recorded_until: Mapped[int] = mapped_column(BigInteger, default=0)
    """As `good_until`, of a recording that is wanted."""
    session: Mapped[str] = mapped_column(String(16), default="")
    """The mark of the session in which they were made (see `RoomOverrides`); empty where it is not known."""


class Ownership(Protocol):
    """Ownership of rooms: the process that has each (see `RoomOwnership`)."""

    def owned_elsewhere(self, session: AsyncSession, room_ids: Collection[str]) -> Awaitable[set[str]]:
        """Ids of those of the rooms that another process has."""
        ...


class _Person(Struct, frozen=True):
    """Note of the decisions that hold for one person."""

    room_id: str
    user_id: str
    granted: int
    revoked: int
    removal: Removal | None


class _Room(Struct, frozen=True):
    """Note of the rules of a room."""

    room_id: str
    forbidden: int
    locked: bool
    recording: bool | None
    recorded_by: str
    session: str


class _Forget(Struct, frozen=True):
    """Note that neither rules hold in a room any more, nor anything that was granted or revoked."""

    room_id: str


_Note = _Person | _Room | _Forget


def _key(note: _Note) -> tuple[type[_Note], str, str]:
    return type(note), note.room_id, note.user_id if isinstance(note, _Person) else ""


class OverrideRecords:
    """The overrides of all rooms in the database.

    Nobody waits for a change to be written; what has not been when the process is killed is lost. Of changes
    that wait, the last for a person, and the last of a room's rules, is kept.
    """

    def __init__(self, database: Database) -> None:
        self.ownership: Ownership | None = None
        """Ownership of rooms, where other processes have rooms too. By it, a change that comes late, from a
        process that has the room no longer, is not written."""
        self._database = database
        self._writes = WriteBehind("what moderators decided", self._write, key=_key)
        self.run = self._writes.run
        self.finish = self._writes.finish

    async def load(self, room_id: str) -> RoomOverrides:
        """Overrides, removals and rules that hold in a room. Raises Unavailable."""
        # This process may have had the room a moment ago.
        await self.finish()
        people = select(OverrideRow).where(OverrideRow.room_id == room_id)
        rules = select(RuleRow).where(RuleRow.room_id == room_id, RuleRow.good_until > int(time.time()))
        async with self._database.read(None) as session:
            rows = (await session.scalars(people)).all()
            rule = await session.scalar(rules)
        removed = sorted((row for row in rows if row.removed_until), key=lambda row: row.removed_until)
        return RoomOverrides(
            {
                row.user_id: Overrides(Permission(row.granted), Permission(row.revoked))
                for row in rows
                if row.granted or row.revoked
            },
            {row.user_id: _removal(row) for row in removed},
            _rules(rule) if rule is not None else None,
            rule.session if rule is not None else "",
        )

    def note_person(self, room_id: str, user_id: str, overrides: Overrides, removal: Removal | None) -> None:
        """Write what holds for one person from now on."""
        self._writes.add(_Person(room_id, user_id, int(overrides.granted), int(overrides.revoked), removal))

    def note_rules(self, room_id: str, rules: Rules, session: str) -> None:
        """Write what holds for everybody from now on, until the session ends."""
        note = _Room(room_id, int(rules.forbidden), rules.locked, rules.recording, rules.recorded_by, session)
        self._writes.add(note)

    def forget(self, room_id: str) -> None:
        """Write that nothing is granted, revoked or forbidden in a room any more. People who were put out
        stay so."""
        self._writes.add(_Forget(room_id))

    async def tidy(self) -> None:
        """Forget the rooms that have been deleted while nobody had them, and what is over."""
        moment = int(time.time())
        people_gone = ~exists().where(Room.id == OverrideRow.room_id)
        rules_gone = ~exists().where(Room.id == RuleRow.room_id)
        nothing_held = (OverrideRow.granted == 0) & (OverrideRow.revoked == 0) & ~_removed()
        async with self._database.write(None) as session:
            for gone in (
                delete(OverrideRow).where(or_(people_gone, nothing_held)),
                delete(RuleRow).where(or_(rules_gone, RuleRow.good_until <= moment)),
            ):
                await session.execute(gone.execution_options(synchronize_session=False))

    async def _write(self, notes: Sequence[_Note]) -> None:
        async with self._database.write(None) as session:
            elsewhere = await self._elsewhere(session, {one.room_id for one in notes})
            for one in notes:
                if one.room_id not in elsewhere:
                    await _write(session, one)

    async def _elsewhere(self, session: AsyncSession, room_ids: set[str]) -> set[str]:
        """Ids of those of the rooms that another process has."""
        return await self.ownership.owned_elsewhere(session, room_ids) if self.ownership else set()


class PermissionOverrides:
    """The overrides of the rooms that this process has.

    They are in memory from the first who comes to a room until the last has gone, and in the records, if
    there are any, for the next process that has the room.
    """

    def __init__(self, records: OverrideRecords | None) -> None:
        self._records = records
        self._rooms: dict[str, RoomOverrides] = {}
        self._loading: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def are_loaded(self, room_id: str) -> bool:
        return self._records is None or room_id in self._rooms

    async def load(self, room_id: str) -> None:
        """Load the overrides that hold in a room, unless they are in memory. Raises Unavailable."""
        if self._records is None:
            return
        # One at a time: of two looks, the one that ends last may be the older.
        async with self._loading.setdefault(room_id, asyncio.Lock()):
            if room_id not in self._rooms:
                self._keep(room_id, await self._records.load(room_id))

    def of(self, room_id: str) -> RoomOverrides:
        """Overrides that hold in a room; a conference makes its changes in them."""
        found = self._rooms.get(room_id)
        return found if found is not None else self._keep(room_id, RoomOverrides())

    def forget(self, room_id: str) -> None:
        """End the overrides of a room that everybody has left; people who were put out stay so."""
        overrides = self.of(room_id)
        rules = overrides.rules
        held = any(one.granted or one.revoked for one in overrides.people.values())
        if self._records is not None and (held or rules.hold):
            self._records.forget(room_id)
        overrides.end()

    def release(self, room_id: str) -> None:
        """This process has the room no longer, or nobody is inside or waits."""
        if self._records is not None:
            released = self._rooms.pop(room_id, None)
            if released is not None:
                released.follower = None
        elif room_id in self._rooms and not self._rooms[room_id].removed():
            del self._rooms[room_id]

    def _keep(self, room_id: str, overrides: RoomOverrides) -> RoomOverrides:
        self._rooms[room_id] = overrides
        if self._records is not None:
            overrides.follower = _Follower(self._records, room_id, overrides)
        return overrides


class _Follower:
    """Follower of the overrides of one room: has the records note what changes."""

    def __init__(self, records: OverrideRecords, room_id: str, overrides: RoomOverrides) -> None:
        self._records = records
        self._room_id = room_id
        self._overrides = overrides

    def person_changed(self, user_id: str) -> None:
        held = self._overrides.people.get(user_id, Overrides())
        self._records.note_person(self._room_id, user_id, held, self._overrides.removals.get(user_id))

    def rules_changed(self) -> None:
        self._records.note_rules(self._room_id, self._overrides.rules, self._overrides.session)


def _removal(row: OverrideRow) -> Removal:
    return Removal(
        until=row.removed_until,
        display_name=row.removed_name,
        is_guest=row.removed_guest,
        browser=row.removed_browser,
        by_name=row.removed_by,
    )


def _rules(row: RuleRow) -> Rules:
    """The rules that still hold."""
    is_lost = bool(row.recording) and row.recorded_until <= int(time.time())
    recording, recorded_by = (None, "") if is_lost else (row.recording, row.recorded_by)
    return Rules(Permission(row.forbidden), row.locked, recording, recorded_by)


async def _write(session: AsyncSession, note: _Note) -> None:
    match note:
        case _Person():
            await _write_person(session, note)
        case _Room():
            await _write_rules(session, note)
        case _Forget(room_id=room_id):
            await _forget(session, room_id)


async def _write_person(session: AsyncSession, note: _Person) -> None:
    removal = note.removal
    if note.granted or note.revoked or removal is not None:
        held = {
            "granted": note.granted,
            "revoked": note.revoked,
            "removed_until": removal.until if removal is not None else 0,
            "removed_name": removal.display_name if removal is not None else "",
            "removed_guest": removal is not None and removal.is_guest,
            "removed_browser": removal.browser if removal is not None else "",
            "removed_by": removal.by_name if removal is not None else "",
        }
        row = upsert(session, OverrideRow).values(room_id=note.room_id, user_id=note.user_id, **held)
        key = [OverrideRow.room_id, OverrideRow.user_id]
        await session.execute(row.on_conflict_do_update(index_elements=key, set_=held))
        return
    gone = delete(OverrideRow).where(OverrideRow.room_id == note.room_id, OverrideRow.user_id == note.user_id)
    await session.execute(gone.execution_options(synchronize_session=False))


async def _write_rules(session: AsyncSession, note: _Room) -> None:
    if note.forbidden or note.locked or note.recording is not None:
        moment = int(time.time())
        held = {
            "forbidden": note.forbidden,
            "locked": note.locked,
            "recording": note.recording,
            "recorded_by": note.recorded_by,
            "recorded_until": moment + RECORDED_FOR if note.recording else 0,
            "good_until": moment + LOCKED_FOR,
            "session": note.session,
        }
        row = upsert(session, RuleRow).values(room_id=note.room_id, **held)
        await session.execute(row.on_conflict_do_update(index_elements=[RuleRow.room_id], set_=held))
    else:
        await _forget_rules(session, note.room_id)


async def _forget(session: AsyncSession, room_id: str) -> None:
    await _forget_rules(session, room_id)
    kept = update(OverrideRow).where(OverrideRow.room_id == room_id, _removed())
    await session.execute(kept.values(granted=0, revoked=0).execution_options(synchronize_session=False))
    gone = delete(OverrideRow).where(OverrideRow.room_id == room_id, ~_removed())
    await session.execute(gone.execution_options(synchronize_session=False))


async def _forget_rules(session: AsyncSession, room_id: str) -> None:
    gone = delete(RuleRow).where(RuleRow.room_id == room_id)
    await session.execute(gone.execution_options(synchronize_session=False))


def _removed() -> ColumnElement[bool]:
    return OverrideRow.removed_until > int(time.time())
