"""Sender of the deliveries of one hook."""

from __future__ import annotations

import asyncio
import math
import time

import structlog
from msgspec import Struct
from prometheus_client import Counter

from switchroom.db.database import Database
from switchroom.events.webhooks.addresses import Answer
from switchroom.events.webhooks.concurrency import ConcurrencyLimit, Shares
from switchroom.events.webhooks.due import ORDER_HELD, DueDelivery, read_new, read_retries
from switchroom.events.webhooks.models import WebHook
from switchroom.events.webhooks.outbound import Outbound
from switchroom.events.webhooks.queues import Queues
from switchroom.events.webhooks.results import DeliveryResult, DeliveryResults
from switchroom.events.webhooks.signature import signature
from switchroom.jobs.retry import DATABASE_AWAY, Schedule
from switchroom.tasks import set_within

_READ_AT_ONCE = 400
_READ_MORE_BELOW = 200
_READ_EVERY = 1.0
"""Seconds between two readings without a notice: other processes may not be heard."""

_FROM_THE_BEGINNING_AFTER = 0.25
"""Seconds between two readings from the beginning, when something behind a failure may be sent."""

_PAUSES_BETWEEN_READINGS = 5
"""Pauses of a receiver that fails, before deliveries that fell due meanwhile are read."""

_LONGEST_ERROR = 500

DELIVERIES = Counter("switchroom_webhook_deliveries_total", "Attempts to deliver an event.", ["outcome"])
_DELIVERED, _FAILED = DELIVERIES.labels("delivered"), DELIVERIES.labels("failed")

log = structlog.get_logger()


class _Target(Struct, frozen=True):
    url: str
    method: str
    secret: str
    api_key: str
    retries: int | None


