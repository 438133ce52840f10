"""Slows down whoever guesses credentials: a growing delay for the account and for the address."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from weakref import WeakValueDictionary

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database, upsert
from switchroom.errors import ErrorCode, Exhausted
from switchroom.identity.models import SignInFailure

_LONGEST = timedelta(minutes=15)
_FORGOTTEN_AFTER = timedelta(hours=1)
_ADDRESS_FORGOTTEN_AFTER = timedelta(minutes=15)
_AT_ONCE_BY = {"address": 4, "account": 1}


class Throttle:
    """Counts failed sign-ins by account and by address in the database, for all processes alike.

    After `account_attempts` (`address_attempts`) failures the next is refused for 1 s, then 2, 4 … up to 15
    minutes. An hour without a failure (a quarter of one for an address, which many may share) clears the
    count; so does a success for the account, and it takes one failure off the address. Where no account is at
    stake (`None`), the address alone counts.
    """

    def __init__(self, database: Database, *, account_attempts: int, address_attempts: int) -> None:
        self._database = database
        self._limits = {"account": account_attempts, "address": address_attempts}
        self._under_way: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def few_at_a_time(self, account: str | None, address: str) -> AsyncGenerator[None]:
        """Attempts for one account wait for each other, and all but a few from one address: many at once
        would all pass the check."""
        keys = _keys(account, address)
        async with AsyncExitStack() as places:
            for kind in ("address", "account"):
                if kind in keys:
                    place = self._under_way.setdefault(keys[kind], asyncio.Semaphore(_AT_ONCE_BY[kind]))
                    await places.enter_async_context(place)
            yield

    async def check(self, account: str | None, address: str) -> None:
        """Raises Exhausted while a delay runs, with `details["retryAfter"]` in seconds."""
        moment = now()
        async with self._database.read(None) as session:
            rows = await session.scalars(
                select(SignInFailure).where(SignInFailure.key.in_(_keys(account, address).values()))
            )
            waits = [row.blocked_until - moment for row in rows if row.blocked_until is not None]
        longest = max(waits, default=timedelta())
        if longest > timedelta():
            seconds = int(longest.total_seconds()) + 1
            raise Exhausted(ErrorCode.TOO_MANY_ATTEMPTS, retry_after=seconds)

    async def failed(self, account: str | None, address: str) -> None:
        async with self._database.write(None) as session:
            await session.execute(
                delete(SignInFailure).where(
                    (SignInFailure.last_at < now() - _FORGOTTEN_AFTER)
                    | SignInFailure.key.startswith("address:")
                    & (SignInFailure.last_at < now() - _ADDRESS_FORGOTTEN_AFTER)
                )
            )
            for kind, key in _keys(account, address).items():
                await self._count(session, key, self._limits[kind])

    async def succeeded(self, account: str, address: str) -> None:
        keys = _keys(account, address)
        async with self._database.read(None) as session:
            known = await session.scalar(
                select(SignInFailure.key).where(SignInFailure.key.in_(keys.values())).limit(1)
            )
        if not known:
            return
        async with self._database.write(None) as session:
            await session.execute(delete(SignInFailure).where(SignInFailure.key == keys["account"]))
            await session.execute(
                update(SignInFailure)
                .where(SignInFailure.key == keys["address"], SignInFailure.failures > 0)
                .values(failures=SignInFailure.failures - 1)
            )

    async def _count(self, session: AsyncSession, key: str, limit: int) -> None:
        moment = now()
        insert = upsert(session, SignInFailure).values(key=key, failures=1, last_at=moment)
        failures = await session.scalar(
            insert.on_conflict_do_update(
                index_elements=[SignInFailure.key],
                set_={"failures": SignInFailure.failures + 1, "last_at": moment},
            ).returning(SignInFailure.failures)
        )
        if failures is not None and failures >= limit:
            delay = min(_LONGEST, timedelta(seconds=2 ** min(failures - limit, 20)))
            await session.execute(
                update(SignInFailure).where(SignInFailure.key == key).values(blocked_until=moment + delay)
            )


def _keys(account: str | None, address: str) -> dict[str, str]:
    keys: dict[str, str] = {}
    if account is not None:
        keys["account"] = "account:" + hashlib.sha256(account.casefold().encode()).hexdigest()
    keys["address"] = "address:" + address[:64]
    return keys
