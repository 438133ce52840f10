"""Notes that a worker writes to the database, so that nobody else waits for it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Hashable, Sequence
from itertools import count
from typing import Generic, TypeVar

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError, StatementError

from switchroom.errors import Unavailable

T = TypeVar("T")

MOST_WAITING = 100_000
"""Notes that wait while the database is away. Those that come when so many wait are dropped: what is known
already, and the order of it, outweighs what comes."""

_WRITTEN_AT_ONCE = 500
_GROUPS_AT_ONCE = 4
"""Each takes a connection to the database."""
_RETRY_AFTER = 1.0
_UNFIT = {"22", "23", "54"}
"""Classes of SQLSTATE: what is no value of its column, what breaks a constraint, what is too large."""

WAITING = Gauge(
    "switchroom_unwritten_notes", "Notes that wait to be written.", ["kind"], multiprocess_mode="livesum"
)
DROPPED = Counter("switchroom_dropped_notes_total", "Notes that will never be written.", ["kind", "reason"])

log = structlog.get_logger()


class WriteBehind(Generic[T]):
    """Notes in the order in which they come. What has not been written when the process is killed is lost;
    whatever else is not written is counted, and said in the process' log."""

    def __init__(
        self,
        what: str,
        write: Callable[[Sequence[T]], Awaitable[None]],
        key: Callable[[T], Hashable] | None = None,
        group: Callable[[T], Hashable] | None = None,
    ) -> None:
        """`write` writes them all in one transaction, or none; `what` names them in log and metrics.

        `group` is for notes that different transactions may write, several at a time, so that a group whose
        rows are locked by others holds up no other group. The order holds within a group only.

        `key` is for notes of which the last with a key is the only one that counts: it takes the place of one
        that waits, also when no others are taken, and comes after all that wait.
        """
        self._what = what
        self._write = write
        self._key = key
        self._group = group
        self._numbers = count()
        self._waiting: OrderedDict[Hashable, T] = OrderedDict()
        self._awake = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._dropped = 0  # since notes were taken last
        self._waiting_metric = WAITING.labels(what)
        self._full_metric = DROPPED.labels(what, "full")
        self._unfit_metric = DROPPED.labels(what, "unfit")

    def add(self, note: T) -> None:
        """Have a note written, unless too many wait."""
        key = next(self._numbers) if self._key is None else self._key(note)
        self._waiting.pop(key, None)
        if len(self._waiting) >= MOST_WAITING:
            self._full_metric.inc()
            if not self._dropped:
                log.error(f"{self._what} dropped from now on", waiting=len(self._waiting))
            self._dropped += 1
            return
        if self._dropped:
            log.error(f"{self._what} taken again", dropped=self._dropped)
            self._dropped = 0
        self._waiting[key] = note
        self._waiting_metric.set(len(self._waiting))
        self._awake.set()

    async def run(self) -> None:
        """Write what is added until cancelled."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            try:
                await self.finish()
            except (SQLAlchemyError, OSError, Unavailable) as error:
                reason = type(error).__name__
                log.error(f"{self._what} not written", waiting=len(self._waiting), reason=reason)
                await asyncio.sleep(_RETRY_AFTER)
                self._awake.set()

    async def finish(self) -> None:
        """Write everything added so far. A note that the database does not take is dropped: it is found by
        writing fewer and fewer at once, and those before and after it are written."""
        async with self._one_at_a_time:
            await self._finish()

    async def _finish(self) -> None:
        """Write what waits, group by group. Raises the first error when all that can be written is."""
        failed: dict[Hashable, Exception] = {}
        while groups := self._next_groups(failed):
            results = await asyncio.gather(
                *(self._write_group(notes) for notes in groups.values()), return_exceptions=True
            )
            for group, result in zip(groups, results, strict=True):
                if isinstance(result, Exception):
                    failed[group] = result
                elif result is not None:
                    raise result
        for error in failed.values():
            raise error

    def _next_groups(self, failed: Collection[Hashable]) -> dict[Hashable, list[tuple[Hashable, T]]]:
        """The first of the notes that wait, with their keys, of some groups that have not failed."""
        groups: dict[Hashable, list[tuple[Hashable, T]]] = {}
        taken = 0
        for key, note in self._waiting.items():
            group = None if self._group is None else self._group(note)
            if group in failed or (group not in groups and len(groups) == _GROUPS_AT_ONCE):
                continue
            groups.setdefault(group, []).append((key, note))
            taken += 1
            if taken == _WRITTEN_AT_ONCE:
                break
        return groups

    async def _write_group(self, notes: Sequence[tuple[Hashable, T]]) -> None:
        most, first = len(notes), 0
        while first < len(notes):
            # They wait until they are written, whatever becomes of that.
            part = notes[first : first + most]
            try:
                await self._write([note for _, note in part])
            except Exception as error:
                if not is_unfit(error):
                    raise
                if len(part) > 1:
                    most = len(part) // 2
                    continue
                # Not what the error says: that can be the note.
                log.error(f"one of {self._what} cannot be written", reason=type(error).__name__)
                self._unfit_metric.inc()
            else:
                most *= 2
            first += len(part)
            for key, note in part:
                # Another may have taken its place meanwhile.
                if self._waiting.get(key) is note:
                    del self._waiting[key]
            self._waiting_metric.set(len(self._waiting))


def is_unfit(error: BaseException) -> bool:
    """Whether the database was there and did not take what was to be written, nor will it another time."""
    seen: BaseException | None = error
    while seen is not None:
        # A driver raises the last two for what it cannot even send.
        if isinstance(seen, DataError | IntegrityError | ValueError | TypeError):
            return True
        if str(getattr(seen, "sqlstate", None) or "")[:2] in _UNFIT:
            return True
        seen = seen.__cause__ or (seen.orig if isinstance(seen, StatementError) else None)
    return False
