"""The tail of the log: read once by a process, and handed to all who follow it there."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import structlog

from switchroom.bus import Bus
from switchroom.events.log import MOST_AT_ONCE, EventFilter, EventLog, LoggedEvent, fits, matches
from switchroom.events.notices import EventsAppended
from switchroom.jobs.retry import DATABASE_AWAY
from switchroom.tasks import set_within

GATHER = 0.02
"""Seconds for which events gather between two readings, so that a busy platform does not read them one by
one. The first after a rest is read at once."""

MOST_BEHIND = 1000
"""Events that wait in memory for one follower. One that is further behind reads them from the log again."""

_LOOK_ANYWAY = 1.0
"""Seconds after which the log is read without a notice: one from another process may have been lost, or there
is nothing between them but the database."""

log = structlog.get_logger()


class EventTail:
    """Follows the log while somebody follows it here. `run` has to be kept going for that."""

    def __init__(self, events: EventLog, bus: Bus, types: Sequence[str] = ()) -> None:
        """`types` are those of all followers, as in an EventFilter; others are not read."""
        self._log = events
        self._types = types
        self._followers: defaultdict[int | None, set[_Follower]] = defaultdict(set)
        self._woken = asyncio.Event()
        self._position = 0
        self._has_position = asyncio.Event()
        bus.subscribe(EventsAppended, self._wake)

    async def run(self) -> None:
        """Hand on what comes, until cancelled."""
        while True:
            self._woken.clear()
            if not self._followers:
                self._has_position.clear()
                await self._woken.wait()
                continue
            try:
                if await self._advance():
                    await asyncio.sleep(0)  # the others' turn: SQLite is read in place
                    continue
            except DATABASE_AWAY as error:
                log.error("event log cannot be read", reason=type(error).__name__)
            await asyncio.sleep(GATHER)
            await set_within(self._woken, _LOOK_ANYWAY)

    async def follow(
        self, organization_id: int | None, wanted: EventFilter | None = None, *, after: int
    ) -> AsyncGenerator[LoggedEvent]:
        """Every event of the organization, or of all for None, after the one with the id `after`: those there
        are, then each as it happens. Raises Unavailable."""
        async with aclosing(self.batches(organization_id, wanted, after=after)) as batches:
            async for batch in batches:
                for event in batch:
                    yield event

    async def batches(
        self, organization_id: int | None, wanted: EventFilter | None = None, *, after: int
    ) -> AsyncGenerator[Sequence[LoggedEvent]]:
        """`follow` with what there is at a time, at most 1000 events and at least one."""
        follower = _Follower(wanted)
        self._followers[organization_id].add(follower)
        self._woken.set()
        try:
            while True:
                await self._has_position.wait()
                # Events that the tail reads from here on wait; those that it has read before are in the log.
                follower.begin()
                events = await self._log.read(organization_id, wanted, after=after)
                if events:
                    after = events[-1].id
                    yield events
                if len(events) == MOST_AT_ONCE:
                    await asyncio.sleep(0)  # the others' turn
                    continue
                while not follower.is_behind:
                    news = [event for event in follower.take() if event.id > after]
                    if news:
                        after = news[-1].id
                        yield news
                    else:
                        # As far as nothing was wanted, it need not be read again if it falls behind.
                        after = max(after, self._position)
                        await follower.woken()
        finally:
            self._leave(organization_id, follower)

    async def _advance(self) -> bool:
        """Read on from where the tail is. Whether there is more at once."""
        if not self._has_position.is_set():
            self._position = await self._log.newest(None)
            self._has_position.set()
            return False
        events, self._position = await self._log.read_on(self._position, self._types)
        for event in events:
            for followers in (self._followers.get(event.organization_id, ()), self._followers.get(None, ())):
                for follower in followers:
                    follower.hand(event)
        return len(events) == MOST_AT_ONCE

    def _leave(self, organization_id: int | None, follower: _Follower) -> None:
        self._followers[organization_id].discard(follower)
        if not self._followers[organization_id]:
            del self._followers[organization_id]

    async def _wake(self, notice: EventsAppended) -> None:
        if (
            notice.last > self._position
            and (None in self._followers or notice.organization_id in self._followers)
            and (not notice.types or any(matches(self._types, kind) for kind in notice.types))
        ):
            self._woken.set()


class _Follower:
    """Queue of events for one reader who follows the log. Of events that do not fit, only that they are
    missing is known."""

    def __init__(self, wanted: EventFilter | None) -> None:
        self._wanted = wanted
        self._waiting: deque[LoggedEvent] = deque()
        self._changed = asyncio.Event()
        self.is_behind = True

    def begin(self) -> None:
        """Let what comes wait from now on."""
        self._waiting.clear()
        self.is_behind = False

    def hand(self, event: LoggedEvent) -> None:
        if self.is_behind or (self._wanted is not None and not fits(self._wanted, event)):
            return
        if len(self._waiting) == MOST_BEHIND:
            self._waiting.clear()
            self.is_behind = True
        else:
            self._waiting.append(event)
        self._changed.set()

    def take(self) -> Sequence[LoggedEvent]:
        taken = list(self._waiting)
        self._waiting.clear()
        return taken

    async def woken(self) -> None:
        """Wait until something waits, or does not fit any more."""
        self._changed.clear()
        await self._changed.wait()
