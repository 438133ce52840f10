"""Attendance of rooms and meetings, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from switchroom.conference.messages import Id, Token
from switchroom.dialects.client.messages.scheduling import Count, Stay
from switchroom.rooms.attendance import MOST_STAYS

Moment = Annotated[datetime, Meta(tz=True)]


class RoomAttendanceQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """Which stays: those that ended since a time, inclusive, and until another, in the order of their ends.
    `after` is `following` of the page before."""

    access_token: Token
    room_id: Id
    since: Moment | UnsetType = UNSET
    until: Moment | UnsetType = UNSET
    is_oldest_first: bool = False
    after: Annotated[int, Meta(ge=0, le=(1 << 63) - 2)] | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=MOST_STAYS)] = 100


class RoomStay(Struct, frozen=True, rename="camel", kw_only=True):
    """Stay of a person in a room; it lasts while `leftAt` is null."""

    name: str
    is_guest: bool
    is_spectator: bool
    joined_at: str
    left_at: str | None


class RoomAttendanceAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """Page of a room's attendance. Only the first page has the people `inside`; the last page has no
    `following`."""

    room_name: str
    inside: list[RoomStay]
    stays: list[RoomStay]
    following: int | UnsetType = UNSET


class MeetingAttendanceQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """Query for a page of a meeting's attendance: `offset` people are passed over."""

    access_token: Token
    id: Id
    offset: Count = 0


class MeetingAttendanceAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """People in the order in which they came, at most 5000."""

    people: list[Stay]
    people_in_all: int
