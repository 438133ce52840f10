"""Joins that wait to be admitted, and what happens to their rooms meanwhile."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager


class PendingJoin:
    """A join to one room. Once `outdated`, what it is admitted by may be older than what has changed."""

    def __init__(self, room_id: str) -> None:
        self.room_id = room_id
        self.outdated = False


class PendingJoins:
    """The joins of this process that are between their token and their place."""

    def __init__(self) -> None:
        self._pending: set[PendingJoin] = set()

    @contextmanager
    def pending(self, room_id: str) -> Generator[PendingJoin]:
        """A join that waits for its admission while the block runs."""
        join = PendingJoin(room_id)
        self._pending.add(join)
        try:
            yield join
        finally:
            self._pending.discard(join)

    def outdate(self, room_id: str | None = None) -> None:
        """To be called when who may come into a room, or (None) into any, may be others than before."""
        for join in self._pending:
            if room_id in (None, join.room_id):
                join.outdated = True
