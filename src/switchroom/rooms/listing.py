"""Pages of rooms as a viewer sees them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeVar

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Invalid
from switchroom.identity.permissions import Administration
from switchroom.identity.tokens import AccessToken
from switchroom.rooms.access import Viewer
from switchroom.rooms.drafts import Grant
from switchroom.rooms.models import BreakoutRoom, Room, RoomPermission, RoomType
from switchroom.rooms.permissions import Permission, Role

R = TypeVar("R", Room, str)

DEFAULT_LIMIT = 100
MOST_ROOMS = 1000


class RoomView(Struct, frozen=True):
    """A room with what the viewer may do in it. `grants` by person id: everybody's for those who administer
    the room, otherwise the viewer's own."""

    room: Room
    mine: Permission
    my_role: Role
    grants: Mapping[str, Grant]
    breakout_rooms: Sequence[BreakoutRoom]


class RoomFilter(Struct, frozen=True):
    """What to list. `limit` 0 means the default of 100; the most is 1000.

    The rooms of meetings are listed only when they are asked for, by type or by id.
    """

    limit: int = 0
    offset: int = 0
    room_ids: Sequence[str] = ()
    types: Sequence[RoomType] = ()
    joinable_only: bool = False


class RoomListing:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, token: AccessToken, wanted: RoomFilter) -> Sequence[RoomView]:
        """A page of the organization's rooms, in their order within the tree's levels.

        Those who may list rooms see all of them; everybody else sees those open to them and the departments
        around these.
        """
        async with self._database.read(token.organization_id) as session:
            viewer = await Viewer.of(session, token)
            page = _page(select(Room), viewer, wanted)
            return await views(session, viewer, (await session.scalars(page)).all())

    async def ids(self, token: AccessToken, wanted: RoomFilter) -> Sequence[str]:
        """The ids of the same page."""
        async with self._database.read(token.organization_id) as session:
            viewer = await Viewer.of(session, token)
            return (await session.scalars(_page(select(Room.id), viewer, wanted))).all()


def _page(query: Select[R], viewer: Viewer, wanted: RoomFilter) -> Select[R]:
    if not 0 <= wanted.limit <= MOST_ROOMS:
        raise Invalid(ErrorCode.OUT_OF_RANGE, "limit", least=0, most=MOST_ROOMS)
    if not 0 <= wanted.offset < 1 << 31:
        raise Invalid(ErrorCode.OUT_OF_RANGE, "offset", least=0, most=(1 << 31) - 1)
    if len(wanted.room_ids) > MOST_ROOMS:
        raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "room_ids", most=MOST_ROOMS)
    query = query.order_by(Room.position, Room.id).limit(wanted.limit or DEFAULT_LIMIT).offset(wanted.offset)
    if wanted.room_ids:
        query = query.where(Room.id.in_(wanted.room_ids))
    if wanted.types:
        query = query.where(Room.type.in_(wanted.types))
    elif not wanted.room_ids:
        query = query.where(Room.type != RoomType.MEETING)
    if wanted.joinable_only:
        return query.where(viewer.joinable())
    if not viewer.token.may(Administration.ROOM_LIST):
        return query.where(_visible(viewer, viewer.token.organization_id))
    return query


def _visible(viewer: Viewer, organization_id: int) -> ColumnElement[bool]:
    """Rooms open to the viewer, and everything above them."""
    open_rooms = (
        select(Room.id, Room.parent_id)
        .where(viewer.joinable(), Room.organization_id == organization_id)
        .cte("open_rooms", recursive=True)
    )
    above = aliased(Room)
    tree = open_rooms.union(
        select(above.id, above.parent_id).join(open_rooms, above.id == open_rooms.c.parent_id)
    )
    return Room.id.in_(select(tree.c.id))


async def views(session: AsyncSession, viewer: Viewer, rooms: Sequence[Room]) -> Sequence[RoomView]:
    """The rooms with their permissions and parts, loaded in two queries."""
    ids = [room.id for room in rooms]
    entries: defaultdict[str, dict[str, RoomPermission]] = defaultdict(dict)
    for entry in await session.scalars(select(RoomPermission).where(RoomPermission.room_id.in_(ids))):
        entries[entry.room_id][entry.person_id] = entry
    parts: defaultdict[str, list[BreakoutRoom]] = defaultdict(list)
    for part in await session.scalars(
        select(BreakoutRoom)
        .where(BreakoutRoom.room_id.in_(ids))
        .order_by(BreakoutRoom.position, BreakoutRoom.id)
    ):
        parts[part.room_id].append(part)
    return [_view(viewer, room, entries[room.id], parts[room.id]) for room in rooms]


def _view(
    viewer: Viewer, room: Room, entries: Mapping[str, RoomPermission], parts: Sequence[BreakoutRoom]
) -> RoomView:
    own = entries.get(viewer.token.subject_id)
    mine = viewer.permissions_in(room, own)
    shown = entries if viewer.may_administer(mine) else ({own.person_id: own} if own else {})
    return RoomView(
        room=room,
        mine=mine,
        my_role=Role(own.role) if own else Role.CUSTOM,
        grants={
            person_id: Grant(Role(entry.role), Permission(entry.permissions))
            for person_id, entry in shown.items()
        },
        breakout_rooms=parts,
    )
