"""Pages of the tree of rooms, level by level: as much of it as somebody looks at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, partial

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.database import Database, columns_of
from switchroom.errors import ErrorCode, Invalid
from switchroom.identity.permissions import Administration
from switchroom.identity.tokens import AccessToken
from switchroom.rooms.access import Viewer, administered, joinable
from switchroom.rooms.descendants import holds
from switchroom.rooms.models import IS_LISTED, Room, RoomType
from switchroom.rooms.pages import IS_BEHIND, RoomPlace

MOST_WHOLE = 150
"""Rooms of a tree that is shown at once."""

MOST_LEVELS = 100
PAGE = 100

TOP = ""
"""The level of rooms that are in no other."""


class Level(Struct, frozen=True):
    """The rooms in `parent_id` that come behind `after`, or from the first on."""

    parent_id: str = TOP
    after: RoomPlace | None = None


class TreePage(Struct, frozen=True):
    """Part of the tree. `following` has, by parent, the last place of a page that others come behind. A tree
    that `is_whole` has all that there is; `has_more` says that more rooms have the name looked for."""

    room_ids: Sequence[str]
    following: Mapping[str, RoomPlace] = {}
    is_whole: bool = False
    has_more: bool = False


class RoomTree:
    """The rooms that somebody may enter, or list, and those that hold them; of departments without any, those
    that they administer. Rooms of meetings are not among them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def first(self, token: AccessToken, term: str = "", *, departments_only: bool = False) -> TreePage:
        """All rooms of a tree that is small. Of another one its top or, with a term, the rooms with it in
        their names, those that hold them, and what is in departments of such a name."""
        async with self._database.read(token.organization_id) as session:
            shown = await _Shown.to(session, token, departments_only=departments_only)
            nodes = await shown.nodes(_anywhere, MOST_WHOLE + 1)
            if len(nodes) <= MOST_WHOLE:
                return TreePage([node.id for node in nodes], is_whole=True)
            if not term.strip():
                return await _levels(shown, [Level()])
            return await _search(shown, term.strip())

    async def levels(
        self, token: AccessToken, wanted: Sequence[Level], *, departments_only: bool = False
    ) -> TreePage:
        """A page of each of these levels; nothing of one that is gone."""
        if len(wanted) > MOST_LEVELS:
            raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "levels", most=MOST_LEVELS)
        async with self._database.read(token.organization_id) as session:
            return await _levels(await _Shown.to(session, token, departments_only=departments_only), wanted)


class _Node(Struct, frozen=True):
    """A room's place in the tree."""

    id: str
    parent_id: str | None
    position: int
    type: int
    name: str


_Nodes = Select[str, str | None, int, int, str]

_NODES: _Nodes = select(Room.id, Room.parent_id, Room.position, Room.type, Room.display_name)


class _Audience(Struct, frozen=True):
    """Properties of the people to whom rooms are shown that the statements depend on."""

    sees_all: bool
    administers_rooms: bool
    departments_only: bool


class _Shown:
    """The rooms that somebody is shown, in the order of each level."""

    def __init__(self, session: AsyncSession, subject_id: str, audience: _Audience) -> None:
        self._session = session
        self._subject_id = subject_id
        self._audience = audience

    @classmethod
    async def to(cls, session: AsyncSession, token: AccessToken, *, departments_only: bool) -> _Shown:
        """Raises Forbidden for guests, and for somebody who is no member any more."""
        viewer = await Viewer.of(session, token)
        sees_all = token.may(Administration.ROOM_LIST)
        return cls(session, token.subject_id, _Audience(sees_all, viewer.administers_rooms, departments_only))

    async def nodes(
        self, query: Callable[[_Audience], _Nodes], most: int, **parameters: object
    ) -> Sequence[_Node]:
        """The first that the query finds."""
        of_all = {"subject_id": self._subject_id, "most": most}
        rows = await columns_of(self._session, query(self._audience), {**parameters, **of_all})
        return [_Node(*row) for row in rows]

    async def right_below(self, parents: Sequence[str], most: int) -> Sequence[_Node]:
        query = _anywhere(self._audience).where(Room.parent_id.in_(parents))
        rows = await self._session.execute(query, {"subject_id": self._subject_id, "most": most})
        return [_Node(*row) for row in rows]

    async def by_ids(self, room_ids: Collection[str]) -> Sequence[_Node]:
        """Nodes of these rooms, without a look at permissions: whatever holds a shown room is shown."""
        return [_Node(*row) for row in await self._session.execute(_NODES.where(Room.id.in_(room_ids)))]


