"""Lists of rooms as a viewer sees them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from cachetools import LRUCache
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.database import Database, columns_of
from switchroom.errors import ErrorCode, Forbidden, Invalid
from switchroom.identity.permissions import Administration
from switchroom.identity.tokens import AccessToken
from switchroom.rooms.access import Viewer
from switchroom.rooms.drafts import Grant
from switchroom.rooms.listed_rooms import KeptRooms, ListedRoom, load_listed, read_listed
from switchroom.rooms.models import BreakoutRoom, Room, RoomType
from switchroom.rooms.pages import PageKind, PageRow, RoomPlace, page_query
from switchroom.rooms.permissions import Permission, Role
from switchroom.rooms.revisions import Revisions

DEFAULT_LIMIT = 100
MOST_ROOMS = 1000
_MOST_MARKS = 4096
_NO_GRANTS: Mapping[str, Grant] = {}


class RoomView(Struct, frozen=True):
    """A room with the viewer's permissions in it. `grants` by person id: everybody's for administrators of
    the room, otherwise the viewer's own."""

    listed: ListedRoom
    mine: Permission
    my_role: Role
    grants: Mapping[str, Grant]

    @property
    def room(self) -> Room:
        return self.listed.room

    @property
    def breakout_rooms(self) -> Sequence[BreakoutRoom]:
        return self.listed.breakout_rooms


class RoomFilter(Struct, frozen=True):
    """Filter of a list of rooms. `limit` 0 means the default of 100; the most is 1000.

    The rooms of meetings are listed only when they are asked for, by type or by id.
    """

    limit: int = 0
    offset: int = 0
    room_ids: Sequence[str] = ()
    types: Sequence[RoomType] = ()
    joinable_only: bool = False


class RoomListing:
    """Pages by offset, as callers want them. Where a page has ended is remembered until the rooms change, so
    that the next one does not begin with all that is before it; so are the rooms listed."""

    def __init__(self, database: Database, revisions: Revisions) -> None:
        self._database = database
        self._revisions = revisions
        self._kept = KeptRooms()
        # The last room of a page, by the offset at which the next one begins.
        self._marks: LRUCache[tuple[Hashable, int], RoomPlace] = LRUCache(_MOST_MARKS)

    async def list(self, token: AccessToken, wanted: RoomFilter) -> Sequence[RoomView]:
        """A page of the organization's rooms, in their order within the tree's levels.

        People with the permission to list rooms see all of them; everybody else sees those open to them and
        the departments around these. Rooms asked for by id are as they are in the database now, others may be
        as they were a moment ago.
        """
        _require_page(token, wanted)
        organization_id = token.organization_id
        revision = self._revisions.of(organization_id)
        async with self._database.read(organization_id) as session:
            rows = await self._page(session, token, wanted, revision)
            if not rows:
                await Viewer.of(session, token)
                return []
            viewer = Viewer.with_standing(token, rows[0][4])
            ids = [row[0] for row in rows]
            if wanted.room_ids:
                listed = {one.room.id: one for one in await read_listed(session, ids)}
            else:
                listed = await self._kept.of(session, organization_id, revision, ids)
        return [
            _view(viewer, listed[room_id], role, own)
            for room_id, _, role, own, _ in rows
            if room_id in listed
        ]

    async def ids(self, token: AccessToken, wanted: RoomFilter) -> Sequence[str]:
        """The ids of the same page."""
        _require_page(token, wanted)
        async with self._database.read(token.organization_id) as session:
            await Viewer.of(session, token)
            rows = await self._page(session, token, wanted, self._revisions.of(token.organization_id))
            return [row[0] for row in rows]

    async def _page(
        self, session: AsyncSession, token: AccessToken, wanted: RoomFilter, revision: int
    ) -> Sequence[PageRow]:
        sees_all = token.may(Administration.ROOM_LIST)
        # Pages have these in common when they follow each other.
        pages = (
            token.organization_id,
            revision,
            "" if sees_all and not wanted.joinable_only else (token.subject_id, token.administration),
            tuple(wanted.types),
            wanted.joinable_only,
        )
        by_ids = bool(wanted.room_ids)
        mark = None if by_ids else self._marks.get((pages, wanted.offset))
        query = page_query(
            PageKind(
                sees_all=sees_all,
                joinable_only=wanted.joinable_only,
                administers_rooms=token.may(Administration.ROOM_ADMIN),
                after_mark=mark is not None,
                types=tuple(wanted.types),
                by_ids=by_ids,
            )
        )
        parameters: dict[str, object] = {
            "subject_id": token.subject_id,
            "limit": wanted.limit or DEFAULT_LIMIT,
        }
        if mark is not None:
            parameters |= {"position": mark.position, "after": mark.room_id}
        else:
            parameters["offset"] = wanted.offset
        if by_ids:
            return (await session.execute(query, parameters | {"room_ids": list(wanted.room_ids)})).all()
        rows = await columns_of(session, query, parameters)
        if rows:
            last_id, last_position, *_ = rows[-1]
            self._marks[pages, wanted.offset + len(rows)] = RoomPlace(last_position, last_id)
        return rows


def _require_page(token: AccessToken, wanted: RoomFilter) -> None:
    """Raises Forbidden for guests, who have one room and no list."""
    if token.is_guest:
        raise Forbidden(ErrorCode.NOT_FOR_GUESTS)
    if not 0 <= wanted.limit <= MOST_ROOMS:
        raise Invalid(ErrorCode.OUT_OF_RANGE, "limit", least=0, most=MOST_ROOMS)
    if not 0 <= wanted.offset < 1 << 31:
        raise Invalid(ErrorCode.OUT_OF_RANGE, "offset", least=0, most=(1 << 31) - 1)
    if len(wanted.room_ids) > MOST_ROOMS:
        raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "room_ids", most=MOST_ROOMS)


async def view_of(session: AsyncSession, viewer: Viewer, room: Room) -> RoomView:
    """One room as it is in the session."""
    (listed,) = await load_listed(session, [room])
    own = listed.grants.get(viewer.token.subject_id)
    return _view(viewer, listed, own.role if own else None, own.custom if own else None)


def _view(viewer: Viewer, listed: ListedRoom, role: int | None, own: int | None) -> RoomView:
    """`role` and `own` permissions are the viewer's in the room, where they have any."""
    mine = viewer.permissions_by(listed.room.default_permissions, own)
    my_role = Role.CUSTOM if role is None else Role(role)
    if viewer.may_administer(mine):
        grants = listed.grants
    elif own is None:
        grants = _NO_GRANTS
    else:
        grants = {viewer.token.subject_id: Grant(my_role, Permission(own))}
    return RoomView(listed, mine, my_role, grants)
