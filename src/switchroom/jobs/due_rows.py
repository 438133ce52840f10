"""Work in the rows of a table: due at a time, taken up by one worker, due again when that one is gone."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, Generic, TypeVar, cast

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, func, literal, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from switchroom.db.base import Base
from switchroom.db.clock import clock
from switchroom.db.database import Database
from switchroom.jobs.lease import LEASE, LeaseLost, Leases
from switchroom.jobs.metrics import MOST_COUNTED

M = TypeVar("M", bound=Base)


class Claim(Struct, Generic[M], frozen=True):
    """A job in hand. `attempt` counts from 1, and tells this claim from a later one. The `row` is as it was
    before."""

    key: str
    attempt: int
    row: M


class DueRows(Leases[str], Generic[M]):
    """The jobs of one worker in a table that has a job in each row.

    A row is `due` at a time; a worker that does it moves that on for the time of its lease. So one index
    serves both, and what a dead worker had falls due. `worker` is empty while nobody does it, and `attempts`
    counts the times it was taken up. `waiting` is the condition that it is still to be done.
    """

    def __init__(
        self,
        database: Database,
        model: type[M],
        *,
        key: InstrumentedAttribute[str],
        due: InstrumentedAttribute[Any],
        worker: InstrumentedAttribute[str],
        attempts: InstrumentedAttribute[int],
        waiting: ColumnElement[bool],
        leased: ColumnElement[bool] | None = None,
        ranks: Sequence[ColumnElement[bool]] = (),
        lease: timedelta = LEASE,
    ) -> None:
        """`leased` is the condition that a lease on a row is of this kind, where others may have one too.
        `ranks` are conditions of which each row fulfils one: jobs of the first are taken up before those of
        the others. An index of what they ask for, and of when rows are due, serves them."""
        super().__init__(database, key, worker, due, lease=lease)
        self._rows = model
        self._attempts = self._table.c[attempts.key]
        self._waiting = waiting
        self._leased = waiting if leased is None else leased
        self._is_due = and_(waiting, self._until <= clock())
        self._ranks = ranks or (true(),)
        self._next = select(model).where(self._is_due).order_by(self._until)

    async def claim(self, limit: int, *conditions: ColumnElement[bool], **values: Any) -> list[Claim[M]]:
        """Take up at most so many jobs that are due, by rank and those due longest first, of those for which
        all `conditions` hold; `values` are written along. Jobs that another worker is taking up at this
        moment are passed over."""
        begun, held = time.monotonic(), self.in_hand
        query = self._next.where(*conditions).with_for_update(skip_locked=True)
        if held:
            query = query.where(self._key.not_in(held))
        rows: list[M] = []
        async with self.database.write(None) as session:
            for rank in self._ranks:
                if len(rows) < limit:
                    rows += await session.scalars(query.where(rank).limit(limit - len(rows)))
            claims = [self._claim(row) for row in rows]
            if claims:
                taken = update(self._table).where(self._key.in_([one.key for one in claims]))
                await session.execute(
                    taken.values(
                        {
                            self._worker: self.worker,
                            self._until: clock(self.lease),
                            self._attempts: self._attempts + 1,
                            **{self._table.c[name]: value for name, value in values.items()},
                        }
                    )
                )
        self._note([one.key for one in claims], begun)
        return claims

    async def due_in(self) -> timedelta | None:
        """Time until the next job is due; negative when one is due already. None when no job waits."""
        first = [select(func.min(self._until)).where(self._waiting, rank) for rank in self._ranks]
        query = select(clock(), *(one.scalar_subquery() for one in first))
        async with self.database.read(None) as session:
            moment, *due = (await session.execute(query)).one()
        return min((one - moment for one in due if one is not None), default=None)

    async def count_due(self) -> int:
        """Number of jobs that are due, at most as many as are counted (`metrics.MOST_COUNTED`)."""
        found = 0
        async with self.database.read(None) as session:
            for rank in self._ranks:
                due = select(literal(1)).where(self._is_due, rank).limit(MOST_COUNTED - found)
                found += await session.scalar(select(func.count()).select_from(due.subquery())) or 0
        return found

    def held_by(self, claim: Claim[M]) -> ColumnElement[bool]:
        """The condition that a row is the job of the claim, and still this worker's to do."""
        return and_(self._key == claim.key, self.mine, self._attempts == claim.attempt, self._waiting)

    async def locked(self, session: AsyncSession, claim: Claim[M]) -> M:
        """The row of a job as it is now, which is this worker's until the end of the transaction.

        Raises LeaseLost.
        """
        self._lose({claim.key})  # not renewed from now on: others wait for the transaction
        row = await session.scalar(select(self._rows).where(self.held_by(claim)).with_for_update())
        if row is None:
            raise LeaseLost(claim.key)
        return row

    async def settle(
        self, session: AsyncSession, claim: Claim[M], *, again: timedelta | None = None, **values: Any
    ) -> None:
        """Write what came of the job, which is nobody's then and due `again` after that time, if one is
        given. Raises LeaseLost and writes nothing when it is not this worker's any more."""
        self._lose({claim.key})
        changed: dict[Any, Any] = {self._table.c[name]: value for name, value in values.items()}
        if again is not None:
            changed[self._until] = clock(again)
        written = update(self._table).where(self.held_by(claim)).values({self._worker: "", **changed})
        if await session.scalar(written.returning(self._key)) is None:
            raise LeaseLost(claim.key)

    async def release(self, session: AsyncSession, keys: Collection[str]) -> None:
        """Make the jobs due at once; that they were taken up does not count as an attempt."""
        self._lose(set(keys))
        released = update(self._table).where(self.mine, self._key.in_(keys), self._waiting)
        await session.execute(
            released.values({self._worker: "", self._until: clock(), self._attempts: self._attempts - 1})
        )

    def _claim(self, row: M) -> Claim[M]:
        attempts = cast("int", getattr(row, self._attempts.name))
        return Claim(cast("str", getattr(row, self._key.name)), attempts + 1, row)

    @property
    def _is_leased(self) -> ColumnElement[bool]:
        return and_(self._leased, self._worker != "")
