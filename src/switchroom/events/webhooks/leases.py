"""Which worker delivers for which hook: one for a hook at a time, in any number of processes."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import cast
from uuid import uuid4

from sqlalchemy import ColumnElement, Table, delete, exists, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database, upsert
from switchroom.events.webhooks.due import waits
from switchroom.events.webhooks.models import HookLease, WebHook

LEASE = timedelta(seconds=15)
"""How long a worker that says nothing more keeps its hooks: when it was killed, they wait for so long."""

_TAKEN_AT_ONCE = 4
"""So that other processes, which see the same work at the same moment, get their share."""

_TABLE = cast("Table", HookLease.__table__)
_INSTANT = _TABLE.c.until.type


class Leases:
    """The leases of one worker. A lease lasts until it is given back, or not renewed for its time."""

    def __init__(self, database: Database, *, lease: timedelta = LEASE) -> None:
        self._database = database
        self._lease = lease
        self._worker = uuid4().hex

    @property
    def renew_every(self) -> float:
        """Seconds."""
        return self._lease.total_seconds() / 3

    async def take(self) -> list[int]:
        """Lease some of the hooks for which something waits. Their ids."""
        async with self._database.read(None) as session:
            moment = literal(now(), _INSTANT)
            free = list(
                await session.scalars(
                    select(WebHook.id)
                    .outerjoin(HookLease, HookLease.hook_id == WebHook.id)
                    .where(
                        WebHook.enabled,
                        or_(HookLease.until.is_(None), HookLease.until <= moment),
                        exists().where(*waits(WebHook.id, moment)),
                    )
                )
            )
        if not free:
            return []
        chosen = random.sample(free, min(len(free), _TAKEN_AT_ONCE))
        async with self._database.write(None) as session:
            moment, until = now(), now() + self._lease
            offered = (
                select(WebHook.id, literal(self._worker), literal(until, _INSTANT))
                .where(WebHook.id.in_(chosen))
                .order_by(WebHook.id)
            )
            taken = await session.scalars(
                upsert(session, HookLease)
                .from_select(["hook_id", "worker", "until"], offered)
                .on_conflict_do_update(
                    index_elements=["hook_id"],
                    set_={"worker": self._worker, "until": until},
                    where=_TABLE.c.until <= moment,
                )
                .returning(_TABLE.c.hook_id)
            )
            return list(taken)

    async def renew(self) -> set[int]:
        """The ids of the hooks that are still leased."""
        async with self._database.write(None) as session:
            kept = await session.scalars(
                update(_TABLE).where(self._mine).values(until=now() + self._lease).returning(_TABLE.c.hook_id)
            )
            return set(kept)

    async def give_back(self, session: AsyncSession, hook_ids: list[int]) -> None:
        await session.execute(delete(_TABLE).where(self._mine, _TABLE.c.hook_id.in_(hook_ids)))

    async def give_back_all(self) -> None:
        async with self._database.write(None) as session:
            await session.execute(delete(_TABLE).where(self._mine))

    @property
    def _mine(self) -> ColumnElement[bool]:
        return _TABLE.c.worker == self._worker
