"""Tells when an organization's rooms have changed, in this process at once and in others within a moment."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.bus import Bus
from switchroom.db.base import now
from switchroom.db.database import Database, columns_of, notify, upsert
from switchroom.rooms.models import RoomsRevision
from switchroom.rooms.notices import RoomsChanged

_OVERLAP = timedelta(seconds=10)
_CHANGED = select(RoomsRevision.organization_id, RoomsRevision.revision).where(
    RoomsRevision.changed_at >= bindparam("since")
)


async def rooms_changed(session: AsyncSession, organization_id: int) -> None:
    """Count a change, in the transaction that makes it."""
    values = {"organization_id": organization_id, "revision": 1, "changed_at": now()}
    await session.execute(
        upsert(session, RoomsRevision)
        .values(values)
        .on_conflict_do_update(
            index_elements=[RoomsRevision.organization_id],
            set_={"revision": RoomsRevision.revision + 1, "changed_at": values["changed_at"]},
        )
    )
    notify(session, RoomsChanged(organization_id))


class Revisions:
    """A number for each organization that is different after every change of its rooms.

    `of` costs no query: this process hears of its own changes on the bus, and looks for those of other
    processes (a command, a second server) every quarter of a second.
    """

    def __init__(self, database: Database, bus: Bus, *, interval: float = 0.25) -> None:
        self._database = database
        self._interval = interval
        self._counts: dict[int, int] = {}
        self._seen: dict[int, int] = {}
        self._since = now()
        bus.subscribe(RoomsChanged, self._changed_here)

    def of(self, organization_id: int) -> int:
        return self._counts.get(organization_id, 0)

    async def follow(self) -> None:
        """Look for the changes of other processes until cancelled."""
        while True:
            await self.refresh()
            await asyncio.sleep(self._interval)

    async def refresh(self) -> None:
        moment = now()
        async with self._database.read(None) as session:
            rows = await columns_of(session, _CHANGED, {"since": self._since - _OVERLAP})
        for organization_id, revision in rows:
            if self._seen.get(organization_id) != revision:
                self._seen[organization_id] = revision
                self._counts[organization_id] = self.of(organization_id) + 1
        self._since = moment

    async def _changed_here(self, notice: RoomsChanged) -> None:
        self._counts[notice.organization_id] = self.of(notice.organization_id) + 1
