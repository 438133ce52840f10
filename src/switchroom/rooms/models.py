"""Tables of rooms: the tree, who may do what in each, breakout rooms, links, quota sets."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from msgspec import Struct, convert
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, BigId, OfOrganization, now
from switchroom.identity.models import new_id


class RoomType(IntEnum):
    DEPARTMENT = 1
    ROOM = 2
    MEETING = 3


class RoomMode(IntEnum):
    """NORMAL takes no spectators, SPECTATOR does; in EXAM participants have to do with moderators only."""

    NORMAL = 1
    EXAM = 2
    SPECTATOR = 3


class LinkKind(StrEnum):
    """A guest link is for one person, a group link for many."""

    GUEST = "guest"
    GROUP = "group"


def _only_where(condition: str) -> dict[str, Any]:
    """The arguments of an index that has only some of the rows."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class Room(OfOrganization, Base):
    """A lasting place to meet, or a department that holds rooms.

    `default_permissions` is what everybody in the organization has in it; `None` lets nobody in who is not
    named. The quota is the named set's, or the two numbers. A `managed` room is there for as long as what it
    belongs to, a meeting.
    """

    __tablename__ = "rooms"
    __table_args__ = (
        Index(
            "ix_rooms_siblings", "organization_id", "parent_id", "position", "id", **_only_where("type <> 3")
        ),
        Index("ix_rooms_in_order", "organization_id", "position", "id", **_only_where("type <> 3")),
        Index("ix_rooms_of_meetings", "organization_id", "position", "id", **_only_where("type = 3")),
        Index("ix_rooms_of_quota", "organization_id", "quota_name", "type", **_only_where("type = 2")),
    )

    # The indexes above begin with it.
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("rooms.id", ondelete="RESTRICT"), index=True)
    type: Mapped[int]
    mode: Mapped[int]
    display_name: Mapped[str] = mapped_column(String(200))
    position: Mapped[int] = mapped_column(BigInteger, default=0)
    quota_name: Mapped[str | None] = mapped_column(String(100))
    active_limit: Mapped[int]
    passive_limit: Mapped[int]
    default_permissions: Mapped[int | None]
    default_role: Mapped[int] = mapped_column(default=0)
    properties: Mapped[dict[str, str]] = mapped_column(default=dict)
    features: Mapped[dict[str, str]] = mapped_column(default=dict)
    managed: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(default=now)


class RoomDetails(Struct, frozen=True, kw_only=True):
    """Details of a room, written down and shown to all who see it: columns of `Room`, by their names. In a
    wish, None leaves what is there. A text may be as long as its column."""

    display_name: str | None = None

    @classmethod
    def of(cls, room: Room) -> RoomDetails:
        return convert(room, cls, from_attributes=True)


def is_listed(room: type[Room]) -> ColumnElement[bool]:
    """Whether a room is in lists that do not ask for those of meetings. Written into the statement, not bound
    to it, as the other two, so that the indexes of such rooms serve it."""
    return room.type != literal_column(f"{RoomType.MEETING:d}")


IS_LISTED = is_listed(Room)

IS_OF_MEETING = Room.type == literal_column(f"{RoomType.MEETING:d}")
IS_ROOM = Room.type == literal_column(f"{RoomType.ROOM:d}")


class RoomPermission(OfOrganization, Base):
    """Permissions of one person in one room."""

    __tablename__ = "room_permissions"
    __table_args__ = (UniqueConstraint("room_id", "person_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"))
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    role: Mapped[int]
    permissions: Mapped[int]


class FavoriteRoom(OfOrganization, Base):
    """A room that a member has marked for themselves."""

    __tablename__ = "favorite_rooms"
    __table_args__ = (UniqueConstraint("membership_id", "room_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    membership_id: Mapped[int] = mapped_column(ForeignKey("memberships.id", ondelete="CASCADE"))
    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), index=True)


class BreakoutRoom(OfOrganization, Base):
    """A part of a room."""

    __tablename__ = "breakout_rooms"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), index=True)
    display_name: Mapped[str] = mapped_column(String(200))
    position: Mapped[int]


