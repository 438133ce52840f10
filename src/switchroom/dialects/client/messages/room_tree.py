"""The tree of rooms, on the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from switchroom.conference.messages import Id, Token
from switchroom.rooms.tree import MOST_LEVELS

_MOST = (1 << 63) - 1

Position = Annotated[int, Meta(ge=-_MOST, le=_MOST)]


class PlaceInLevel(Struct, frozen=True, rename="camel"):
    """The place of a room among those beside it."""

    position: Position
    room_id: Id


class WantedLevel(Struct, frozen=True, rename="camel"):
    """The rooms in `parentId`, those at the top when it is empty, that come behind `after`."""

    parent_id: Id = ""
    after: PlaceInLevel | UnsetType = UNSET


class TreeQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """A page of each of the levels. Without any it is all of a small tree; of another one its top, or the
    rooms with `term` in their names and what is around them."""

    access_token: Token
    levels: Annotated[list[WantedLevel], Meta(max_length=MOST_LEVELS)] = []
    term: Annotated[str, Meta(max_length=200)] = ""
    departments_only: bool = False


class TreeAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """Ids of rooms and departments, level by level in their order. `following` has, by parent, what to go on
    behind in levels that have more; `hasMore` is whether more rooms have the term in their names."""

    room_ids: list[str]
    following: dict[str, PlaceInLevel]
    is_whole: bool
    has_more: bool
