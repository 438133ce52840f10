"""Pages of rooms: the query for the ids of a page, prepared once for each kind of page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import cast

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
    literal_column,
    or_,
    select,
    tuple_,
)

from switchroom.identity.models import Membership
from switchroom.rooms.access import joinable
from switchroom.rooms.descendants import holds
from switchroom.rooms.models import IS_LISTED, IS_OF_MEETING, Room, RoomPermission, RoomType

PageRow = tuple[str, int, int | None, int | None, str | None]
"""A room's id and position, the viewer's role and permissions there if they have some of their own, and their
standing in the organization if they are a member."""


class RoomPlace(Struct, frozen=True):
    """A room's place in the order of rooms, where it is also when the room is gone."""

    position: int
    room_id: str


IS_BEHIND = tuple_(Room.position, Room.id) > tuple_(
    bindparam("position", type_=Room.position.type), bindparam("after", type_=String)
)
"""The condition that a room comes behind a place, the parameters `position` and `after`."""


class PageKind(Struct, frozen=True):
    """Properties that the statement of a page depends on.

    `joinable_only` leaves out what the viewer may not join; without it and `sees_all`, departments around
    joinable rooms are in it. `after_mark` begins behind the parameters `position` and `after`, otherwise
    `offset` is one.
    """

    sees_all: bool
    joinable_only: bool
    administers_rooms: bool
    after_mark: bool
    types: Sequence[RoomType] = ()
    by_ids: bool = False


@lru_cache(maxsize=256)
def page_query(kind: PageKind) -> Select[*PageRow]:
    """The query of a page. Its parameters are `subject_id`, `limit`, and `offset` or `position` and `after`;
    `room_ids` when they are asked for by id."""
    columns = select(Room.id, Room.position, RoomPermission.role, RoomPermission.permissions, _standing())
    # The types do not tell that what is joined may not be there.
    query = cast("Select[*PageRow]", columns).outerjoin(
        RoomPermission,
        and_(RoomPermission.room_id == Room.id, RoomPermission.person_id == bindparam("subject_id")),
    )
    query = query.order_by(Room.position, Room.id).limit(bindparam("limit", type_=Integer))
    query = query.where(IS_BEHIND) if kind.after_mark else query.offset(bindparam("offset", type_=Integer))
    if kind.by_ids:
        query = query.where(Room.id.in_(bindparam("room_ids", expanding=True)))
    if condition := _of_types(kind):
        query = query.where(*condition)
    if kind.joinable_only:
        return query.where(joinable(administers_rooms=kind.administers_rooms))
    if not kind.sees_all:

        def is_open(room: type[Room]) -> ColumnElement[bool]:
            return joinable(administers_rooms=kind.administers_rooms, room=room)

        return query.where(or_(is_open(Room), holds(is_open)))
    return query


def _standing() -> ScalarSelect[str]:
    return (
        select(Membership.standing).where(Membership.person_id == bindparam("subject_id")).scalar_subquery()
    )


def _of_types(kind: PageKind) -> Sequence[ColumnElement[bool]]:
    """The conditions on the type. Written into the statement, so that the indexes of such rooms serve it."""
    if not kind.types:
        return [] if kind.by_ids else [IS_LISTED]
    among = Room.type.in_([literal_column(f"{one:d}") for one in kind.types])
    if RoomType.MEETING not in kind.types:
        return [among, IS_LISTED]
    return [IS_OF_MEETING] if len(kind.types) == 1 else [among]
