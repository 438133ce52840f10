"""Work for tests: errands, each a row, done by noting who did it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import MetaData, String
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base
from switchroom.db.clock import clock
from switchroom.db.database import Database
from switchroom.jobs.due_rows import Claim, DueRows
from switchroom.jobs.retry import Schedule, written
from switchroom.jobs.runner import Runner, Work
from tests.jobs.place import note

SHORT = timedelta(seconds=2)
"""A lease for those that die or are lost."""

HOUR = timedelta(hours=1)
"""A lease for those that keep it, however long the machine stands still."""

SECOND = timedelta(seconds=1)


class _Own(Base):
    """Tables that the platform does not have."""

    __abstract__ = True
    metadata = MetaData()


class Errand(_Own):
    __tablename__ = "errands"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(default=clock())
    worker: Mapped[str] = mapped_column(String(32), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    done: Mapped[bool] = mapped_column(default=False)


class Errands(Work[Claim[Errand]]):
    """What one worker does of them: `way` first, then note that it is done."""

    kind = "errands"

    def __init__(
        self,
        database: Database,
        worker: str = "a",
        *,
        at_once: int = 2,
        look_every: float = 0.1,
        lease: timedelta = HOUR,
        finish_limit: float = 1.0,
        way: Callable[[Claim[Errand]], Awaitable[None]] | None = None,
        retries: Sequence[timedelta] = (),
    ) -> None:
        self.at_once = self.claims_at_once = at_once
        self.look_every = look_every
        self.finish_limit = finish_limit
        self.database = database
        self.worker = worker
        self.way = way
        self.retries = Schedule(retries)
        self.leases = self.rows = DueRows(
            database,
            Errand,
            key=Errand.id,
            due=Errand.due_at,
            worker=Errand.worker,
            attempts=Errand.attempts,
            waiting=Errand.done.is_(False),
            lease=lease,
        )
        self.runner = Runner(self)

    async def claim(self, limit: int) -> Sequence[Claim[Errand]]:
        return await self.rows.claim(limit)

    async def due_in(self) -> timedelta | None:
        return await self.rows.due_in()

    async def count_waiting(self) -> int:
        return await self.rows.count_due()

    async def do(self, job: Claim[Errand]) -> None:
        try:
            if self.way is not None:
                await self.way(job)
        except ValueError:
            delay = self.retries.after(job.attempt)
            await self._write(job, again=delay, done=delay is None)
        else:
            await self._write(job, done=True)

    async def _write(self, job: Claim[Errand], *, again: timedelta | None = None, done: bool) -> None:
        async def write() -> None:
            async with self.database.write(None) as session:
                await self.rows.settle(session, job, again=again, done=done)
                if done:
                    await note(session, job.key, self.worker)

        await written(write, "errand", self.rows.lease)


async def walk(_: Claim[Errand]) -> None:
    """Take some time."""
    await asyncio.sleep(0.01)
