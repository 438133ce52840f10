"""Builders: scheduled meetings and the ways into them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from switchroom.accounts.organizers import Actor
from switchroom.meetings.drafts import InviteeDraft, MeetingDraft
from switchroom.meetings.invitations import spaced
from switchroom.meetings.views import MeetingView
from switchroom.rooms.models import Room
from tests.platform import Tenant


class Planned(Struct, frozen=True):
    """A meeting, and where it is entered."""

    tenant: Tenant
    view: MeetingView

    @property
    def number(self) -> str:
        return self.view.meeting.number

    @property
    def room_id(self) -> str:
        return self.view.meeting.room_id

    @property
    def organizer_key(self) -> str:
        return self.view.meeting.organizer_key

    def key_of(self, email: str) -> str:
        """The key of the personal link of somebody invited."""
        return next(one.access_key for one in self.view.invitees if one.email == email)

    def page(self, key: str = "") -> str:
        """The address within the site; with a key, of a personal link."""
        return f"/#/meeting/{spaced(self.number, '-')}" + (f"/{key}" if key else "")

    def has_places(self, count: int) -> None:
        """So many may be inside with sound and pictures."""

        async def work() -> None:
            async with self.tenant.running.platform.storage.database.write(
                self.tenant.organization.id
            ) as session:
                room = await session.get_one(Room, self.room_id)
                room.active_limit = count

        self.tenant.running.run(work())

    def closes(self) -> None:
        meetings = self.tenant.running.platform.meetings.meetings
        self.tenant.running.run(meetings.close(_organizer(self.tenant), self.view.hex_id))

    def is_canceled(self) -> None:
        meetings = self.tenant.running.platform.meetings.meetings
        self.tenant.running.run(meetings.cancel(_organizer(self.tenant), self.view.hex_id, series=True))

    def changes(self, **draft: Any) -> Planned:
        meetings = self.tenant.running.platform.meetings.meetings
        changed = meetings.update(
            _organizer(self.tenant), self.view.hex_id, MeetingDraft(**draft), series=True
        )
        return Planned(self.tenant, self.tenant.running.run(changed))


def plan(tenant: Tenant, topic: str = "Standup", *, invite: str = "", **draft: Any) -> Planned:
    """A meeting of the organization's administrator, now unless said; `invite` is an address."""
    if invite:
        draft["invitees"] = [InviteeDraft(email=invite, first_name="Nora", last_name="Nilsen")]
    meetings = tenant.running.platform.meetings.meetings
    scheduled = meetings.schedule(_organizer(tenant), MeetingDraft(topic=topic, **draft))
    return Planned(tenant, tenant.running.run(scheduled))


def soon(**later: float) -> datetime:
    """So much from now, as `timedelta` takes it."""
    return datetime.now(UTC) + timedelta(**later)


def _organizer(tenant: Tenant) -> Actor:
    return Actor(tenant.organization.id, tenant.administrator.id, administers=True)
