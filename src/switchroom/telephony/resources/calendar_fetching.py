"""Fetching of external calendars: in the background, from time to time, with what was fetched kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from random import SystemRandom

import structlog
from sqlalchemy import true

from switchroom.bus import Bus
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.events.webhooks.addresses import Fetched
from switchroom.events.webhooks.outbound import Outbound
from switchroom.jobs.due_rows import Claim, DueRows
from switchroom.jobs.retry import written
from switchroom.jobs.runner import Runner, Work
from switchroom.telephony.resources.calendars import CalendarToFetch, ExternalCalendar, problem_of
from switchroom.telephony.routing.opening_hours import LARGEST_CALENDAR
from switchroom.texts import message

FETCH_LIMIT = 15.0
"""Seconds for an answer, redirects included."""

REFRESH_EVERY = timedelta(hours=1)
RETRY_AFTER = timedelta(minutes=5)
"""After the first failure; twice as long after each further one, up to the time after a success."""

MOST_REDIRECTS = 5
_LARGEST = 4 * LARGEST_CALENDAR
"""Bytes: characters have up to four."""
_LONGEST_PROBLEM = 300
_SPREAD = 0.1
_RANDOM = SystemRandom()

log = structlog.get_logger()


class CalendarFetching(Work[Claim[ExternalCalendar]]):
    """Fetches external calendars as they fall due, in any number of processes over one database. What cannot
    be fetched, or is no calendar, leaves what there was before."""

    kind = "external calendars"
    at_once = 4
    claims_at_once = 4
    look_every = 30.0

    def __init__(
        self, database: Database, outbound: Outbound, bus: Bus, *, every: timedelta = REFRESH_EVERY
    ) -> None:
        self._database = database
        self._outbound = outbound
        self._every = every
        self.leases = self._due = DueRows(
            database,
            ExternalCalendar,
            key=ExternalCalendar.id,
            due=ExternalCalendar.due_at,
            worker=ExternalCalendar.worker,
            attempts=ExternalCalendar.attempts,
            waiting=true(),
            lease=timedelta(seconds=2 * FETCH_LIMIT),
        )
        self._runner = Runner(self)
        bus.subscribe(CalendarToFetch, self._wake)

    async def run(self) -> None:
        """Fetch until cancelled."""
        try:
            await self._runner.run()
        finally:
            await self._outbound.close()

    async def claim(self, limit: int) -> Sequence[Claim[ExternalCalendar]]:
        return await self._due.claim(limit)

    async def due_in(self) -> timedelta | None:
        return await self._due.due_in()

    async def count_waiting(self) -> int:
        return await self._due.count_due()

    async def do(self, job: Claim[ExternalCalendar]) -> None:
        row = job.row
        headers = {"Accept": "text/calendar", "User-Agent": "Switchroom"}
        if row.etag:
            headers["If-None-Match"] = row.etag
        found = await self._outbound.fetch(row.url, headers, largest=_LARGEST, redirects=MOST_REDIRECTS)
        is_unchanged = found.status == 304 and bool(row.etag)
        ics, problem = ("", "") if is_unchanged else await _calendar_in(found)
        if problem:
            wait = min(RETRY_AFTER * 2 ** min(row.failures, 10), self._every)
            log.info("calendar not fetched", calendar=row.calendar_id, problem=problem)
            await self._settle(job, wait, problem=problem[:_LONGEST_PROBLEM], failures=row.failures + 1)
            return
        changed = {} if is_unchanged else {"ics": ics, "etag": found.etag}
        await self._settle(job, self._every, problem="", failures=0, fetched_at=now(), **changed)

    async def _settle(self, job: Claim[ExternalCalendar], again: timedelta, **values: object) -> None:
        # Not all that were made at the same time at the same time.
        again *= _RANDOM.uniform(1, 1 + _SPREAD)

        async def settle() -> None:
            async with self._database.write(None) as session:
                await self._due.settle(session, job, again=again, **values)

        await written(settle, "fetched calendar", self._due.lease)

    async def _wake(self, _: CalendarToFetch) -> None:
        self._runner.wake()


async def _calendar_in(found: Fetched) -> tuple[str, str]:
    """The text of the calendar, and what is wrong with it."""
    if found.problem:
        return "", found.problem
    if found.status != 200:
        return "", f"the server answered with status {found.status}"
    try:
        ics = found.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "", "the calendar is not in UTF-8"
    if "\0" in ics:
        return "", "the calendar has a null character"
    wrong = await asyncio.to_thread(problem_of, ics)
    return (ics, "") if wrong is None else ("", message(wrong))
