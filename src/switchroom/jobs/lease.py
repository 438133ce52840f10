"""Leases on rows: which worker has one, and until when if it says no more."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any, Generic, TypeVar, cast
from uuid import uuid4

from sqlalchemy import ColumnElement, Table, and_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from switchroom.db.base import Base
from switchroom.db.clock import clock
from switchroom.db.database import Database

K = TypeVar("K", int, str)

LEASE = timedelta(seconds=15)
"""Time for which a worker that does not renew its leases keeps them. The jobs of one that was killed wait for
so long."""


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
        self._lost: set[K] = set()

    @property
    def renew_every(self) -> float:
        """Seconds."""
        return self.lease.total_seconds() / 3

    @property
    def in_hand(self) -> set[K]:
        """The keys of what this worker has taken and not forgotten yet, whether or not it still has them."""
        return self._ends_at.keys() | self._lost

    @property
    def mine(self) -> ColumnElement[bool]:
        """The condition that the lease on a row is this worker's."""
        return self._worker == self.worker

    async def renew(self) -> set[K]:
        """Begin the time of all leases anew. The keys of those that are lost, of which this is told once."""
        held = set(self._ends_at)
        return self._lose(held - await self._renewed(held)) if held else set()

    async def renew_one(self, key: K) -> bool:
        """Begin the time of one lease anew. False when it is lost."""
        return bool(await self._renewed({key}))

    def overdue(self) -> set[K]:
        """The keys of what was not renewed in time, and may be another worker's: lost, and told once."""
        moment = time.monotonic()
        return self._lose({key for key, end in self._ends_at.items() if end <= moment})

    @property
    def remaining(self) -> float:
        """Seconds until the first of them runs out; at most the time of a lease."""
        lease = self.lease.total_seconds()
        return max(0.0, min(lease, *(end - time.monotonic() for end in self._ends_at.values()), lease))

    async def bound(self) -> None:
        """Let what would last longer than a lease end in the time of one: the clock was put back since."""
        end = clock(self.lease)
        too_long = and_(self._is_leased, self._until > end)
        async with self.database.read(None) as session:
            if await session.scalar(select(self._key).where(too_long).limit(1)) is None:
                return
        async with self.database.write(None) as session:
            await session.execute(update(self._table).where(too_long).values({self._until: end}))

    async def hold(self, session: AsyncSession, key: K) -> None:
        """Keep the lease until the end of the session's transaction. Raises LeaseLost."""
        held = select(self._key).where(self._key == key, self.mine).with_for_update()
        if await session.scalar(held) is None:
            raise LeaseLost(str(key))

    async def give_up(self, keys: Collection[K]) -> None:
        """Give leases up, which other workers may take from now on."""
        async with self.database.write(None) as session:
            await self.release(session, keys)
        self.forget(keys)

    @abstractmethod
    async def release(self, session: AsyncSession, keys: Collection[K]) -> None:
        """`give_up` within a transaction, after which `forget` is to be called."""

    def forget(self, keys: Iterable[K]) -> None:
        """This worker does nothing more with them."""
        for key in keys:
            self._ends_at.pop(key, None)
            self._lost.discard(key)

    @property
    def _is_leased(self) -> ColumnElement[bool]:
        """The condition that somebody has the lease on a row."""
        return self._worker != ""

    def _note(self, keys: Iterable[K], begun: float) -> None:
        end = begun + self.lease.total_seconds()
        self._ends_at.update(dict.fromkeys(keys, end))

    async def _renewed(self, keys: Collection[K]) -> set[K]:
        begun = time.monotonic()
        renewed = update(self._table).where(self.mine, self._key.in_(keys))
        async with self.database.write(None) as session:
            kept = set(
                await session.scalars(renewed.values({self._until: clock(self.lease)}).returning(self._key))
            )
        # A lease that was given up meanwhile does not come back.
        self._note(kept & self._ends_at.keys(), begun)
        return kept

    def _lose(self, keys: set[K]) -> set[K]:
        lost = keys & self._ends_at.keys()
        for key in lost:
            del self._ends_at[key]
        self._lost |= lost
        return lost
