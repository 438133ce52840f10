"""Nothing crosses an organization's border, whatever a query forgets to say."""

from __future__ import annotations

from sqlalchemy import func, select

from switchroom.db.base import Base, OfOrganization
from switchroom.rooms.models import Room, RoomMode, RoomType
from tests.platform import RunningPlatform, Tenant

TABLES = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, OfOrganization)]


def fill(tenant: Tenant) -> str:
    room_id = tenant.room(
        subRooms={"1": {"displayName": "Part"}},
        permissions={tenant.administrator.id: {"role": "ROLE_MODERATOR"}},
    )
    tenant.group_link(room_id)
    return room_id


def test_a_session_sees_only_its_organizations_rows(tenant: Tenant, running: RunningPlatform):
    stranger = running.organization()
    mine, theirs = fill(tenant), fill(stranger)

    async def look() -> None:
        async with running.platform.storage.database.read(tenant.organization.id) as session:
            for table in TABLES:
                owners = set(await session.scalars(select(table.organization_id)))
                assert owners <= {tenant.organization.id}, table.__name__
            assert await session.scalar(select(Room.id).where(Room.id == theirs)) is None
            assert await session.scalar(select(Room.id).where(Room.id == mine)) == mine
            assert await session.scalar(select(func.count(Room.id))) == 1
            joined = select(Room.id).join_from(
                Room, Room.__table__.alias(), isouter=True, onclause=Room.id != ""
            )
            assert set(await session.scalars(joined)) == {mine}

    running.run(look())


def test_a_new_row_belongs_to_the_sessions_organization(tenant: Tenant, running: RunningPlatform):
    stranger = running.organization()

    async def write() -> int:
        async with running.platform.storage.database.write(tenant.organization.id) as session:
            room = Room(
                organization_id=stranger.organization.id,
                type=RoomType.ROOM,
                mode=RoomMode.NORMAL,
                display_name="Smuggled",
                active_limit=1,
                passive_limit=0,
                created_by="nobody",
            )
            session.add(room)
        return room.organization_id

    assert running.run(write()) == tenant.organization.id
    assert "rooms" not in stranger.api("roomService/list")
