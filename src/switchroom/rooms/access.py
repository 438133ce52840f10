"""Access to rooms: who may see, enter and administer which."""

from __future__ import annotations

from typing import Any, TypeVarTuple

from msgspec import structs
from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from switchroom.errors import ErrorCode, Forbidden, NotFound
from switchroom.identity.models import Membership
from switchroom.identity.permissions import Administration, Standing
from switchroom.identity.tokens import AccessToken, SubjectKind
from switchroom.rooms.models import Room, RoomPermission
from switchroom.rooms.permissions import ADMINISTRATOR, MODERATOR, NO_PERMISSION, Permission

Columns = TypeVarTuple("Columns")


class Viewer:
    """A person or API key looking at the rooms of the organization, with their standing there."""

    def __init__(self, token: AccessToken, standing: Standing | None) -> None:
        self.token = token
        self.standing = standing
        self.administers_rooms = token.may(Administration.ROOM_ADMIN)

    @classmethod
    async def of(cls, session: AsyncSession, token: AccessToken) -> Viewer:
        """Raises Forbidden for guests, who have one room and no list."""
        if token.is_guest:
            raise Forbidden(ErrorCode.NOT_FOR_GUESTS)
        if token.kind is SubjectKind.API_KEY:
            return cls(token, None)
        return cls.with_standing(
            token,
            await session.scalar(select(Membership.standing).where(Membership.person_id == token.subject_id)),
        )

    @classmethod
    def with_standing(cls, token: AccessToken, standing: str | None) -> Viewer:
        """Raises Forbidden for a person without one, who is no member any more."""
        if token.kind is SubjectKind.API_KEY:
            return cls(token, None)
        if standing is None:
            raise Forbidden(ErrorCode.PERSON_LEFT)
        return cls(token, Standing(standing))

    @classmethod
    def of_member(cls, token: AccessToken, membership: Membership) -> Viewer:
        """Another person of the organization, seen by administrators of a room."""
        claims = structs.replace(
            token,
            subject_id=membership.person_id,
            kind=SubjectKind.PERSON,
            administration=membership.administration,
        )
        return cls(claims, Standing(membership.standing))

    def permissions_in(self, room: Room, entry: RoomPermission | None) -> Permission:
        """Permissions of this viewer in the room, where `entry` is the room's own for the person."""
        return self.permissions_by(room.default_permissions, entry.permissions if entry is not None else None)

    def permissions_by(self, default: int | None, own: int | None) -> Permission:
        """Permissions of this viewer in a room with these entries.

        The person's own there count before all else; then an administrator may do everything; then the
        room's default for everybody in the organization, in which a moderator by standing moderates.
        """
        if own is not None:
            return Permission(own)
        if self.administers_rooms:
            return ADMINISTRATOR
        if default is None:
            return NO_PERMISSION
        for_everybody = Permission(default)
        if for_everybody & Permission.JOIN and self.standing is Standing.MODERATOR:
            return for_everybody | MODERATOR
        return for_everybody

    def may_administer(self, permissions: Permission) -> bool:
        return self.administers_rooms or bool(permissions & Permission.ADMIN)


def joinable(*, administers_rooms: bool, room: type[Room] = Room) -> ColumnElement[bool]:
    """The SQL condition that the viewer, parameter `subject_id`, has JOIN in `room`; the same rule as
    `Viewer.permissions_in`."""
    return _has(Permission.JOIN, administers_rooms, room)


def administered(*, administers_rooms: bool, room: type[Room] = Room) -> ColumnElement[bool]:
    """The SQL condition that the viewer, parameter `subject_id`, has ADMIN in `room`, which moderators have
    by no standing."""
    return _has(Permission.ADMIN, administers_rooms, room)


