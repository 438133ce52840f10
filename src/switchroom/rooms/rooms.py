"""Making, changing, moving and destroying rooms and departments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom import sanitize
from switchroom.db.database import Database, notify
from switchroom.errors import Conflict, ErrorCode, Forbidden, Invalid, NotFound
from switchroom.events.append import append
from switchroom.events.types import RoomCreated, RoomDeleted, RoomMoved, RoomSnapshot, RoomUpdated
from switchroom.identity.models import Membership
from switchroom.identity.permissions import Administration
from switchroom.identity.tokens import AccessToken
from switchroom.mail.queue import withdraw_invitations
from switchroom.rooms import quotas
from switchroom.rooms.access import Viewer, room_for
from switchroom.rooms.drafts import (
    MOST_BREAKOUT_ROOMS,
    BreakoutDraft,
    Grant,
    QuotaWish,
    RoomDraft,
    merged_properties,
    require_room,
    write_details,
)
from switchroom.rooms.listing import RoomView, view_of
from switchroom.rooms.models import BreakoutRoom, Link, Room, RoomMode, RoomPermission, RoomType
from switchroom.rooms.notices import RoomChanged, RoomDestroyed
from switchroom.rooms.permissions import Permission
from switchroom.rooms.places import GAP, Move, Places, last_position
from switchroom.rooms.revisions import rooms_changed
from switchroom.tasks import taking_turns

MOST_MOVES = 1000


class Rooms:
    """Rooms of an organization. Every method checks what its caller may do."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, token: AccessToken, draft: RoomDraft) -> RoomView:
        """A new room or department, last among its siblings."""
        if not (token.may(Administration.ROOM_CREATE) or token.may(Administration.ROOM_ADMIN)):
            raise Forbidden(ErrorCode.PERMISSION_MISSING, permission="ROOM_CREATE")
        require_room(draft, is_new=True)
        async with self._database.write(token.organization_id) as session:
            viewer = await Viewer.of(session, token)
            await Places(session).require_parent(draft.parent_id)
            name, active, passive = await quotas.resolve(session, draft.quota or QuotaWish())
            kind = draft.type or RoomType.ROOM
            if kind is RoomType.ROOM:
                await quotas.require_place(session, name)
            room = Room(
                parent_id=draft.parent_id,
                type=kind,
                mode=draft.mode or RoomMode.NORMAL,
                position=await last_position(session, draft.parent_id) + GAP,
                quota_name=name if kind is RoomType.ROOM else None,
                active_limit=active,
                passive_limit=passive,
                created_by=token.subject_id,
                properties=merged_properties({}, draft.properties),
                features={key: value for key, value in draft.features.items() if value},
            )
            write_details(room, draft)
            _set_default(room, draft)
            session.add(room)
            await session.flush()
            await _set_grants(session, room, draft.grants)
            await _set_breakout_rooms(session, room, draft.breakout_rooms)
            await rooms_changed(session, token.organization_id)
            _append(session, token, RoomCreated, room)
            return await view_of(session, viewer, room)

    async def update(self, token: AccessToken, room_id: str, draft: RoomDraft) -> RoomView:
        """Change what the draft names and nothing else."""
        async with self._database.write(token.organization_id) as session:
            viewer, room, _ = await room_for(session, token, room_id, to_administer=True)
            require_room(draft)
            if draft.type is not None and draft.type != room.type:
                raise Invalid(ErrorCode.ROOM_TYPE_FIXED, "type")
            write_details(room, draft)
            if draft.mode is not None:
                room.mode = draft.mode
            if draft.parent_id is not None and draft.parent_id != room.parent_id:
                await Places(session).require_parent(draft.parent_id, of=room_id)
                await room_for(session, token, draft.parent_id, to_administer=True)
                room.position = await last_position(session, draft.parent_id) + GAP
                room.parent_id = draft.parent_id
            if draft.quota is not None:
                name, room.active_limit, room.passive_limit = await quotas.resolve(
                    session, draft.quota, (room.active_limit, room.passive_limit)
                )
                if name != room.quota_name:
                    await quotas.require_place(session, name)
                room.quota_name = name
            room.properties = merged_properties(room.properties, draft.properties)
            room.features = {
                key: value for key, value in {**room.features, **draft.features}.items() if value
            }
            _set_default(room, draft)
            await _set_grants(session, room, draft.grants)
            await _set_breakout_rooms(session, room, draft.breakout_rooms)
            await rooms_changed(session, token.organization_id)
            notify(session, RoomChanged(token.organization_id, room.id))
            _append(session, token, RoomUpdated, room)
            await session.flush()
            return await view_of(session, viewer, room)

    async def destroy(self, token: AccessToken, room_id: str) -> None:
        """Remove a room with its links. Raises Conflict while other rooms are in it, and for a meeting's: it
        goes with the meeting, which its people hear of."""
        async with self._database.write(token.organization_id) as session:
            _, room, _ = await room_for(session, token, room_id, to_administer=True)
            if room.managed:
                raise Conflict(ErrorCode.MANAGED, "room_id")
            child = await session.scalar(select(Room.id).where(Room.parent_id == room.id).limit(1))
            if child is not None:
                raise Conflict(ErrorCode.NOT_EMPTY, "room_id")
            for link_id in await session.scalars(select(Link.id).where(Link.room_id == room.id)):
                await withdraw_invitations(
                    session, token.organization_id, link_id, reason="the room was destroyed"
                )
            await session.execute(delete(Room).where(Room.id == room.id))
            await rooms_changed(session, token.organization_id)
            notify(session, RoomDestroyed(token.organization_id, room_id))
            _append(session, token, RoomDeleted, room)

    async def permissions(self, token: AccessToken, room_id: str, person_id: str | None = None) -> Permission:
        """Permissions of the caller in the room or, for its administrators, of another person."""
        async with self._database.read(token.organization_id) as session:
            other = person_id is not None and person_id != token.subject_id
            _, room, permissions = await room_for(session, token, room_id, to_administer=other)
            if not other:
                return permissions
            membership = await session.scalar(select(Membership).where(Membership.person_id == person_id))
            if membership is None:
                raise NotFound(ErrorCode.PERSON_NOT_FOUND, "person_id", id=(person_id or "")[:100])
            entry = await session.scalar(
                select(RoomPermission).where(
                    RoomPermission.room_id == room.id, RoomPermission.person_id == person_id
                )
            )
            return Viewer.of_member(token, membership).permissions_in(room, entry)

    async def sort(self, token: AccessToken, moves: Sequence[Move]) -> None:
        """Carry out the moves in order, all or none."""
        if not token.may(Administration.ROOM_ADMIN):
            raise Forbidden(ErrorCode.PERMISSION_MISSING, permission="ROOM_ADMIN")
        if len(moves) > MOST_MOVES:
            raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "moves", most=MOST_MOVES)
        async with self._database.write(token.organization_id) as session:
            places = Places(session)
            async for move in taking_turns(moves):
                await places.move(move)
                moved = RoomMoved(parent_id=move.parent_id, by=token.subject_id)
                append(session, token.organization_id, moved, move.room_id)
            await rooms_changed(session, token.organization_id)


