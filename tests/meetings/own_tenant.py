"""Builders: an organization with a database of its own, its meetings, and who keeps them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from switchroom.accounts.models import MeetingTerms
from switchroom.accounts.organizers import Actor
from switchroom.accounts.provisioning import found_organization
from switchroom.bus import Bus
from switchroom.db.base import Base
from switchroom.db.database import Database
from switchroom.events.models import Event
from switchroom.identity.models import Membership, Organization, Person
from switchroom.identity.permissions import Standing
from switchroom.meetings.drafts import MeetingDraft
from switchroom.meetings.invitations import Invitations
from switchroom.meetings.lifecycle import MeetingLifecycle
from switchroom.meetings.meetings import Meetings
from switchroom.meetings.models import Meeting
from switchroom.meetings.notices import MeetingOver
from switchroom.meetings.views import MeetingView
from switchroom.rooms.live import LiveParticipant
from tests.databases import with_tables


class Inside:
    """Says who is inside the rooms."""

    def __init__(self) -> None:
        self.rooms: set[str] = set()

    def occupants(self, room_ids: Sequence[str]) -> Mapping[str, Sequence[LiveParticipant]]:
        somebody = LiveParticipant(
            user_id="somebody", display_name="Some Body", is_guest=True, is_spectator=False
        )
        return {room_id: [somebody] for room_id in room_ids if room_id in self.rooms}


class OwnTenant:
    """An organization alone in its database. `over` are the rooms whose people have been told to leave."""

    def __init__(self, database: Database, bus: Bus, organization: Organization, organizer: Person) -> None:
        self.database = database
        self.organization = organization
        self.actor = Actor(organization.id, organizer.id, administers=True)
        self.meetings = Meetings(database, Invitations("https://meet.example.org", ()), "UTC")
        self.inside = Inside()
        self.lifecycle = MeetingLifecycle(database, self.inside, bus)
        self.over: list[str] = []
        bus.subscribe(MeetingOver, self._hear)

    async def plan(self, topic: str = "Standup", **draft: Any) -> MeetingView:
        return await self.meetings.schedule(self.actor, MeetingDraft(topic=topic, **draft))

    async def shown(self, planned: MeetingView) -> MeetingView:
        return await self.meetings.get(self.actor, planned.meeting.hex_id)

    async def agree(self, **terms: Any) -> None:
        """Change what is agreed on with the organization."""
        async with self.database.write(None) as session:
            await session.execute(
                update(MeetingTerms)
                .where(MeetingTerms.organization_id == self.organization.id)
                .values(**terms)
            )

    async def write(self, planned: MeetingView, **columns: datetime | None) -> None:
        """Put times into the row, as if it had been then."""
        async with self.database.write(None) as session:
            await session.execute(update(Meeting).where(Meeting.id == planned.meeting.id).values(**columns))

    async def row(self, planned: MeetingView) -> Meeting | None:
        async with self.database.read(None) as session:
            return await session.get(Meeting, planned.meeting.id)

    async def count(self, table: type[Base]) -> int:
        async with self.database.read(None) as session:
            return await session.scalar(select(func.count()).select_from(table)) or 0

    async def events(self, kind: str) -> list[Event]:
        async with self.database.read(None) as session:
            return list(await session.scalars(select(Event).where(Event.type == kind).order_by(Event.id)))

    async def _hear(self, notice: MeetingOver) -> None:
        self.over.append(notice.room_id)


@asynccontextmanager
async def own_tenant(database_url: str) -> AsyncGenerator[OwnTenant]:
    async with with_tables(database_url) as (database, bus):
        async with database.write(None) as session:
            organization, _ = await found_organization(session, "Acme")
            organizer = Person(
                username="ada@example.org",
                password_hash="",
                email="ada@example.org",
                first_name="Ada",
                last_name="Admin",
            )
            session.add(organizer)
            await session.flush()
            session.add(
                Membership(
                    organization_id=organization.id, person_id=organizer.id, standing=Standing.ADMINISTRATOR
                )
            )
        yield OwnTenant(database, bus, organization, organizer)
