"""Leases in a table of nothing else."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, delete, literal, or_
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.clock import clock
from switchroom.db.database import upsert
from switchroom.jobs.lease import Leases

K = TypeVar("K", int, str)


class TableLeases(Leases[K]):
    """Leases of one worker in a table that has a row as long as somebody has the lease."""

    @property
    def is_free(self) -> ColumnElement[bool]:
        """The condition that nobody has the lease whose row, if there is one, is joined."""
        return or_(self._until.is_(None), self._until <= clock())

    async def take(self, offered: Select[K]) -> set[K]:
        """Take those of the `offered` keys that nobody has. The keys of what was taken."""
        begun = time.monotonic()
        rows = offered.add_columns(literal(self.worker), clock(self.lease))
        async with self.database.write(None) as session:
            wanted = upsert(session, self._model).from_select([self._key, self._worker, self._until], rows)
            taken = await session.scalars(
                wanted.on_conflict_do_update(
                    index_elements=[self._key],
                    set_={self._worker: self.worker, self._until: clock(self.lease)},
                    where=self._until <= clock(),
                ).returning(self._key)
            )
            keys = set(taken)
        self._note(keys, begun)
        return keys

    async def release(self, session: AsyncSession, keys: Collection[K]) -> None:
        self._lose(set(keys))
        await session.execute(delete(self._table).where(self.mine, self._key.in_(keys)))
