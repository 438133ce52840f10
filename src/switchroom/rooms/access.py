"""Who may see, enter and administer which rooms."""

from __future__ import annotations

from typing import Any

from msgspec import structs
from sqlalchemy import ColumnElement, Row, and_, bindparam, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from switchroom.errors import Forbidden, NotFound
from switchroom.identity.models import Membership
from switchroom.identity.permissions import Administration, Standing
from switchroom.identity.tokens import AccessToken, SubjectKind
from switchroom.rooms.models import Room, RoomPermission
from switchroom.rooms.permissions import ADMINISTRATOR, MODERATOR, NO_PERMISSION, Permission

_NOT_FOR_GUESTS = "guests may not do this"


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
            raise Forbidden(_NOT_FOR_GUESTS)
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
            raise Forbidden("the person no longer belongs to this company")
        return cls(token, Standing(standing))

    @classmethod
    def of_member(cls, token: AccessToken, membership: Membership) -> Viewer:
        """Another person of the organization, seen by those who administer a room."""
        claims = structs.replace(
            token,
            subject_id=membership.person_id,
            kind=SubjectKind.PERSON,
            administration=membership.administration,
        )
        return cls(claims, Standing(membership.standing))

    def permissions_in(self, room: Room, entry: RoomPermission | None) -> Permission:
        """What this viewer may do in the room.

        The room's own entry for the person counts before all else; then an administrator may do everything;
        then the room's default for everybody in the organization, in which a moderator by standing moderates.
        """
        if entry is not None:
            return Permission(entry.permissions)
        if self.administers_rooms:
            return ADMINISTRATOR
        if room.default_permissions is None:
            return NO_PERMISSION
        default = Permission(room.default_permissions)
        if default & Permission.JOIN and self.standing is Standing.MODERATOR:
            return default | MODERATOR
        return default

    def may_administer(self, permissions: Permission) -> bool:
        return self.administers_rooms or bool(permissions & Permission.ADMIN)

    def joinable(self, room: type[Room] = Room) -> ColumnElement[bool]:
        """The SQL condition that this viewer has JOIN in `room`; the same rule as `permissions_in`."""
        entries = aliased(RoomPermission)
        mine = and_(entries.room_id == room.id, entries.person_id == self.token.subject_id)
        entry_lets_in = exists().where(mine, entries.permissions.op("&")(Permission.JOIN.value) != 0)
        if self.administers_rooms:
            return or_(entry_lets_in, ~exists().where(mine))
        open_to_all = and_(
            room.default_permissions.is_not(None),
            room.default_permissions.op("&")(Permission.JOIN.value) != 0,
        )
        return or_(entry_lets_in, and_(~exists().where(mine), open_to_all))


ROOM_AND_VIEWER = (
    select(Room, RoomPermission, Membership.standing)
    .outerjoin(
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
    .where(Room.id == bindparam("room_id"))
)


async def room_for(
    session: AsyncSession, token: AccessToken, room_id: str, *, to_administer: bool
) -> tuple[Viewer, Room, Permission]:
    """A room with what the caller may do in it.

    Raises NotFound for a room that is not there for the caller: unknown, another organization's, or one the
    caller may not enter; Forbidden for one that the caller may enter and not administer.
    """
    rows = await session.execute(ROOM_AND_VIEWER, {"room_id": room_id, "subject_id": token.subject_id})
    return judge(token, room_id, rows.one_or_none(), to_administer=to_administer)


def judge(
    token: AccessToken, room_id: str, found: Row[*tuple[Any, ...]] | None, *, to_administer: bool
) -> tuple[Viewer, Room, Permission]:
    """What `room_for` says of a row that begins with the columns of ROOM_AND_VIEWER."""
    if token.is_guest:
        raise Forbidden(_NOT_FOR_GUESTS)
    if found is None or found[0].organization_id != token.organization_id:
        raise NotFound(f"there is no room {room_id[:100]}", field="roomId", code="room_not_found")
    room, entry, standing = found[:3]
    viewer = Viewer.with_standing(token, standing)
    permissions = viewer.permissions_in(room, entry)
    if to_administer and not viewer.may_administer(permissions):
        if permissions & Permission.JOIN:
            raise Forbidden("administering the room takes the permission ROOM_ADMIN")
        raise NotFound(f"there is no room {room_id[:100]}", field="roomId", code="room_not_found")
    return viewer, room, permissions