async def _levels(shown: _Shown, wanted: Sequence[Level]) -> TreePage:
    room_ids: list[str] = []
    following: dict[str, RoomPlace] = {}
    for level in wanted:
        query = partial(_level, at_top=level.parent_id == TOP, is_first=level.after is None)
        after = level.after or RoomPlace(0, "")
        nodes = await shown.nodes(
            query, PAGE + 1, parent_id=level.parent_id, position=after.position, after=after.room_id
        )
        room_ids += [node.id for node in nodes[:PAGE]]
        if len(nodes) > PAGE:
            last = nodes[PAGE - 1]
            following[level.parent_id] = RoomPlace(last.position, last.id)
    return TreePage(room_ids, following)


async def _search(shown: _Shown, term: str) -> TreePage:
    candidates = await shown.nodes(_named, PAGE + 1, pattern=_pattern(term))
    found = [node for node in candidates[:PAGE] if term.casefold() in node.name.casefold()]
    holders = [node.id for node in found if node.type == RoomType.DEPARTMENT]
    inside = await shown.right_below(holders, PAGE) if holders else ()
    room_ids = dict.fromkeys(node.id for node in (*found, *inside))
    above = {node.parent_id for node in found if node.parent_id} - room_ids.keys()
    while above:
        nodes = await shown.by_ids(above)
        room_ids.update(dict.fromkeys(node.id for node in nodes))
        above = {node.parent_id for node in nodes if node.parent_id} - room_ids.keys()
    return TreePage(list(room_ids), has_more=len(candidates) > PAGE)


def _pattern(term: str) -> str:
    """SQL pattern of names that may have the term in them. Of letters only those of ASCII have two cases
    in every database; any other character stands for all."""
    letters = (f"\\{one}" if one in "%_\\" else one if one.isascii() else "_" for one in term)
    return f"%{''.join(letters)}%"


# Queries, each made once for its audience. Their parameters are `subject_id`, `most` and what else they say.


@cache
def _anywhere(audience: _Audience) -> _Nodes:
    def for_itself(room: type[Room]) -> ColumnElement[bool]:
        """Whether a room is shown whatever is in it."""
        is_department = room.type == RoomType.DEPARTMENT
        administers = audience.administers_rooms
        is_open = true() if audience.sees_all else joinable(administers_rooms=administers, room=room)
        return or_(
            and_(~is_department, is_open),
            and_(is_department, administered(administers_rooms=administers, room=room)),
        )

    query = _NODES.where(IS_LISTED, or_(for_itself(Room), holds(for_itself)))
    if audience.departments_only:
        query = query.where(Room.type == RoomType.DEPARTMENT)
    return query.order_by(Room.position, Room.id).limit(bindparam("most", type_=Integer))


@cache
def _level(audience: _Audience, *, at_top: bool, is_first: bool) -> _Nodes:
    """Right below `parent_id`, or at the top; unless it is the first page, behind `position` and `after`."""
    parent = bindparam("parent_id", type_=String)
    query = _anywhere(audience).where(Room.parent_id.is_(None) if at_top else Room.parent_id == parent)
    return query if is_first else query.where(IS_BEHIND)


@cache
def _named(audience: _Audience) -> _Nodes:
    """Query for the rooms whose names are like `pattern`."""
    return _anywhere(audience).where(Room.display_name.ilike(bindparam("pattern"), escape="\\"))
