"""Journal of calls: their records, their events and what another process takes them up from, written
together for all calls of a worker."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from msgspec import structs

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.db.write_behind import is_unfit
from switchroom.errors import Unavailable
from switchroom.events.types import DomainEvent
from switchroom.jobs.retry import DATABASE_AWAY
from switchroom.tasks import set_within
from switchroom.telephony.calls.call_events import event_of
from switchroom.telephony.calls.journal_writes import Change, Changes, JournalWrites, Written
from switchroom.telephony.calls.snapshot import CallSnapshot, ChangeKind, Happened
from switchroom.telephony.routing.hangup_causes import HangupCause

GATHER = 0.02
"""Seconds for which changes are gathered, to be written together."""

BETWEEN = 0.05
"""Seconds from the end of one write to the next, at least: most of a transaction of few rows is the
transaction."""

SEEN_EVERY = 10.0
"""Seconds after which a worker says that it is there, also when nothing changes."""

GONE_AFTER = timedelta(seconds=60)
"""A worker that was not seen for so long is no more, and its calls are over."""

MOST_EVENTS = 200
"""Events of one call that wait to be written while the database is away; further ones are dropped and
counted, but for its end. Its record loses nothing."""

DROPS_LOGGED_EVERY = 10.0
"""Seconds between lines of the log that say how many events were dropped so far."""

_MOST_OVER, _OVER_FOR = 10_000, 60.0
"""Calls whose end is written that are remembered, and the seconds for which they are."""

RETRY_AFTER = 0.5
"""Seconds after which a write that has failed is tried again."""

_WRITTEN_AT_ONCE = 200

log = structlog.stdlib.get_logger(__name__)


class CallJournal:
    """Journal of one worker's calls. While the database is away, the last snapshot of each call and its
    events wait. `run` has to be kept going, `finish` writes what is left."""

    def __init__(self, database: Database, worker: int, machine: str) -> None:
        """`worker` is its number, and `machine` the id of the machine, of 16 characters, which the process
        that takes its place has too."""
        self._writes = JournalWrites(database, worker, machine)
        self._known: dict[str, Written] = {}
        self._waiting: Changes = {}
        self._in_flight: Changes = {}
        self._dropped = 0
        self._drop_logged_at = -math.inf
        self._over: dict[str, float] = {}
        """Calls whose end is written, by when that was: what is noted of them afterwards changes nothing."""
        self._awake = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()

    @property
    def waiting(self) -> int:
        """Number of calls with changes that are not written yet."""
        return len(self._waiting.keys() | self._in_flight.keys())

    @property
    def dropped(self) -> int:
        """Number of events that the log will never have: too many of the same call waited (`MOST_EVENTS`)."""
        return self._dropped

    def note(
        self, snapshot: CallSnapshot, happened: Happened, save: Callable[[], bytes] | None = None
    ) -> None:
        """Take in a change. `save` gives the snapshot's state, asked for when it is written. It neither
        blocks nor raises."""
        try:
            self._take(snapshot, event_of(snapshot, happened), happened.kind, save)
        except Exception:
            log.exception("change of a call not taken")

    async def left_behind(self) -> Sequence[CallSnapshot]:
        """Calls that the process before this one has left and that can be taken up; what is noted of them
        goes on where it was. Those that cannot, and calls of workers that are no more, are closed. To be
        awaited before anything is noted. Raises Unavailable, WorkerElsewhere."""
        found: list[CallSnapshot] = []
        for one in await self._writes.begin(GONE_AFTER):
            self._known[one.snapshot.id] = one.written
            if one.snapshot.state and one.is_ours:
                found.append(one.snapshot)
            else:
                self.close(one.snapshot, one.seen_at)
        return found

    def close(self, snapshot: CallSnapshot, at: datetime | None = None) -> None:
        """Note that a call has ended with the process that had it: now, or when that was seen last."""
        self.note(crashed(snapshot, at or now()), Happened(ChangeKind.ENDED))

    async def run(self) -> None:
        """Write what is noted, until cancelled."""
        loop, written_at = asyncio.get_running_loop(), -math.inf
        while True:
            try:
                if not await set_within(self._awake, SEEN_EVERY):
                    await self._writes.say_that_it_is_there()
                    continue
                await asyncio.sleep(max(GATHER, written_at + BETWEEN - loop.time()))
                self._awake.clear()
                await self.finish()
                written_at = loop.time()
            except DATABASE_AWAY as error:
                reason = error.code if isinstance(error, Unavailable) else type(error).__name__
                log.error("calls not written", waiting=self.waiting, reason=reason)
                await asyncio.sleep(RETRY_AFTER)
                self._awake.set()

    async def finish(self) -> None:
        """Write everything noted so far. Raises what the database does when it is away."""
        async with self._one_at_a_time:
            await self._resolve_doubt()
            while self._waiting:
                self._in_flight = dict(list(self._waiting.items())[:_WRITTEN_AT_ONCE])
                for call_id in self._in_flight:
                    del self._waiting[call_id]
                await self._write(self._in_flight)

    async def leave(self) -> None:
        """Give the worker's place up, once everything is written."""
        await self._writes.leave()

    async def _resolve_doubt(self) -> None:
        """Find out what became of a write that has failed: its answer alone may have been lost. What was not
        written waits again, before what has come since."""
        if self._in_flight:
            done = await self._writes.in_doubt_and_done()
            if done is not None:
                self._settle(*done)
        for call_id, change in self._in_flight.items():
            later = self._waiting.get(call_id)
            if later is not None:
                change.take(later)
            self._waiting[call_id] = change
        self._in_flight = {}

    async def _write(self, changes: Changes) -> None:
        """Write changes together. One that the database will never take is found by writing fewer, and
        dropped."""
        try:
            written = await self._writes.write(changes, self._known)
        except Exception as error:
            if not is_unfit(error):
                raise
            self._writes.forget_names()
            items = list(changes.items())
            if len(items) > 1:
                middle = len(items) // 2
                await self._write(dict(items[:middle]))
                await self._write(dict(items[middle:]))
            elif not items[0][1].is_second_try:
                items[0][1].is_second_try = True
                await self._write(changes)
            else:
                log.error("a call cannot be written", reason=type(error).__name__)
                self._settle(changes, {})
        else:
            self._settle(changes, written)

    def _settle(self, changes: Changes, written: dict[str, Written]) -> None:
        moment = time.monotonic()
        for call_id in list(changes):
            self._in_flight.pop(call_id, None)
            if call_id in written:
                self._known[call_id] = written[call_id]
            else:
                self._known.pop(call_id, None)
                self._over[call_id] = moment
        self._forget_those_over(moment)

    def _forget_those_over(self, moment: float) -> None:
        while self._over:
            first = next(iter(self._over))
            if len(self._over) <= _MOST_OVER and self._over[first] + _OVER_FOR > moment:
                return
            del self._over[first]

    def _take(
        self,
        snapshot: CallSnapshot,
        event: DomainEvent | None,
        kind: ChangeKind,
        save: Callable[[], bytes] | None,
    ) -> None:
        if snapshot.id in self._over:
            return
        moment = now()
        change = self._waiting.get(snapshot.id)
        if change is None:
            change = self._waiting[snapshot.id] = Change(snapshot)
            is_known = snapshot.id in self._in_flight or snapshot.id in self._known
            if not is_known and kind is not ChangeKind.CREATED:
                # A call that is refused at once tells of its end alone.
                created = event_of(snapshot, Happened(ChangeKind.CREATED))
                change.events += [(created, moment)] if created is not None else []
        change.snapshot, change.save = snapshot, save
        if event is not None:
            if len(change.events) < MOST_EVENTS:
                change.events.append((event, moment))
            else:
                self._drop()
        if kind is ChangeKind.ENDED:
            change.ended = moment
        self._awake.set()

    def _drop(self) -> None:
        self._dropped += 1
        moment = time.monotonic()
        if moment >= self._drop_logged_at + DROPS_LOGGED_EVERY:
            self._drop_logged_at = moment
            log.error("events of calls dropped", dropped=self._dropped, waiting=self.waiting)


def crashed(snapshot: CallSnapshot, at: datetime) -> CallSnapshot:
    """The call as it has ended with the process that had it."""
    moments = [snapshot.started_at, *(leg.answered_at or leg.started_at for leg in snapshot.legs)]
    at = max([at, *moments])
    cause = HangupCause.CRASH.value
    legs = tuple(
        leg if leg.ended_at is not None else structs.replace(leg, ended_at=at, hangup_cause=cause)
        for leg in snapshot.legs
    )
    return structs.replace(snapshot, ended_at=at, hangup_cause=cause, legs=legs, state=b"")