class Link(OfOrganization, Base):
    """A way in for people without an account.

    The access key stands here as it is, because the list of links shows the link again to people who may
    manage it.
    """

    __tablename__ = "links"
    __table_args__ = (
        Index("ix_links_listed", "organization_id", "kind", "created_at", "id"),
        Index("ix_links_of_room", "room_id", "kind", "created_at", "id"),
    )

    # The indexes above begin with these; others would only cost every new link.
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))
    access_key: Mapped[str] = mapped_column(String(32), unique=True)
    permission_group_id: Mapped[str] = mapped_column(ForeignKey("permission_groups.id", ondelete="RESTRICT"))
    description: Mapped[str] = mapped_column(String(500), default="")
    display_name: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    locale: Mapped[str] = mapped_column(String(2), default="en")
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    origin: Mapped[str] = mapped_column(String(200), default="")
    timezone: Mapped[str] = mapped_column(String(64), default="")
    managed: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(default=now)
    mail_sequence: Mapped[int] = mapped_column(default=0)


class QuotaSet(OfOrganization, Base):
    """A named size of room. `room_limit` is how many rooms may have it; `None` is no limit."""

    __tablename__ = "quota_sets"
    __table_args__ = (UniqueConstraint("organization_id", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    active_limit: Mapped[int]
    passive_limit: Mapped[int]
    breakout_limit: Mapped[int]
    room_limit: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class RoomsRevision(Base):
    """Counts the changes to an organization's rooms, so that every process knows when to forget a list."""

    __tablename__ = "rooms_revisions"

    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True
    )
    revision: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(index=True)


class RoomUse(OfOrganization, Base):
    """Use of an organization's rooms, or of its meetings, in an hour (`rooms.use`): seconds of rooms that
    were open and of people inside, sessions that began, and how many rooms were open at once."""

    __tablename__ = "room_use"

    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True
    )
    is_meeting: Mapped[bool] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    room_seconds: Mapped[int] = mapped_column(BigInteger)
    person_seconds: Mapped[int] = mapped_column(BigInteger)
    participants: Mapped[int]
    spectators: Mapped[int]
    most_rooms: Mapped[int]


def _by_span(table: str, counted: str, *ranked: str) -> tuple[UniqueConstraint | Index, ...]:
    """The keys of a table of use by span of time: a row for each of what is counted, an index for each count
    by which rows are ranked, and one to find the old ones."""
    of_span = ("organization_id", "span", "begins")
    return (
        UniqueConstraint(*of_span, counted),
        *(Index(f"ix_{table}_{name}", *of_span, name, "id") for name in ranked),
        Index(f"ix_{table}_old", "span", "begins"),
    )


class UseByRoom(OfOrganization, Base):
    """Use of a room, that of a meeting too, in a day, week or month (`rooms.use_times`): seconds that it was
    open and that people were inside, and stays that began. `display_name` is the last name that it had."""

    __tablename__ = "use_by_room"
    __table_args__ = _by_span("use_by_room", "room_id", "open_seconds", "stays")

    # The keys begin with it.
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    span: Mapped[str] = mapped_column(String(5))
    begins: Mapped[datetime]
    room_id: Mapped[str] = mapped_column(String(36))
    display_name: Mapped[str] = mapped_column(String(200))
    is_meeting: Mapped[bool]
    open_seconds: Mapped[int] = mapped_column(BigInteger)
    person_seconds: Mapped[int] = mapped_column(BigInteger)
    stays: Mapped[int] = mapped_column(BigInteger)


class UseByPerson(OfOrganization, Base):
    """Time of a person in rooms and meetings in a day, week or month, and stays that began. All guests
    together are the person without an id."""

    __tablename__ = "use_by_person"
    __table_args__ = _by_span("use_by_person", "person_id", "seconds", "stays")

    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    span: Mapped[str] = mapped_column(String(5))
    begins: Mapped[datetime]
    person_id: Mapped[str] = mapped_column(String(36))
    display_name: Mapped[str] = mapped_column(String(200))
    seconds: Mapped[int] = mapped_column(BigInteger)
    stays: Mapped[int] = mapped_column(BigInteger)


class OpenRoom(OfOrganization, Base):
    """A room or a meeting that is open, as far as its use has been counted."""

    __tablename__ = "open_rooms"

    object_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    is_meeting: Mapped[bool]
    opened_at: Mapped[datetime]


class RoomUsePosition(Base):
    """The id of the last event in the log that a reader has counted (`rooms.use_log`)."""

    __tablename__ = "room_use_position"

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
