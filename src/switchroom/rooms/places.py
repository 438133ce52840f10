"""Places of rooms in the tree: under which parent, and where among its children."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, Table, and_, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.database import columns_of
from switchroom.errors import Conflict, ErrorCode, Invalid, NotFound
from switchroom.rooms.models import IS_LISTED, Room

GAP = 1 << 20
"""The distance of neighbours' positions, in which others find room."""

_DEEPEST = 32


class Move(Struct, frozen=True):
    """Put a room under a parent (None: at the top), after one of its children (None: first)."""

    room_id: str
    parent_id: str | None
    after_id: str | None


class Places:
    """The places of an organization's rooms, in a session that writes. What is above a parent is read once
    for many moves, by queries of columns: there may be a thousand of them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._above: dict[str | None, Sequence[str]] = {None: ()}

    async def move(self, move: Move) -> None:
        """Raises NotFound, Invalid, and Conflict when there is no place left."""
        await self._require_room(move.room_id)
        await self.require_parent(move.parent_id, of=move.room_id)
        position = await self._free_position(move)
        if position is None:
            await self._spread(move.parent_id)
            position = await self._free_position(move)
        if position is None:
            raise Conflict(ErrorCode.ROOMS_NOT_SORTED, "moves")
        values = {"of": move.room_id, "to_parent": move.parent_id, "to_position": position}
        await (await self._session.connection()).execute(_MOVE, values)
        if any(move.room_id in above for above in self._above.values()):
            self._above = {None: ()}

    async def require_parent(self, parent_id: str | None, *, of: str | None = None) -> None:
        """Raises NotFound for a parent that is not there, and Invalid where the tree grows too deep or the
        room `of` would be in itself."""
        if parent_id not in self._above:
            self._above[parent_id] = await self._read_above(parent_id)
        if of in self._above[parent_id]:
            raise Invalid(ErrorCode.ROOM_IN_ITSELF, "parent_id")

    async def _require_room(self, room_id: str) -> None:
        """The session's confinement is in this query, and not in the update that follows it."""
        if not await columns_of(self._session, _ROOM, {"id": room_id}):
            raise NotFound(ErrorCode.ROOM_NOT_FOUND, "room_id", id=room_id[:100])

    async def _read_above(self, parent_id: str | None) -> Sequence[str]:
        """The ids from the parent up to the top."""
        above: list[str] = []
        current = parent_id
        while current is not None:
            if len(above) >= _DEEPEST:
                raise Invalid(ErrorCode.ROOMS_TOO_DEEP, "parent_id", most=_DEEPEST)
            rows = await columns_of(self._session, _ROOM, {"id": current})
            if not rows:
                raise NotFound(ErrorCode.ROOM_NOT_FOUND, "parent_id", id=current[:100])
            above.append(current)
            (current,) = rows[0]
        return above

    async def _free_position(self, move: Move) -> int | None:
        """A number between the predecessor and its successor; None when there is none left."""
        level = _TOP if move.parent_id is None else _BELOW
        others: dict[str, Any] = {"parent": move.parent_id, "of": move.room_id}
        if move.parent_id is None:
            del others["parent"]
        if move.after_id is None:
            first = await self._position(level.first, others)
            return GAP if first is None else first - GAP
        before = await self._position(level.one, {**others, "id": move.after_id})
        if before is None:
            raise NotFound(ErrorCode.ROOM_PREDECESSOR_NOT_FOUND, "after_id", id=move.after_id[:100])
        after = await self._position(level.following, {**others, "before": before})
        if after is None:
            return before + GAP
        return (before + after) // 2 if after - before > 1 else None

    async def _position(self, query: Select[int], parameters: Mapping[str, Any]) -> int | None:
        rows = await columns_of(self._session, query, parameters)
        return rows[0][0] if rows else None

    async def _spread(self, parent_id: str | None) -> None:
        """Number the children anew with gaps between them."""
        query = select(Room.id).where(_children_of(parent_id)).order_by(Room.position, Room.id)
        ids = (await self._session.scalars(query)).all()
        connection = await self._session.connection()
        positions = [{"of": one, "to_position": number * GAP} for number, one in enumerate(ids, start=1)]
        await connection.execute(_RENUMBER, positions)


async def last_position(session: AsyncSession, parent_id: str | None) -> int:
    """The position of the last child, 0 where there is none."""
    # In the index's order, which PostgreSQL does not see in a maximum where there is no parent.
    query = select(Room.position).where(_children_of(parent_id))
    last = await session.scalar(query.order_by(Room.parent_id.desc(), Room.position.desc()).limit(1))
    return last or 0


def _children_of(parent_id: str | ColumnElement[str] | None) -> ColumnElement[bool]:
    """Condition for the rooms in the order of a parent. Rooms of meetings, which are at the top, have no
    place in it."""
    return and_(IS_LISTED, Room.parent_id.is_(None) if parent_id is None else Room.parent_id == parent_id)


class _Level:
    """Queries of positions among the children of one parent, without the room that moves (`of`)."""

    def __init__(self, parent: ColumnElement[str] | None) -> None:
        others = select(Room.position).where(_children_of(parent), Room.id != bindparam("of"))
        in_order = others.order_by(Room.parent_id, Room.position).limit(1)
        self.first = in_order
        self.one = others.where(Room.id == bindparam("id"))
        self.following = in_order.where(Room.position > bindparam("before"))


_TOP, _BELOW = _Level(None), _Level(bindparam("parent"))
_ROOMS = cast("Table", Room.__table__)
_ROOM = select(Room.parent_id).where(Room.id == bindparam("id"))
_MOVE = (
    update(_ROOMS)
    .where(Room.id == bindparam("of"))
    .values(parent_id=bindparam("to_parent"), position=bindparam("to_position"))
)
_RENUMBER = update(_ROOMS).where(Room.id == bindparam("of")).values(position=bindparam("to_position"))
