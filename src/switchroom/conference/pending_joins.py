"""Joins that wait to be admitted, and what happens to their rooms meanwhile."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager


class PendingJoin:
    """A join to one room, whose organization is known when it has been admitted."""

    def __init__(self, room_id: str) -> None:
        self.room_id = room_id
        self._has_room_changed = False
        self._organizations: set[int] = set()

    def room_changed(self) -> None:
        self._has_room_changed = True

    def organization_changed(self, organization_id: int) -> None:
        self._organizations.add(organization_id)

    def is_outdated(self, organization_id: int) -> bool:
        """Whether what it was admitted by, in a room of this organization, may be older than what has
        changed."""
        return self._has_room_changed or organization_id in self._organizations


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

    def room_changed(self, room_id: str) -> None:
        """To be called when who may come into a room may be others than before."""
        for join in self._pending:
            if room_id == join.room_id:
                join.room_changed()

    def organization_changed(self, organization_id: int) -> None:
        """To be called when who may come into the rooms of an organization may be others than before."""
        for join in self._pending:
            join.organization_changed(organization_id)