class Sender:
    """Sender of what waits for a hook, while its worker has the lease.

    Deliveries about one object go one after the other, those about different objects side by side. When one
    fails, those after it are left to wait in the database. What is to be tried again goes before what was not
    tried yet.
    """

    def __init__(
        self,
        hook_id: int,
        database: Database,
        outbound: Outbound,
        results: DeliveryResults,
        concurrency: ConcurrencyLimit,
        retries: Schedule,
        reading: asyncio.Semaphore,
        shares: Shares,
    ) -> None:
        """`reading` keeps the senders of a worker from taking all connections to the database, `shares` from
        taking each other's place at receivers."""
        self._hook_id = hook_id
        self._database = database
        self._outbound = outbound
        self._results = results
        self._concurrency = concurrency
        self._retries = retries
        self._reading = reading
        self._shares = shares
        self._target: _Target | None = None
        self._queues = Queues()
        self._sending = 0
        self._in_hand: dict[int, DueDelivery] = {}  # by id, until their result is written
        self._failed: set[str] = set()  # objects of which a failure is not yet written
        self._barred: set[str] = set()  # and those of which one was not when the last reading began
        # Objects with deliveries left behind a failure, and whether it holds them back no longer: until they
        # are read from the beginning, nothing newer about those goes.
        self._left_behind: dict[str, bool] = {}
        self._after = 0
        self._begun_at = -math.inf
        self._from_the_beginning_at = -math.inf
        self._retries_at = -math.inf
        self._more = True
        self._stopping = False
        self._changed = asyncio.Event()

    def wake(self) -> None:
        """More may wait."""
        self._more = True
        self._changed.set()

    @property
    def is_stopping(self) -> bool:
        return self._stopping

    def stop(self) -> None:
        """Send nothing more but what is under way."""
        self._stopping = True
        self._changed.set()

    async def run(self) -> None:
        """Deliver until nothing waits any more, or `stop` is called, and nothing is under way."""
        async with asyncio.TaskGroup() as requests:
            try:
                await self._work(requests)
            except DATABASE_AWAY as error:
                log.error("a web hook cannot be read", hook=self._hook_id, reason=type(error).__name__)
                self.stop()

    async def _work(self, requests: asyncio.TaskGroup) -> None:
        while not self._stopping:
            self._changed.clear()
            if self._wants_new or self._wants_retries:
                await self._read()
            while self._queues.are_ready and self._sending < self._concurrency.at_once:
                self._sending += 1
                requests.create_task(self._send(self._queues.reserve()))
            if self._more and self._has_room:
                continue
            if not self._sending:
                return
            await set_within(self._changed, self._until_reading())

    @property
    def _has_room(self) -> bool:
        return self._queues.unsent < _READ_MORE_BELOW

    @property
    def _wants_new(self) -> bool:
        return self._has_room and (self._more or time.monotonic() >= self._from_the_beginning_at)

    @property
    def _wants_retries(self) -> bool:
        return self._queues.retries < _READ_MORE_BELOW and time.monotonic() >= self._retries_at

    def _until_reading(self) -> float:
        """Seconds until there is something to read, if nobody says so before."""
        soonest = time.monotonic() + _READ_EVERY
        if self._has_room:
            soonest = min(soonest, self._from_the_beginning_at)
        if self._queues.retries < _READ_MORE_BELOW:
            soonest = min(soonest, self._retries_at)
        return max(0.0, soonest - time.monotonic())

    async def _read(self) -> None:
        """Take more in hand."""
        moment = time.monotonic()
        new, retries = self._wants_new, self._wants_retries
        if retries:
            # Sooner at a receiver that fails quickly: it is asked often enough to keep to the schedule.
            wait = _PAUSES_BETWEEN_READINGS * self._concurrency.pause
            self._retries_at = moment + (min(wait, _READ_EVERY) if wait else _READ_EVERY)
        if new and moment >= self._from_the_beginning_at:
            # Deliveries held back behind a failure, and those to be sent once more, are earlier in the log.
            self._begun_at, self._from_the_beginning_at = moment, moment + _READ_EVERY
            self._after = 0
        async with self._reading:
            await self._read_on(new=new, retries=retries)

    async def _read_on(self, *, new: bool, retries: bool) -> None:
        # As of before the reading, which may not see what is written meanwhile.
        in_hand, self._barred = set(self._in_hand), set(self._failed)
        rows: list[DueDelivery] = []
        in_order = self._after == 0
        if new and in_order:
            self._left_behind = {one: freed for one, freed in self._left_behind.items() if not freed}
        async with self._database.read(None) as session:
            hook = await session.get(WebHook, self._hook_id)
            if hook is None or not hook.enabled:
                self.stop()
                return
            self._target = _Target(hook.url, hook.verb.upper(), hook.secret, hook.api_key, hook.retries)
            if retries:
                again = sum(1 for one in self._in_hand.values() if one.attempts)
                rows += await read_retries(session, self._hook_id, limit=_READ_AT_ONCE + again)
            if new:
                self._more = False
                limit = _READ_AT_ONCE + (0 if self._after else len(in_hand))
                found = await read_new(session, self._hook_id, after=self._after, limit=limit)
                if found:
                    self._after = found[-1].event_id
                if len(found) == limit:
                    self._more = True
                rows += found
        for row in rows:
            if 0 < row.attempts <= ORDER_HELD:
                self._left_behind.setdefault(row.object_id, False)
            elif not (row.attempts or in_order) and row.object_id in self._left_behind:
                continue
            if row.object_id not in self._barred and row.id not in in_hand:
                self._in_hand[row.id] = row
                self._queues.add(row)

    async def _send(self, object_id: str) -> None:
        """Send the next one about the object, then about whichever is ready, as long as the receiver's limit
        allows."""
        try:
            while True:
                await self._concurrency.paused()
                self._queues.put_back(object_id)
                if self._stopping or self._sending > self._concurrency.at_once:
                    return
                # Perhaps of another one, of which a retry fell due meanwhile.
                one = self._queues.take(self._queues.reserve())
                async with self._shares.of(self._concurrency, one.attempts):
                    if self._stopping:
                        return
                    answer = await self._attempt(one)
                self._note(one, answer)
                if not self._queues.are_ready:
                    return
                object_id = self._queues.reserve()
                if self._sending < self._concurrency.at_once or (self._more and self._has_room):
                    self._changed.set()
        finally:
            self._sending -= 1
            self._changed.set()

    async def _attempt(self, one: DueDelivery) -> Answer:
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
        self._concurrency.answered(time.monotonic() - started, accepted=answer.is_accepted)
        (_DELIVERED if answer.is_accepted else _FAILED).inc()
        return answer

    def _note(self, one: DueDelivery, answer: Answer) -> None:
        if answer.is_accepted:
            self._queues.done(one.object_id)
            self._results.add(DeliveryResult(self._hook_id, one, answer.status, "", None, self._written))
            return
        for later in self._queues.drop(one.object_id):
            del self._in_hand[later.id]
        self._failed.add(one.object_id)
        self._left_behind[one.object_id] = False
        self._barred.add(one.object_id)
        problem = (answer.problem or f"the receiver answered {answer.status}")[:_LONGEST_ERROR]
        assert self._target is not None
        delay = self._retries.after(one.attempts + 1, self._target.retries)
        if delay is None:
            log.warning("delivery given up", hook=self._hook_id, event_id=one.event_id, reason=problem)
        self._results.add(DeliveryResult(self._hook_id, one, answer.status, problem, delay, self._written))

    def _written(self, result: DeliveryResult) -> None:
        one = result.delivery
        self._in_hand.pop(one.id, None)
        if result.problem:
            self._failed.discard(one.object_id)
            frees_later = result.delay is None or one.attempts >= ORDER_HELD
        else:
            frees_later = 0 < one.attempts <= ORDER_HELD
        if frees_later:
            self._left_behind[one.object_id] = True
            self._from_the_beginning_at = min(
                self._from_the_beginning_at, self._begun_at + _FROM_THE_BEGINNING_AFTER
            )
            self._changed.set()