def _append(session: AsyncSession, token: AccessToken, kind: type[RoomSnapshot], room: Room) -> None:
    event = kind(
        display_name=room.display_name,
        type=RoomType(room.type).name.lower(),
        parent_id=room.parent_id,
        by=token.subject_id,
    )
    append(session, token.organization_id, event, room.id)


def _set_default(room: Room, draft: RoomDraft) -> None:
    if draft.remove_default:
        room.default_permissions, room.default_role = None, 0
    elif draft.default is not None:
        room.default_permissions, room.default_role = draft.default.permissions, draft.default.role


async def _set_grants(session: AsyncSession, room: Room, grants: Mapping[str, Grant | None]) -> None:
    if not grants:
        return
    await _require_members(session, [person_id for person_id, grant in grants.items() if grant is not None])
    await session.execute(
        delete(RoomPermission).where(
            RoomPermission.room_id == room.id, RoomPermission.person_id.in_(list(grants))
        )
    )
    for person_id, grant in grants.items():
        if grant is not None:
            session.add(
                RoomPermission(
                    room_id=room.id, person_id=person_id, role=grant.role, permissions=grant.permissions
                )
            )
    await session.flush()


async def _require_members(session: AsyncSession, person_ids: Sequence[str]) -> None:
    found = set(
        await session.scalars(select(Membership.person_id).where(Membership.person_id.in_(person_ids)))
    )
    for person_id in person_ids:
        if person_id not in found:
            raise NotFound(ErrorCode.PERSON_NOT_FOUND, f"grants.{person_id[:100]}", id=person_id[:100])


async def _set_breakout_rooms(session: AsyncSession, room: Room, drafts: Sequence[BreakoutDraft]) -> None:
    if not drafts:
        return
    present = {
        row.id: row
        for row in await session.scalars(select(BreakoutRoom).where(BreakoutRoom.room_id == room.id))
    }
    for number, draft in enumerate(drafts):
        name = sanitize.name(draft.display_name) if draft.display_name is not None else None
        row = present.get(draft.id or "")
        if draft.id and row is None and draft.remove:
            raise NotFound(ErrorCode.BREAKOUT_ROOM_NOT_FOUND, "breakout_rooms", id=draft.id[:100])
        if row is None:
            position = number if draft.position is None else draft.position
            session.add(
                BreakoutRoom(room_id=room.id, display_name=name or f"{number + 1}", position=position)
            )
        elif draft.remove:
            await session.delete(row)
        else:
            row.display_name = name or row.display_name
            row.position = row.position if draft.position is None else draft.position
    await session.flush()
    count = await session.scalar(
        select(func.count()).select_from(BreakoutRoom).where(BreakoutRoom.room_id == room.id)
    )
    if (count or 0) > MOST_BREAKOUT_ROOMS:
        raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "breakout_rooms", most=MOST_BREAKOUT_ROOMS)
