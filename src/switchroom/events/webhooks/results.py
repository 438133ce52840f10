"""Results of attempts at deliveries, written many at a time."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, cast

import structlog
from msgspec import Struct
from sqlalchemy import BigInteger, Table, bindparam, literal_column, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.clock import clock
from switchroom.db.database import Database
from switchroom.events.webhooks.due import DueDelivery
from switchroom.events.webhooks.leases import HookLeases
from switchroom.events.webhooks.models import Delivery, DeliveryState, WebHook
from switchroom.jobs.retry import DATABASE_AWAY

GATHER = 0.05
"""Seconds for which results gather."""

_AT_ONCE = 500
_RETRY_AFTER = 1.0
_MICROSECOND = timedelta(microseconds=1)

log = structlog.get_logger()


class DeliveryResult(Struct, frozen=True):
    """Result of an attempt: `problem` is empty when it was accepted. One that failed is made again
    after `delay`, or given up if that is None. `written` is called once this is in the database."""

    hook_id: int
    delivery: DueDelivery
    status: int
    problem: str
    delay: timedelta | None
    written: Callable[[DeliveryResult], None]


class DeliveryResults:
    """Results that are to be written, and leases to give up: each with or after the results that were added
    before."""

    def __init__(self, database: Database, leases: HookLeases) -> None:
        self._database = database
        self._leases = leases
        self._results: list[DeliveryResult] = []
        self._hooks: list[tuple[int, asyncio.Future[None]]] = []
        self._some = asyncio.Event()

    def add(self, result: DeliveryResult) -> None:
        self._results.append(result)
        self._some.set()

    async def give_up(self, hook_id: int) -> None:
        """Give up the lease of a hook, with or after the last result of its deliveries."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._hooks.append((hook_id, done))
        self._some.set()
        await done

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._some.wait()
            self._some.clear()
            await asyncio.sleep(GATHER)
            try:
                await self.finish()
            except DATABASE_AWAY as error:
                log.error("web hooks cannot be written", reason=type(error).__name__)
                await asyncio.sleep(_RETRY_AFTER)
                self._some.set()

    async def finish(self) -> None:
        """Write everything added so far."""
        while self._results or self._hooks:
            part = self._results[:_AT_ONCE]
            hooks = self._hooks[:] if len(part) == len(self._results) else []
            async with self._database.write(None) as session:
                await _write(session, part)
                if hooks:
                    await self._leases.release(session, [hook_id for hook_id, _ in hooks])
            del self._results[: len(part)]
            del self._hooks[: len(hooks)]
            for result in part:
                result.written(result)
            for _, done in hooks:
                if not done.done():
                    done.set_result(None)


_DELIVERIES = cast("Table", Delivery.__table__)
_HOOKS = cast("Table", WebHook.__table__)
_STILL_WAITING = _DELIVERIES.c.state == literal_column(f"'{DeliveryState.WAITING}'")
_FAILED = (
    update(_DELIVERIES)
    .where(
        _DELIVERIES.c.id == bindparam("delivery"),
        _DELIVERIES.c.attempts == bindparam("before"),
        _STILL_WAITING,
    )
    .values(
        state=bindparam("new_state"),
        attempts=_DELIVERIES.c.attempts + 1,
        next_attempt_at=clock(bindparam("delay", type_=BigInteger())),
        finished_at=bindparam("finished"),
        last_status=bindparam("status"),
        last_error=bindparam("problem"),
    )
)


async def _write(session: AsyncSession, results: Sequence[DeliveryResult]) -> None:
    moment = now()
    accepted: defaultdict[int, list[int]] = defaultdict(list)
    failed: list[dict[str, Any]] = []
    given_up: dict[int, str] = {}
    for one in results:
        if not one.problem:
            accepted[one.status].append(one.delivery.id)
            continue
        failed.append(
            {
                "delivery": one.delivery.id,
                "before": one.delivery.attempts,
                "new_state": DeliveryState.DEAD if one.delay is None else DeliveryState.WAITING,
                "delay": (one.delay or timedelta()) // _MICROSECOND,
                "finished": moment if one.delay is None else None,
                "status": one.status,
                "problem": one.problem,
            }
        )
        if one.delay is None:
            given_up[one.hook_id] = one.problem
    # Hooks, deliveries, leases: the order in which the deletion of a hook locks them.
    for hook_id, problem in sorted(given_up.items()):
        await session.execute(update(_HOOKS).where(_HOOKS.c.id == hook_id).values(problem=problem))
    for status, ids in accepted.items():
        await session.execute(
            update(_DELIVERIES)
            .where(_DELIVERIES.c.id.in_(ids), _STILL_WAITING)
            .values(
                state=DeliveryState.DELIVERED,
                attempts=_DELIVERIES.c.attempts + 1,
                finished_at=moment,
                last_status=status,
                last_error="",
            )
        )
    if failed:
        await session.execute(_FAILED, failed)
