"""Pages of the tree of rooms, level by level: as much of it as somebody looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, Select, and_, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Invalid
from switchroom.identity.permissions import Administration
from switchroom.identity.tokens import AccessToken
from switchroom.rooms.access import Viewer, administered, joinable
from switchroom.rooms.descendants import holds
from switchroom.rooms.models import IS_LISTED, Room, RoomType

MOST_WHOLE = 150
"""Rooms of a tree that is shown at once."""

MOST_LEVELS = 100
PAGE = 100

TOP = ""
"""The level of rooms that are in no other."""

_Node = Row[str, str | None, int, int, str]
_Nodes = Select[str, str | None, int, int, str]

_NODES: _Nodes = select(Room.id, Room.parent_id, Room.position, Room.type, Room.display_name)


class Place(Struct, frozen=True):
    """A room's place among its siblings, which is in their order also when the room is gone."""

    position: int
    room_id: str


class Level(Struct, frozen=True):
    """The rooms in `parent_id` that come behind `after`, or from the first on."""

    parent_id: str = TOP
    after: Place | None = None


class TreePage(Struct, frozen=True):
    """Part of the tree. `following` has, by parent, the last place of a page that others come behind. A tree
    that `is_whole` has all that there is; `has_more` says that more rooms have the name looked for."""

    room_ids: Sequence[str]
    following: Mapping[str, Place] = {}
    is_whole: bool = False
    has_more: bool = False


class RoomTree:
    """The rooms that somebody may enter, or list, and those that hold them; of departments without any, those
    that they administer. Rooms of meetings are not among them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def first(self, token: AccessToken, term: str = "", *, departments_only: bool = False) -> TreePage:
        """All of a tree that is small. Of another one its top or, with a term, the rooms with it in their
        names, those that hold them, and what is in departments of such a name."""
        async with self._database.read(token.organization_id) as session:
            shown = await _Shown.to(session, token, departments_only=departments_only)
            nodes = await shown.nodes(MOST_WHOLE + 1)
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


class _Shown:
    """The rooms that somebody is shown, in the order of each level."""

    def __init__(self, session: AsyncSession, token: AccessToken, query: _Nodes) -> None:
        self.session = session
        self._subject_id = token.subject_id
        self._query = query

    @classmethod
    async def to(cls, session: AsyncSession, token: AccessToken, *, departments_only: bool) -> _Shown:
        """Raises Forbidden for guests, and for somebody who is no member any more."""
        viewer = await Viewer.of(session, token)
        query = _shown(
            sees_all=token.may(Administration.ROOM_LIST), administers_rooms=viewer.administers_rooms
        )
        if departments_only:
            query = query.where(Room.type == RoomType.DEPARTMENT)
        return cls(session, token, query)

    async def nodes(self, most: int, *conditions: ColumnElement[bool]) -> Sequence[_Node]:
        """The first of those that are so."""
        query = self._query.where(*conditions).limit(most)
        return (await self.session.execute(query, {"subject_id": self._subject_id})).all()


async def _levels(shown: _Shown, wanted: Sequence[Level]) -> TreePage:
    room_ids: list[str] = []
    following: dict[str, Place] = {}
    for level in wanted:
        conditions = [Room.parent_id == level.parent_id if level.parent_id else Room.parent_id.is_(None)]
        if level.after is not None:
            behind = (level.after.position, level.after.room_id)
            conditions.append(tuple_(Room.position, Room.id) > behind)
        nodes = await shown.nodes(PAGE + 1, *conditions)
        room_ids += [node.id for node in nodes[:PAGE]]
        if len(nodes) > PAGE:
            last = nodes[PAGE - 1]
            following[level.parent_id] = Place(last.position, last.id)
    return TreePage(room_ids, following)


async def _search(shown: _Shown, term: str) -> TreePage:
    candidates = await shown.nodes(PAGE + 1, Room.display_name.ilike(_pattern(term), escape="\\"))
    found = [node for node in candidates[:PAGE] if term.casefold() in node.display_name.casefold()]
    holders = [node.id for node in found if node.type == RoomType.DEPARTMENT]
    inside = await shown.nodes(PAGE, Room.parent_id.in_(holders)) if holders else ()
    room_ids = dict.fromkeys(node.id for node in (*found, *inside))
    above = {node.parent_id for node in found if node.parent_id} - room_ids.keys()
    while above:
        nodes = (await shown.session.execute(_NODES.where(Room.id.in_(above)))).all()
        room_ids.update(dict.fromkeys(node.id for node in nodes))
        above = {node.parent_id for node in nodes if node.parent_id} - room_ids.keys()
    return TreePage(list(room_ids), has_more=len(candidates) > PAGE)


def _pattern(term: str) -> str:
    """What SQL finds names by that may have the term in them. Of letters only those of ASCII have two cases
    in every database; any other character stands for all."""
    letters = (f"\\{one}" if one in "%_\\" else one if one.isascii() else "_" for one in term)
    return f"%{''.join(letters)}%"


@cache
def _shown(*, sees_all: bool, administers_rooms: bool) -> _Nodes:
    """The query of what is shown to somebody, its parameter `subject_id`."""

    def for_itself(room: type[Room]) -> ColumnElement[bool]:
        """Whether a room is shown whatever is in it."""
        is_open = true() if sees_all else joinable(administers_rooms=administers_rooms, room=room)
        return or_(
            and_(room.type != RoomType.DEPARTMENT, is_open),
            and_(
                room.type == RoomType.DEPARTMENT,
                administered(administers_rooms=administers_rooms, room=room),
            ),
        )

    return _NODES.where(IS_LISTED, or_(for_itself(Room), holds(for_itself))).order_by(Room.position, Room.id)
