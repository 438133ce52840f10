"""Leases that have a name and stand for nothing but that."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, literal, select, update

from switchroom.db.clock import clock
from switchroom.db.database import Database
from switchroom.jobs.lease import LEASE
from switchroom.jobs.lease_table import TableLeases
from switchroom.jobs.models import NamedLease

_NONE = timedelta()


class NamedLeases(TableLeases[str]):
    """The lease of one name, as one worker sees it."""

    def __init__(self, database: Database, name: str, *, lease: timedelta = LEASE) -> None:
        """The `name` is kept in the database, and has at most 64 characters."""
        super().__init__(database, NamedLease.name, NamedLease.worker, NamedLease.until, lease=lease)
        self.name = name

    async def free_in(self) -> timedelta:
        """Time until the lease ends, unless it is renewed; zero when it is free."""
        query = select(NamedLease.until, clock()).where(NamedLease.name == self.name)
        async with self.database.read(None) as session:
            row = (await session.execute(query)).one_or_none()
        if row is None:
            return _NONE
        until, moment = row
        if until - moment > self.lease:
            await self.bound()
        return min(max(until - moment, _NONE), self.lease)

    async def take_it(self) -> bool:
        """Take it if it is free; whether it was."""
        return bool(await self.take(select(literal(self.name)).where(literal(value=True))))

    async def end_in(self, later: timedelta) -> None:
        """Let it end at another time, if it is still this worker's."""
        async with self.database.write(None) as session:
            changed = update(self._table).where(self._is_leased, self.mine)
            await session.execute(changed.values({self._until: clock(later)}))

    @property
    def _is_leased(self) -> ColumnElement[bool]:
        return self._key == self.name
