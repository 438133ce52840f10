"""The SQL condition that a room holds others of some kind, however deep."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import aliased

from switchroom.rooms.models import Room, is_listed


def holds(kind: Callable[[type[Room]], ColumnElement[bool]]) -> ColumnElement[bool]:
    """Whether somewhere below a room is one that is of the kind, which is a condition on it.

    Asked of one room after the other, until there are enough of them: not of all that the organization has.
    What is right below comes first, because that ends with the first that is found; a recursive query takes
    all of a level. It says itself what is of the kind: of a join to the table afterwards, SQLite thinks that
    it is worth going through the whole table.
    """
    nearest, child, deeper = aliased(Room), aliased(Room), aliased(Room)
    right_below = select(nearest.id).where(nearest.parent_id == Room.id, is_listed(nearest), kind(nearest))
    inside = (
        select(child.id, kind(child).label("is_of_kind"))
        .where(child.parent_id == Room.id, is_listed(child))
        .correlate(Room)
        .cte("inside", recursive=True, nesting=True)
    )
    inside = inside.union_all(
        select(deeper.id, kind(deeper)).join(inside, deeper.parent_id == inside.c.id).where(is_listed(deeper))
    )
    anywhere = select(inside.c.id).where(inside.c.is_of_kind)
    # Of `EXISTS` PostgreSQL thinks at times that all rooms should be looked at first, for all of the answers.
    first = right_below.correlate(Room).limit(1).scalar_subquery()
    return or_(first.is_not(None), anywhere.correlate(Room).exists())
