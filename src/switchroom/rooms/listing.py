"""Pages of rooms as a viewer sees them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

from cachetools import LRUCache
from msgspec import Struct, structs
from sqlalchemy import ColumnElement, Select, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Invalid
from switchroom.identity.permissions import Administration
from switchroom.identity.tokens import AccessToken
from switchroom.rooms.access import Viewer
from switchroom.rooms.drafts import Grant
from switchroom.rooms.models import IS_LISTED, IS_OF_MEETING, BreakoutRoom, Room, RoomPermission, RoomType
from switchroom.rooms.permissions import Permission, Role
from switchroom.rooms.revisions import Revisions

R = TypeVar("R", Room, str)

DEFAULT_LIMIT = 100
MOST_ROOMS = 1000
_MOST_MARKS = 4096


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


class _Mark(Struct, frozen=True):
    """The last room of a page, behind which the one at the next offset comes."""

    position: int
    room_id: str


class RoomListing:
    """Pages by offset, as callers want them. Where a page has ended is remembered until the rooms change, so
    that the next one does not begin with all that is before it."""

    def __init__(self, database: Database, revisions: Revisions) -> None:
        self._database = database
        self._revisions = revisions
        self._marks: LRUCache[tuple[Hashable, int], _Mark] = LRUCache(_MOST_MARKS)

    async def list(self, token: AccessToken, wanted: RoomFilter) -> Sequence[RoomView]:
        """A page of the organization's rooms, in their order within the tree's levels.

        Those who may list rooms see all of them; everybody else sees those open to them and the departments
        around these.
        """
        kind = self._kind(token, wanted)
        mark = self._marks.get((kind, wanted.offset))
        async with self._database.read(token.organization_id) as session:
            viewer = await Viewer.of(session, token)
            rooms = (await session.scalars(_page(select(Room), viewer, wanted, mark))).all()
            if rooms:
                following = _Mark(rooms[-1].position, rooms[-1].id)
                self._marks[kind, wanted.offset + len(rooms)] = following
            return await views(session, viewer, rooms)

    async def ids(self, token: AccessToken, wanted: RoomFilter) -> Sequence[str]:
        """The ids of the same page."""
        async with self._database.read(token.organization_id) as session:
            viewer = await Viewer.of(session, token)
            return (await session.scalars(_page(select(Room.id), viewer, wanted))).all()

    def _kind(self, token: AccessToken, wanted: RoomFilter) -> Hashable:
        """What pages have to have in common to follow each other."""
        sees_all = token.may(Administration.ROOM_LIST) and not wanted.joinable_only
        return (
            token.organization_id,
            self._revisions.of(token.organization_id),
            "" if sees_all else (token.subject_id, token.administration),
            structs.replace(wanted, offset=0, limit=0),
        )


def _page(query: Select[R], viewer: Viewer, wanted: RoomFilter, mark: _Mark | None = None) -> Select[R]:
    if not 0 <= wanted.limit <= MOST_ROOMS:
        raise Invalid(ErrorCode.OUT_OF_RANGE, "limit", least=0, most=MOST_ROOMS)
    if not 0 <= wanted.offset < 1 << 31:
        raise Invalid(ErrorCode.OUT_OF_RANGE, "offset", least=0, most=(1 << 31) - 1)
    if len(wanted.room_ids) > MOST_ROOMS:
        raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "room_ids", most=MOST_ROOMS)
    query = query.order_by(Room.position, Room.id).limit(wanted.limit or DEFAULT_LIMIT)
    if mark is not None:
        query = query.where(tuple_(Room.position, Room.id) > (mark.position, mark.room_id))
    elif wanted.offset:
        query = query.offset(wanted.offset)
    if wanted.room_ids:
        query = query.where(Room.id.in_(wanted.room_ids))
    if wanted.types:
        query = query.where(Room.type.in_(wanted.types))
        if RoomType.MEETING not in wanted.types:
            query = query.where(IS_LISTED)
        elif len(set(wanted.types)) == 1:
            query = query.where(IS_OF_MEETING)
    elif not wanted.room_ids:
        query = query.where(IS_LISTED)
    if wanted.joinable_only:
        return query.where(viewer.joinable())
    if not viewer.token.may(Administration.ROOM_LIST):
        return query.where(or_(viewer.joinable(), _holds_joinable(viewer)))
    return query


def _holds_joinable(viewer: Viewer) -> ColumnElement[bool]:
    """Whether a room open to the viewer is somewhere below. Asked of one room after the other, in their
    order, until there are enough of them: not of all that the organization has."""
    child, further, below = aliased(Room), aliased(Room), aliased(Room)
    inside = (
        select(child.id)
        .where(child.parent_id == Room.id)
        .correlate(Room)
        .cte("inside", recursive=True, nesting=True)
    )
    inside = inside.union_all(select(further.id).join(inside, further.parent_id == inside.c.id))
    return (
        select(below.id)
        .join(inside, below.id == inside.c.id)
        .where(viewer.joinable(below))
        .correlate(Room)
        .exists()
    )


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
