"""Removals of people, before they are made: what goes along."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import func, select

from switchroom.accounts.people import find_member, require_permission
from switchroom.db.database import Database
from switchroom.identity.members import heir_of
from switchroom.identity.permissions import Administration
from switchroom.identity.tokens import AccessToken
from switchroom.meetings.models import Meeting
from switchroom.rooms.models import RoomPermission


class RemovalConsequences(Struct, frozen=True, kw_only=True):
    """Consequences of a removal: how many meetings to come become those of whom, and how many rooms name
    them."""

    meetings: int
    heir_name: str
    rooms: int


class Removals:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def look_at(self, token: AccessToken, person_id: str) -> RemovalConsequences:
        """Raises NotFound, and Forbidden also for the last who administers the organization."""
        require_permission(token, Administration.USER_ADMIN)
        meetings = select(func.count(Meeting.id)).where(
            Meeting.organizer_id == person_id, Meeting.next_end_at.is_not(None)
        )
        rooms = select(func.count(RoomPermission.id)).where(RoomPermission.person_id == person_id)
        async with self._database.read(token.organization_id) as session:
            member = await find_member(session, person_id, to_change=False)
            heir = await heir_of(session, member)
            return RemovalConsequences(
                meetings=await session.scalar(meetings) or 0,
                heir_name=heir.display_name,
                rooms=await session.scalar(rooms) or 0,
            )
