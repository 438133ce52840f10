"""Drafts of rooms, and their validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import String

from switchroom import sanitize
from switchroom.errors import ErrorCode, Invalid, Problems
from switchroom.rooms.models import Room, RoomDetails, RoomMode, RoomType
from switchroom.rooms.permissions import Permission, Role

LONGEST_NAME = 200
_MOST_PROPERTIES = 100
_LONGEST_PROPERTY = 10_000
MOST_BREAKOUT_ROOMS = 200
MOST_GRANTS = 1000
_MOST_PLACES = 10_000
_LAST_POSITION = (1 << 31) - 1


class Grant(Struct, frozen=True):
    """Grant of permissions in a room: a role's permissions, or with Role.CUSTOM those that stand here."""

    role: Role
    custom: Permission = Permission(0)

    @property
    def permissions(self) -> Permission:
        return self.custom if self.role is Role.CUSTOM else self.role.permissions


class QuotaWish(Struct, frozen=True):
    """A quota set's name, or numbers (at least one active participant)."""

    name: str | None = None
    active: int | None = None
    passive: int | None = None


class BreakoutDraft(Struct, frozen=True):
    """A part of the room to make (`id` None), to change, or to remove."""

    id: str | None = None
    display_name: str | None = None
    position: int | None = None
    remove: bool = False


class RoomDraft(RoomDetails, frozen=True, kw_only=True):
    """The wish for a room. For a change, `None` leaves what is there.

    `grants` names what each person gets, None to take an entry away; `properties` and `features` are merged
    into what is there, an empty text (None for a feature) takes one away.
    """

    type: RoomType | None = None
    mode: RoomMode | None = None
    parent_id: str | None = None
    quota: QuotaWish | None = None
    default: Grant | None = None
    remove_default: bool = False
    grants: Mapping[str, Grant | None] = {}
    breakout_rooms: Sequence[BreakoutDraft] = ()
    properties: Mapping[str, str] = {}
    features: Mapping[str, str | None] = {}


def require_text(value: str, path: str, *, longest: int, shortest: int = 0) -> str:
    """The text without space around it. Raises Invalid, naming the path."""
    text = value.strip()
    if len(text) < shortest:
        raise Invalid(ErrorCode.EMPTY, path)
    if len(text) > longest:
        raise Invalid(ErrorCode.TOO_LONG, path, most=longest)
    if "\x00" in text:
        raise Invalid(ErrorCode.NULL_CHARACTER, path)
    return text


def require_name(value: str, path: str, *, longest: int = LONGEST_NAME, shortest: int = 0) -> str:
    """The name as of `sanitize.name`. Raises Invalid, naming the path, also for one of which nothing is left,
    even where there may be none."""
    name = sanitize.name(value)
    return require_text(name, path, longest=longest, shortest=1 if value.strip() else shortest)


def require_room(draft: RoomDraft, *, is_new: bool = False) -> None:
    """Raises Invalid with all that is wrong about a draft by itself."""
    problems = Problems()
    if is_new and draft.display_name is None:
        problems.add(ErrorCode.EMPTY, "display_name")
    for name, value in _details(draft).items():
        column = Room.__table__.c[name].type
        if isinstance(column, String):
            with problems:
                longest = column.length or LONGEST_NAME
                if name == "display_name":
                    require_name(value, name, longest=longest, shortest=1)
                else:
                    require_text(value, name, longest=longest)
    if draft.quota is not None:
        for path, places in (("quota.active", draft.quota.active), ("quota.passive", draft.quota.passive)):
            if places is not None and not 0 <= places <= _MOST_PLACES:
                problems.add(ErrorCode.OUT_OF_RANGE, path, least=0, most=_MOST_PLACES)
    if len(draft.grants) > MOST_GRANTS:
        problems.add(ErrorCode.TOO_MANY_ENTRIES, "grants", most=MOST_GRANTS)
    for key, value in draft.properties.items():
        if len(key) > LONGEST_NAME or len(value) > _LONGEST_PROPERTY or "\x00" in key + value:
            problems.add(ErrorCode.PROPERTY_INVALID, "properties", key=key[:50])
    if len(draft.breakout_rooms) > 2 * MOST_BREAKOUT_ROOMS:
        problems.add(ErrorCode.TOO_MANY_ENTRIES, "breakout_rooms", most=MOST_BREAKOUT_ROOMS)
    for part in draft.breakout_rooms[: 2 * MOST_BREAKOUT_ROOMS]:
        if part.display_name is not None:
            with problems:
                require_name(part.display_name, "breakout_rooms.display_name", shortest=1)
        if not 0 <= (part.position or 0) <= _LAST_POSITION:
            problems.add(ErrorCode.OUT_OF_RANGE, "breakout_rooms.position", least=0, most=_LAST_POSITION)
    problems.require_none()


def require_few(draft: RoomDraft) -> None:
    """Raises Invalid for more parts and properties than a room has: of a draft for one without any."""
    if len(draft.breakout_rooms) > MOST_BREAKOUT_ROOMS:
        raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "breakout_rooms", most=MOST_BREAKOUT_ROOMS)
    merged_properties({}, draft.properties)


def write_details(room: Room, draft: RoomDraft) -> None:
    """Write down what a draft that has been checked says of the details."""
    for name, value in _details(draft).items():
        setattr(room, name, value)


def _details(draft: RoomDraft) -> dict[str, Any]:
    """Details that the draft has: names sanitized, other texts without space around."""
    said = {name: getattr(draft, name) for name in RoomDetails.__struct_fields__}
    if draft.display_name is not None:
        said["display_name"] = sanitize.name(draft.display_name)
    return {
        name: value.strip() if isinstance(value, str) else value
        for name, value in said.items()
        if value is not None
    }


def merged_properties(present: Mapping[str, str], change: Mapping[str, str]) -> dict[str, str]:
    """The properties after a change that has been checked. Raises Invalid when there are too many."""
    properties = {key: value for key, value in {**present, **change}.items() if value}
    if len(properties) > _MOST_PROPERTIES:
        raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "properties", most=_MOST_PROPERTIES)
    return properties
