"""The worker that sends what is queued to its receivers."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

import structlog
from msgspec import Struct
from prometheus_client import Counter
from sqlalchemy import delete, exists, literal_column, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from switchroom.bus import Bus
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import Unavailable
from switchroom.events.webhooks.models import STILL_WAITING, Delivery, DeliveryState, WebHook
from switchroom.events.webhooks.notices import DeliveriesQueued
from switchroom.events.webhooks.outbound import Answer, Outbound
from switchroom.events.webhooks.signature import signature

RETRY_DELAYS: Sequence[timedelta] = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
)
"""How long to wait after each attempt that failed; after one more than these the delivery is given up."""

ANSWER_LIMIT = 10.0
"""Seconds that a receiver may take."""

CLAIM_MARGIN = 30.0
"""Seconds beyond the time that deliveries may take, after which another process takes them up."""

ORDER_HELD = 2
"""Failed attempts of a delivery for which later ones about the same object wait for it."""

DELIVERIES = Counter("switchroom_webhook_deliveries_total", "Attempts to deliver an event.", ["outcome"])

_STREAMS_OF_A_HOOK = 8
_TAKEN_FOR_A_HOOK = 200
_LONGEST_STREAM = 25
_LOOK_ANYWAY = 1.0
_SHORTEST_REST = 0.02
_KEPT = timedelta(days=30)
_SECONDS_BETWEEN_CLEANINGS = 3600.0
_SECONDS_TO_FINISH = 3.0
_LONGEST_ERROR = 500

log = structlog.get_logger()


class _Claimed(Struct, frozen=True):
    """A delivery in hand. `attempt` counts from 1, and tells this claim from a later one by somebody else."""

    id: int
    event_id: int
    object_id: str
    body: str
    attempt: int


class _Target(Struct, frozen=True):
    hook_id: int
    url: str
    verb: str
    secret: str


class HookDelivery:
    """Delivers to all hooks at once, in any number of processes over one database.

    What is due is claimed hook by hook, so that one with thousands of deliveries has no more of them in hand
    than another. Deliveries about one object go one after the other; those about different objects side by
    side, a few for each hook, and one only for a hook that does not answer.
    """

    def __init__(
        self,
        database: Database,
        outbound: Outbound,
        bus: Bus,
        *,
        retry_delays: Sequence[timedelta] = RETRY_DELAYS,
        answer_limit: float = ANSWER_LIMIT,
        claim_margin: float = CLAIM_MARGIN,
    ) -> None:
        """`outbound` gives a receiver `answer_limit` seconds."""
        self._database = database
        self._outbound = outbound
        self._retry_delays = retry_delays
        self._answer_limit = timedelta(seconds=answer_limit)
        self._claim_margin = timedelta(seconds=claim_margin)
        self._woken = asyncio.Event()
        self._streams: defaultdict[int, set[asyncio.Task[None]]] = defaultdict(set)
        self._failing: set[int] = set()
        self._cleaned_at = 0.0
        bus.subscribe(DeliveriesQueued, self._wake)

    async def run(self) -> None:
        """Deliver until cancelled. What is under way gets a few seconds more."""
        try:
            while True:
                self._woken.clear()
                try:
                    await self._clean()
                    started = await self._start()
                except (SQLAlchemyError, OSError, Unavailable) as error:
                    log.error("web hooks cannot be read", reason=type(error).__name__)
                    started = False
                if not started:
                    await self._rest()
        finally:
            await self._finish()

    async def _wake(self, _: DeliveriesQueued) -> None:
        self._woken.set()

    async def _rest(self) -> None:
        """Wait for new deliveries, or until one that failed may be due."""
        await asyncio.sleep(_SHORTEST_REST)
        try:
            async with asyncio.timeout(_LOOK_ANYWAY):
                await self._woken.wait()
        except TimeoutError:
            pass

    def _room(self, hook_id: int) -> int:
        """How many more streams a hook may have at a time."""
        most = 1 if hook_id in self._failing else _STREAMS_OF_A_HOOK
        return most - len(self._streams[hook_id])

    async def _start(self) -> bool:
        """Claim what is due and begin to deliver it. Whether there was any."""
        async with self._database.read(None) as session:
            due = await session.scalars(
                select(Delivery.hook_id)
                .join(WebHook, WebHook.id == Delivery.hook_id)
                .where(STILL_WAITING, Delivery.next_attempt_at <= now(), WebHook.enabled)
                .distinct()
            )
            hooks = [hook_id for hook_id in due if self._room(hook_id) > 0]
        started = False
        for hook_id in hooks:
            async with self._database.write(None) as session:
                found = await self._take(session, hook_id)
            if found is None:
                continue
            target, streams = found
            for stream in streams:
                started = True
                task = asyncio.create_task(self._deliver(target, stream))
                self._streams[hook_id].add(task)
                task.add_done_callback(self._streams[hook_id].discard)
                task.add_done_callback(lambda _: self._woken.set())
        return started

    async def _take(self, session: AsyncSession, hook_id: int) -> tuple[_Target, list[list[_Claimed]]] | None:
        """Claim deliveries of a hook: a list for each object, in the order of the log."""
        hook = await session.get(WebHook, hook_id)
        if hook is None:
            return None
        moment = now()
        earlier = aliased(Delivery)
        rows = await session.scalars(
            select(Delivery)
            .where(
                Delivery.hook_id == hook_id,
                STILL_WAITING,
                Delivery.next_attempt_at <= moment,
                ~exists().where(
                    earlier.hook_id == hook_id,
                    earlier.object_id == Delivery.object_id,
                    earlier.event_id < Delivery.event_id,
                    earlier.state == literal_column(f"'{DeliveryState.WAITING}'"),
                    earlier.next_attempt_at > moment,
                    earlier.attempts <= ORDER_HELD,
                ),
            )
            .order_by(Delivery.event_id)
            .limit(1 if hook_id in self._failing else _TAKEN_FOR_A_HOOK)
            .with_for_update(skip_locked=True, of=Delivery)
        )
        by_object = sorted(rows, key=lambda row: (row.object_id, row.event_id))
        streams = [list(stream) for _, stream in groupby(by_object, key=lambda row: row.object_id)]
        claimed: list[list[_Claimed]] = []
        for stream in streams[: self._room(hook_id)]:
            taken = stream[:_LONGEST_STREAM]
            for number, row in enumerate(taken, start=1):
                row.attempts += 1
                # It may have to wait for all before it.
                row.next_attempt_at = moment + number * self._answer_limit + self._claim_margin
            claimed.append(
                [_Claimed(row.id, row.event_id, row.object_id, row.body, row.attempts) for row in taken]
            )
        return _Target(hook.id, hook.url, hook.verb, hook.secret), claimed

    async def _deliver(self, target: _Target, stream: Sequence[_Claimed]) -> None:
        """Send one after the other; when one fails, give those after it back."""
        done: list[tuple[_Claimed, Answer]] = []
        try:
            for one in stream:
                answer = await self._send(target, one)
                done.append((one, answer))
                if not answer.is_accepted:
                    break
        finally:
            await asyncio.shield(self._settle(target, stream, done))

    async def _send(self, target: _Target, one: _Claimed) -> Answer:
        body, timestamp = one.body.encode(), str(int(time.time()))
        answer = await self._outbound.send(
            target.verb.upper(),
            target.url,
            {
                "Content-Type": "application/json",
                "User-Agent": "Switchroom",
                "X-Webhook-Id": str(one.event_id),
                "X-Webhook-Timestamp": timestamp,
                "X-Webhook-Signature": signature(target.secret, timestamp, body),
            },
            body,
        )
        DELIVERIES.labels("delivered" if answer.is_accepted else "failed").inc()
        (self._failing.discard if answer.is_accepted else self._failing.add)(target.hook_id)
        return answer

    async def _settle(
        self, target: _Target, stream: Sequence[_Claimed], done: Sequence[tuple[_Claimed, Answer]]
    ) -> None:
        """Write down what came of a stream, unless it is in other hands by now."""
        moment = now()
        accepted = [one for one, answer in done if answer.is_accepted]
        try:
            async with self._database.write(None) as session:
                if accepted:
                    await session.execute(
                        update(Delivery)
                        .where(Delivery.id.in_([one.id for one in accepted]), STILL_WAITING)
                        .values(
                            state=DeliveryState.DELIVERED,
                            finished_at=moment,
                            last_status=done[0][1].status,
                            last_error="",
                        )
                        .execution_options(synchronize_session=False)
                    )
                for one, answer in done[len(accepted) :]:
                    await self._failed(session, target, one, answer)
                for one in stream[len(done) :]:
                    await _change(session, one, attempts=one.attempt - 1, next_attempt_at=moment)
        except (SQLAlchemyError, OSError, Unavailable) as error:
            log.error("web hooks cannot be written", hook=target.hook_id, reason=type(error).__name__)

    async def _failed(self, session: AsyncSession, target: _Target, one: _Claimed, answer: Answer) -> None:
        problem = (answer.problem or f"the receiver answered {answer.status}")[:_LONGEST_ERROR]
        outcome = {"last_status": answer.status, "last_error": problem}
        if one.attempt <= len(self._retry_delays):
            due = now() + self._retry_delays[one.attempt - 1]
            await _change(session, one, next_attempt_at=due, **outcome)
            return
        await _change(session, one, state=DeliveryState.DEAD, finished_at=now(), **outcome)
        log.warning("delivery given up", hook=target.hook_id, event_id=one.event_id, reason=problem)
        await session.execute(
            update(WebHook)
            .where(WebHook.id == target.hook_id)
            .values(problem=problem)
            .execution_options(synchronize_session=False)
        )

    async def _clean(self) -> None:
        if time.monotonic() - self._cleaned_at < _SECONDS_BETWEEN_CLEANINGS and self._cleaned_at:
            return
        self._cleaned_at = time.monotonic()
        async with self._database.write(None) as session:
            await session.execute(
                delete(Delivery).where(
                    Delivery.created_at < now() - _KEPT, Delivery.state != DeliveryState.WAITING
                )
            )

    async def _finish(self) -> None:
        under_way = [task for streams in self._streams.values() for task in streams]
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=_SECONDS_TO_FINISH)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._outbound.close()


async def _change(session: AsyncSession, one: _Claimed, **values: object) -> None:
    await session.execute(
        update(Delivery)
        .where(Delivery.id == one.id, STILL_WAITING, Delivery.attempts == one.attempt)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
