"""Leases on rows: which worker has one, and until when if it says no more."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any, Generic, TypeVar, cast
from uuid import uuid4

from sqlalchemy import ColumnElement, Table, Update, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from switchroom.db.base import Base
from switchroom.db.clock import clock
from switchroom.db.database import Database

K = TypeVar("K", int, str)

LEASE = timedelta(seconds=15)
"""How long a worker that says nothing more keeps what it has: when it was killed, that waits for so long."""


class LeaseLost(Exception):
    """The lease ran out, and the work may be another worker's by now."""


class Leases(ABC, Generic[K]):
    """Leases of one worker on rows of one table, with one column for the worker and one for the time.

    Two workers never have the same row: it is the database that gives a lease, and by its clock that one ends
    (`db.clock`), whatever the clocks of the workers' machines say. A worker that hears nothing from the
    database stops by its own stopwatch, which began before the database's: `overdue`. For whatever comes
    between, the result of the work is written in a transaction with `mine` as its condition, or after `hold`.
    """

    def __init__(
        self,
        database: Database,
        key: InstrumentedAttribute[K],
        worker: InstrumentedAttribute[str],
        until: InstrumentedAttribute[Any],
        *,
        lease: timedelta = LEASE,
    ) -> None:
        self.database = database
        self.lease = lease
        self.worker = uuid4().hex
        self._model = cast("type[Base]", key.class_)
        self._table = cast("Table", self._model.__table__)
        self._key, self._worker, self._until = (self._table.c[one.key] for one in (key, worker, until))
        self._ends_at: dict[K, float] = {}

    @property
    def renew_every(self) -> float:
        """Seconds."""
        return self.lease.total_seconds() / 3

    @property
    def held(self) -> Collection[K]:
        """The keys of what this worker has, as far as it knows."""
        return self._ends_at.keys()

    @property
    def mine(self) -> ColumnElement[bool]:
        """The condition that the lease on a row is this worker's."""
        return self._worker == self.worker

    async def renew(self) -> set[K]:
        """Begin the time of all leases anew. The keys of those that are lost."""
        begun, held = time.monotonic(), list(self._ends_at)
        if not held:
            return set()
        renewed = update(self._table).where(self.mine, self._key.in_(held))
        async with self.database.write(None) as session:
            kept = set(
                await session.scalars(renewed.values({self._until: clock(self.lease)}).returning(self._key))
            )
        self._note(kept, begun)
        lost = set(held) - kept
        self.forget(lost)
        return lost

    def overdue(self) -> set[K]:
        """The keys of what was not renewed in time: it may be another worker's."""
        moment = time.monotonic()
        return {key for key, end in self._ends_at.items() if end <= moment}

    @property
    def remaining(self) -> float:
        """Seconds until the first of them runs out; at most the time of a lease."""
        lease = self.lease.total_seconds()
        return max(0.0, min(lease, *(end - time.monotonic() for end in self._ends_at.values()), lease))

    async def bound(self) -> None:
        """End what would last longer than a lease does in the time of one: the clock was put back since."""
        async with self.database.write(None) as session:
            await session.execute(self._too_long())

    async def hold(self, session: AsyncSession, key: K) -> None:
        """Keep the lease until the end of the session's transaction. Raises LeaseLost."""
        held = select(self._key).where(self._key == key, self.mine).with_for_update()
        if await session.scalar(held) is None:
            raise LeaseLost(str(key))

    async def give_up(self, keys: Collection[K]) -> None:
        """What others may take from now on."""
        async with self.database.write(None) as session:
            await self.release(session, keys)
        self.forget(keys)

    @abstractmethod
    async def release(self, session: AsyncSession, keys: Collection[K]) -> None:
        """`give_up` within a transaction, after which `forget` is to be called."""

    @abstractmethod
    def _too_long(self) -> Update:
        """The statement that ends them."""

    def forget(self, keys: Iterable[K]) -> None:
        """They are this worker's no longer."""
        for key in keys:
            self._ends_at.pop(key, None)

    def _note(self, keys: Iterable[K], begun: float) -> None:
        end = begun + self.lease.total_seconds()
        self._ends_at.update(dict.fromkeys(keys, end))
