"""Delivering for one hook."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from datetime import timedelta

import structlog
from msgspec import Struct
from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import Unavailable
from switchroom.events.waking import woken
from switchroom.events.webhooks.models import WebHook
from switchroom.events.webhooks.outbound import Answer, Outbound
from switchroom.events.webhooks.outcomes import Outcome, Outcomes
from switchroom.events.webhooks.pace import Pace, Shares
from switchroom.events.webhooks.signature import signature
from switchroom.events.webhooks.waiting import Waiting, read_waiting

_READ_AT_ONCE = 200
_READ_MORE_BELOW = 100
_FROM_THE_BEGINNING_EVERY = 1.0
_LONGEST_ERROR = 500

DELIVERIES = Counter("switchroom_webhook_deliveries_total", "Attempts to deliver an event.", ["outcome"])
_DELIVERED, _FAILED = DELIVERIES.labels("delivered"), DELIVERIES.labels("failed")

log = structlog.get_logger()


class _Target(Struct, frozen=True):
    url: str
    method: str
    secret: str
    api_key: str


class Courier:
    """Delivers what waits for a hook while its worker has the lease.

    Deliveries about one object go one after the other, those about different objects side by side. When one
    fails, those after it are left to wait in the database.
    """

    def __init__(
        self,
        hook_id: int,
        database: Database,
        outbound: Outbound,
        outcomes: Outcomes,
        pace: Pace,
        retry_delays: Sequence[timedelta],
        reading: asyncio.Semaphore,
        shares: Shares,
    ) -> None:
        """`reading` keeps the couriers of a worker from taking all connections to the database, `shares` from
        taking each other's to receivers."""
        self._hook_id = hook_id
        self._database = database
        self._outbound = outbound
        self._outcomes = outcomes
        self._pace = pace
        self._retry_delays = retry_delays
        self._reading = reading
        self._shares = shares
        self._target: _Target | None = None
        self._lines: dict[str, deque[Waiting]] = {}  # by object; an object stays while one of it is under way
        self._ready: deque[str] = deque()  # objects of which none is under way
        self._unsent = 0
        self._sending = 0
        self._in_hand: set[int] = set()  # until their outcome is written
        self._failed: set[str] = set()  # objects of which a failure is not yet written
        self._barred: set[str] = set()  # and those of which one was not when the last reading began
        self._after = 0
        self._from_the_beginning_at = 0.0
        self._more = True
        self._stopping = False
        self._changed = asyncio.Event()

    def look(self) -> None:
        """More may wait."""
        self._more = True
        self._changed.set()

    def stop(self) -> None:
        """Send nothing more but what is under way."""
        self._stopping = True
        self._changed.set()

    async def run(self) -> None:
        """Deliver until nothing waits any more, or `stop` is called, and nothing is under way."""
        async with asyncio.TaskGroup() as senders:
            try:
                await self._work(senders)
            except (SQLAlchemyError, OSError, Unavailable) as error:
                log.error("a web hook cannot be read", hook=self._hook_id, reason=type(error).__name__)
                self.stop()

    async def _work(self, senders: asyncio.TaskGroup) -> None:
        while not self._stopping:
            self._changed.clear()
            if self._unsent < _READ_MORE_BELOW and (
                self._more or time.monotonic() >= self._from_the_beginning_at
            ):
                await self._read()
            while self._ready and self._sending < self._pace.at_once:
                self._sending += 1
                senders.create_task(self._send(self._ready.popleft()))
            if self._more and self._unsent < _READ_MORE_BELOW:
                continue
            if not self._sending:
                return
            await woken(self._changed)

    async def _read(self) -> None:
        """Take more in hand."""
        if time.monotonic() >= self._from_the_beginning_at:
            # What failed before, and what had to wait behind it, is earlier in the log.
            self._from_the_beginning_at = time.monotonic() + _FROM_THE_BEGINNING_EVERY
            self._after = 0
        async with self._reading:
            await self._read_on()

    async def _read_on(self) -> None:
        # As of before the reading, which may not see what is written meanwhile.
        in_hand, self._barred = set(self._in_hand), set(self._failed)
        limit = _READ_AT_ONCE + (0 if self._after else len(in_hand))
        self._more = False
        async with self._database.read(None) as session:
            hook = await session.get(WebHook, self._hook_id)
            if hook is None or not hook.enabled:
                self.stop()
                return
            self._target = _Target(hook.url, hook.verb.upper(), hook.secret, hook.api_key)
            rows = await read_waiting(session, self._hook_id, after=self._after, limit=limit)
        if len(rows) == limit:
            self._more = True
        for row in rows:
            if row.object_id in self._barred:
                if row.object_id not in self._failed:
                    self._from_the_beginning_at = 0.0
            elif row.id not in in_hand:
                self._take(row)
            self._after = row.event_id

    def _take(self, delivery: Waiting) -> None:
        self._in_hand.add(delivery.id)
        self._unsent += 1
        line = self._lines.get(delivery.object_id)
        if line is None:
            self._lines[delivery.object_id] = deque([delivery])
            self._ready.append(delivery.object_id)
        else:
            line.append(delivery)

    async def _send(self, object_id: str) -> None:
        """Send the next one about the object, then about whichever is ready, as long as the pace allows."""
        try:
            while True:
                await self._pace.turn()
                if self._stopping or self._sending > self._pace.at_once:
                    self._ready.appendleft(object_id)
                    return
                async with self._shares.of(self._pace, self._lines[object_id][0].attempts):
                    if self._stopping:
                        self._ready.appendleft(object_id)
                        return
                    one = self._lines[object_id].popleft()
                    self._unsent -= 1
                    answer = await self._attempt(one)
                self._note(one, answer)
                if not self._ready:
                    return
                object_id = self._ready.popleft()
                if self._sending < self._pace.at_once or (self._more and self._unsent < _READ_MORE_BELOW):
                    self._changed.set()
        finally:
            self._sending -= 1
            self._changed.set()

    async def _attempt(self, one: Waiting) -> Answer:
        target = self._target
        assert target is not None
        body, timestamp = one.body.encode(), str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Switchroom",
            "X-Webhook-Id": str(one.event_id),
            "X-Webhook-Timestamp": timestamp,
            "X-Webhook-Signature": signature(target.secret, timestamp, body),
        }
        if target.api_key:
            headers["X-API-KEY"] = target.api_key
        started = time.monotonic()
        answer = await self._outbound.send(target.method, target.url, headers, body)
        self._pace.answered(time.monotonic() - started, accepted=answer.is_accepted)
        (_DELIVERED if answer.is_accepted else _FAILED).inc()
        return answer

    def _note(self, one: Waiting, answer: Answer) -> None:
        line = self._lines[one.object_id]
        if answer.is_accepted:
            self._outcomes.add(Outcome(self._hook_id, one, answer.status, "", None, self._written))
            if line:
                self._ready.append(one.object_id)
            else:
                del self._lines[one.object_id]
            return
        del self._lines[one.object_id]
        self._unsent -= len(line)
        self._in_hand.difference_update(later.id for later in line)
        self._failed.add(one.object_id)
        self._barred.add(one.object_id)
        problem = (answer.problem or f"the receiver answered {answer.status}")[:_LONGEST_ERROR]
        if one.attempts < len(self._retry_delays):
            retry_at = now() + self._retry_delays[one.attempts]
        else:
            retry_at = None
            log.warning("delivery given up", hook=self._hook_id, event_id=one.event_id, reason=problem)
        self._outcomes.add(Outcome(self._hook_id, one, answer.status, problem, retry_at, self._written))

    def _written(self, outcome: Outcome) -> None:
        self._in_hand.discard(outcome.delivery.id)
        if outcome.problem:
            self._failed.discard(outcome.delivery.object_id)
            self._from_the_beginning_at = 0.0
            self.look()
