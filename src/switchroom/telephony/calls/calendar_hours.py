"""Calendar hours: when the calendars of an account are open, worked out in a thread before calls need it.

An account can have calendars that take a second each, and a call may come to any number of them. So there is
a budget for a call; one calendar is worked out at a time, those of one account after each other; and what was
found is kept for a day, also of those that are broken. Whatever is beyond the budget is closed for this call,
and the next one finds the work of this one done.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from time import thread_time
from weakref import WeakValueDictionary

import structlog
from msgspec import Struct, structs

from switchroom.telephony.routing.configuration import Calendar
from switchroom.telephony.routing.opening_hours import Span, spans_of

CALL_BUDGET = 0.5
"""Seconds of processor time for the calendars of one call."""

MOST_SPANS = 200_000
"""Of all calendars that are kept: about 40 MB."""

_KEPT_FOR = timedelta(days=1)
_READ_AT_ONCE = 10

Texts = Callable[[Sequence[int]], Awaitable[Mapping[int, str]]]
"""Reads the iCalendar texts of calendars by their ids."""

log = structlog.stdlib.get_logger(__name__)


class _Worked(Struct, frozen=True):
    since: datetime
    spans: tuple[Span, ...]


class CalendarHours:
    """Opening hours of all accounts of a worker."""

    def __init__(self, budget: float = CALL_BUDGET) -> None:
        self._budget = budget
        self._one_at_a_time = asyncio.Semaphore(1)
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._worked: OrderedDict[bytes, _Worked] = OrderedDict()
        self._spans = 0

    async def filled(
        self, organization_id: int, calendars: Mapping[int, Calendar], zone: str, texts: Texts, now: datetime
    ) -> Mapping[int, Calendar]:
        """The calendars of a call with the times at which they are open. `zone` is the account's."""
        wanted = [id_ for id_, one in calendars.items() if one.forced is None]
        if not wanted:
            return calendars
        found = dict(calendars)
        left = self._budget
        async with self._turns.setdefault(organization_id, asyncio.Lock()):
            while wanted and left > 0:
                part, wanted = wanted[:_READ_AT_ONCE], wanted[_READ_AT_ONCE:]
                for id_, text in (await texts(part)).items():
                    calendar = found[id_]
                    spans, spent = await self._of(text, calendar.time_zone or zone, now)
                    found[id_] = structs.replace(calendar, spans=spans)
                    left -= spent
                    if left <= 0:
                        break
        if left <= 0:
            log.warning("calendars of a call take too long", organization=organization_id)
        return found

    async def _of(self, text: str, zone: str, now: datetime) -> tuple[tuple[Span, ...], float]:
        """The spans, and the seconds that it took to work them out."""
        key = blake2b(f"{zone}\n{text}".encode(), digest_size=16).digest()
        worked = self._worked.get(key)
        if worked is not None and worked.since <= now < worked.since + _KEPT_FOR:
            self._worked.move_to_end(key)
            return worked.spans, 0.0
        async with self._one_at_a_time:
            spans, spent = await asyncio.to_thread(_timed, text, zone, now)
        self._keep(key, _Worked(now, spans))
        return spans, spent

    def _keep(self, key: bytes, worked: _Worked) -> None:
        before = self._worked.pop(key, None)
        self._spans += len(worked.spans) + 1 - (len(before.spans) + 1 if before is not None else 0)
        self._worked[key] = worked
        while self._spans > MOST_SPANS and len(self._worked) > 1:
            _, oldest = self._worked.popitem(last=False)
            self._spans -= len(oldest.spans) + 1


def _timed(text: str, zone: str, now: datetime) -> tuple[tuple[Span, ...], float]:
    began = thread_time()
    return spans_of(text, zone, now), thread_time() - began