def moderated(viewer: Viewer, room: type[Room] = Room) -> ColumnElement[bool]:
    """The SQL condition that the viewer, also parameter `subject_id`, has PROMOTE in `room`."""
    promotes = _has(Permission.PROMOTE, viewer.administers_rooms, room)
    if viewer.administers_rooms or viewer.standing is not Standing.MODERATOR:
        return promotes
    own = exists().where(
        RoomPermission.room_id == room.id, RoomPermission.person_id == bindparam("subject_id")
    )
    default_joins = and_(
        room.default_permissions.is_not(None),
        room.default_permissions.op("&")(Permission.JOIN.value) != 0,
    )
    return or_(promotes, and_(~own, default_joins))


def _has(permission: Permission, administers_rooms: bool, room: type[Room]) -> ColumnElement[bool]:
    entries = aliased(RoomPermission)
    mine = and_(entries.room_id == room.id, entries.person_id == bindparam("subject_id"))
    entry_gives = exists().where(mine, entries.permissions.op("&")(permission.value) != 0)
    if administers_rooms:
        return or_(entry_gives, ~exists().where(mine))
    given_to_all = and_(
        room.default_permissions.is_not(None),
        room.default_permissions.op("&")(permission.value) != 0,
    )
    return or_(entry_gives, and_(~exists().where(mine), given_to_all))


def with_viewer(rooms: Select[*Columns]) -> Select[*Columns]:
    """Query for the one of `rooms` that `room_and_viewer` names, joined with what concerns the caller in
    it."""
    return (
        rooms.outerjoin(
            RoomPermission,
            and_(RoomPermission.room_id == Room.id, RoomPermission.person_id == bindparam("subject_id")),
        )
        .outerjoin(
            Membership,
            and_(
                Membership.organization_id == Room.organization_id,
                Membership.person_id == bindparam("subject_id"),
            ),
        )
        .where(Room.id == bindparam("room_id"), Room.organization_id == bindparam("organization_id"))
    )


def room_and_viewer(token: AccessToken, room_id: str) -> dict[str, Any]:
    """The parameters of a query made by `with_viewer`."""
    return {
        "room_id": room_id,
        "organization_id": token.organization_id,
        "subject_id": token.subject_id,
    }


_ROOM_AND_VIEWER = with_viewer(select(Room, RoomPermission.permissions, Membership.standing))


async def room_for(
    session: AsyncSession, token: AccessToken, room_id: str, *, to_administer: bool
) -> tuple[Viewer, Room, Permission]:
    """A room with what the caller may do in it. Raises as `judge` does."""
    rows = await session.execute(_ROOM_AND_VIEWER, room_and_viewer(token, room_id))
    row = rows.one_or_none()
    if row is None:
        raise no_room(token, room_id)
    room, own, standing = row
    viewer, permissions = judge(
        token, room_id, room.default_permissions, own, standing, to_administer=to_administer
    )
    return viewer, room, permissions


def judge(
    token: AccessToken,
    room_id: str,
    default: int | None,
    own: int | None,
    standing: str | None,
    *,
    to_administer: bool,
) -> tuple[Viewer, Permission]:
    """Viewer that the caller is of a room of the organization, and their permissions in it: by the room's
    default permissions, their own there, and their standing.

    Raises NotFound for a room that is not there for the caller, because they may not enter it; Forbidden for
    one that they may enter and not administer.
    """
    if token.is_guest:
        raise Forbidden(ErrorCode.NOT_FOR_GUESTS)
    viewer = Viewer.with_standing(token, standing)
    permissions = viewer.permissions_by(default, own)
    if to_administer and not viewer.may_administer(permissions):
        if permissions & Permission.JOIN:
            raise Forbidden(ErrorCode.PERMISSION_MISSING, permission="ROOM_ADMIN")
        raise no_room(token, room_id)
    return viewer, permissions


def no_room(token: AccessToken, room_id: str) -> Exception:
    """Error to raise for a room that is not there for the caller."""
    if token.is_guest:
        return Forbidden(ErrorCode.NOT_FOR_GUESTS)
    return NotFound(ErrorCode.ROOM_NOT_FOUND, "room_id", id=room_id[:100])
