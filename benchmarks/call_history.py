"""A page of call records where there are a million, beside the same page where there are a thousand."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct

from benchmarks.figures import Direction, Result, Series, Target
from benchmarks.growth import quarter
from benchmarks.growth_rows import Rows, fast
from switchroom.db import schema
from switchroom.db.base import now
from switchroom.db.statistics import assume_many_rows
from switchroom.platform.build import Platform
from switchroom.settings import Settings
from switchroom.telephony.resources.actor import Actor, Level
from switchroom.telephony.resources.calls_history import (
    CallHistory,
    CallRecord,
    HistoryPage,
    HistoryQuery,
    RecordPlace,
)

FEW, MANY = 1_000, 1_000_000
GROWTH_BELOW = 1.2
_ROUNDS, _WARM_UP = 100, 10
_SECOND = 1_000_000
"""In microseconds, as times of rows."""

_USERS, _USER = 20, 7
"""How many have calls, and who asks for theirs."""


class _Account(Struct, frozen=True):
    """An account with so many records, one every ten seconds up to `until`, of its users in turn."""

    history: CallHistory
    organization_id: int
    records: int
    until: datetime

    @property
    def administrator(self) -> Actor:
        return Actor(self.organization_id, Level.ADMIN)

    async def first(self) -> HistoryPage:
        return await self.history.page(self.administrator, HistoryQuery())

    async def last(self) -> HistoryPage:
        place = RecordPlace(self.until - timedelta(seconds=1005), 0)
        return await self.history.page(self.administrator, HistoryQuery(after=place))

    async def of_user(self) -> HistoryPage:
        user = Actor(self.organization_id, Level.USER, _USER)
        return await self.history.page(user, HistoryQuery(limit=20))

    async def of_a_day(self) -> HistoryPage:
        since = self.until - timedelta(seconds=2000)
        query = HistoryQuery(since=since, until=since + timedelta(seconds=1000), direction="incoming")
        return await self.history.page(self.administrator, query)


_PAGES: Sequence[tuple[str, Callable[[_Account], Awaitable[HistoryPage]]]] = (
    ("the first 100", _Account.first),
    ("the last 100", _Account.last),
    ("20 of a user", _Account.of_user),
    ("incoming ones of a quarter of an hour", _Account.of_a_day),
)


async def measure(directory: Path) -> Result:
    series: list[Series] = []
    targets: list[Target] = []
    async with AsyncExitStack() as stack:
        few = await stack.enter_async_context(_account(directory / "few", FEW))
        many = await stack.enter_async_context(_account(directory / "many", MANY))
        for title, page in _PAGES:
            seconds: dict[int, list[float]] = {FEW: [], MANY: []}
            for number in range(_WARM_UP + _ROUNDS):
                for account in (few, many) if number % 2 else (many, few):
                    began = time.perf_counter()
                    found = await page(account)
                    if number >= _WARM_UP:
                        seconds[account.records].append(time.perf_counter() - began)
                    assert found.records
            for records in (FEW, MANY):
                name = f"{title}, of {records:,}"
                values = [1000 * value for value in seconds[records]]
                series.append(Series(name=name, unit="ms", values=values, is_yardstick=records == FEW))
            grown = quarter(seconds[MANY]) / quarter(seconds[FEW])
            growth = Series(name=f"{title}, of {MANY:,} over of {FEW:,}", unit="×", values=[grown])
            targets.append(Target(growth, Direction.AT_MOST, GROWTH_BELOW))
    return Result(
        title="Call history",
        series=series,
        targets=targets,
        notes=[
            "Pages of records on SQLite, without HTTP; the two in turn. Growth is of what a quarter of the "
            "rounds took less than."
        ],
    )


@asynccontextmanager
async def _account(place: Path, records: int) -> AsyncGenerator[_Account]:
    platform = Platform(Settings(data=str(place)))
    database = platform.storage.database
    try:
        await schema.upgrade(database)
        organization = await platform.found_organization("Bench")
        until = now()
        async with database.engine.connect() as connection:
            await connection.run_sync(fast)
            async with connection.begin():
                moment = int(until.timestamp() * _SECOND)
                await connection.run_sync(
                    lambda one: _write(Rows(one, moment), organization.id, records, moment)
                )
            async with connection.begin():
                await connection.run_sync(assume_many_rows)
        await database.engine.dispose()
        yield _Account(CallHistory(database), organization.id, records, until)
    finally:
        platform.identity.passwords.close()
        await database.close()


def _write(rows: Rows, organization_id: int, records: int, until: int) -> None:
    with rows.without_indexes():
        rows.write(
            CallRecord,
            records,
            {
                "organization_id": str(organization_id),
                "direction": "CASE i % 3 WHEN 0 THEN 'internal' WHEN 1 THEN 'incoming' ELSE 'outgoing' END",
                "started_at": f"{until} - ({records} - i) * {10 * _SECOND}",
                "owner_id": f"i % {_USERS} + 1",
                "caller_user_id": f"CASE WHEN i % 3 = 0 THEN (i + 1) % {_USERS} + 1 END",
                "is_live": "0",
                "first_name": "'First'",
                "last_name": "'Last'",
                "caller_id_name": "'First Last'",
                "caller_id_number": "'+4930' || i",
                "callee_id_name": "'Last First'",
                "callee_id_number": "'201'",
                "caller_callid": rows.key_of(1, "i", 32),
                "callee_callid": rows.key_of(2, "i", 32),
                "duration_seconds": "i % 600",
                "billing_seconds": "i % 500",
                "ringing_seconds": "i % 20",
                "hangup_cause": "'NORMAL_CLEARING'",
                "details": f"'{{\"interaction_id\":\"' || {rows.id_of(3, 'i')} || '\"}}'",
            },
        )
