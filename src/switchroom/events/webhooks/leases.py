"""Leases of hooks: one worker delivers for a hook at a time, in any number of processes."""

from __future__ import annotations

import random
from datetime import timedelta

from sqlalchemy import exists, func, select

from switchroom.db.database import Database, columns_of
from switchroom.events.webhooks.due import waits
from switchroom.events.webhooks.models import HookLease, WebHook
from switchroom.jobs.lease import LEASE
from switchroom.jobs.lease_table import TableLeases


class HookLeases(TableLeases[int]):
    """Leases of the hooks that one worker delivers for."""

    def __init__(self, database: Database, *, lease: timedelta = LEASE) -> None:
        super().__init__(database, HookLease.hook_id, HookLease.worker, HookLease.until, lease=lease)
        self._waiting = (
            select(WebHook.id)
            .outerjoin(HookLease, HookLease.hook_id == WebHook.id)
            .where(WebHook.enabled, self.is_free, exists().where(*waits(WebHook.id)))
        )
        self._by_worker = (
            select(HookLease.worker, func.count()).where(~self.is_free).group_by(HookLease.worker)
        )

    async def take_some(self, limit: int) -> set[int]:
        """Lease at most so many of the hooks for which something waits, at random: other processes see the
        same at the same moment. Their ids."""
        if limit <= 0:
            return set()
        async with self.database.read(None) as session:
            free = {row[0] for row in await columns_of(session, self._waiting, {})} - self.in_hand
        if not free:
            return set()
        chosen = random.sample(sorted(free), min(len(free), limit))
        return await self.take(select(WebHook.id).where(WebHook.id.in_(chosen)).order_by(WebHook.id))

    async def count_waiting(self) -> int:
        """Number of hooks for which a delivery waits and no worker delivers."""
        async with self.database.read(None) as session:
            return await session.scalar(select(func.count()).select_from(self._waiting.subquery())) or 0

    async def count_by_worker(self) -> dict[str, int]:
        """Number of hooks for which each worker delivers, by its name; none of workers without one."""
        async with self.database.read(None) as session:
            return dict(await columns_of(session, self._by_worker, {}))
