"""Throttle of sign-ins: a growing delay for callers who guess credentials, by account and by address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from msgspec import Struct
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database, upsert
from switchroom.errors import ErrorCode, Exhausted, Unavailable
from switchroom.identity.devices import device_hash, is_known_device
from switchroom.identity.models import SignInFailure, SignInPlace
from switchroom.identity.networks import network_of
from switchroom.identity.secrets import digest

_LONGEST = timedelta(minutes=15)
_FORGOTTEN_AFTER = timedelta(hours=1)
_ADDRESS_FORGOTTEN_AFTER = timedelta(minutes=15)
_PLACE_FORGOTTEN_AFTER = timedelta(days=90)
_PLACE_NOTED_EVERY = timedelta(days=1)
_AT_ONCE_FROM_ADDRESS = 4


class _Keys(Struct, frozen=True):
    """Keys that an attempt counts for: its address (of links and numbers, as which others do not count), the
    account, the account from this address, and the account from this device."""

    address: str
    account: str = ""
    place: str = ""
    device: str = ""


class _Place:
    """Room for some attempts at once. Whoever waits while the database is found away is refused as well:
    each would wait for its answer as long once more."""

    def __init__(self, most: int) -> None:
        self._attempts = asyncio.Semaphore(most)
        self._outage: Unavailable | None = None

    @asynccontextmanager
    async def attempt(self) -> AsyncGenerator[None]:
        """One of the attempts. Raises Unavailable."""
        known = self._outage
        async with self._attempts:
            if self._outage is not None and self._outage is not known:
                raise Unavailable(self._outage.code)
            try:
                yield
            except Unavailable as error:
                # A row that is locked, or a pool in use, is no reason to put the others out.
                if error.code is ErrorCode.DATABASE_UNAVAILABLE:
                    self._outage = Unavailable(error.code)
                raise


class Throttle:
    """Counts failed sign-ins by account and by address in the database, for all processes alike. An address
    of IPv6 is that of its network of 64 bits.

    After `account_attempts` (`address_attempts`) failures the next is refused for 1 s, then 2, 4 … up to 15
    minutes. An hour without a failure (a quarter of one for an address, which many may share) clears the
    count; so does a success for the account, and it takes one failure off the address.

    An account that somebody has signed in to from an address, or with a device, is counted by itself there,
    for 90 days after the last time: neither failures from elsewhere nor failures there for other accounts
    keep its owner out. A device is told by the key that it was given (`device`, empty without one), and comes
    before the address, from which others may fail. Where no account is at stake (`None`), but a link or a
    number, the address alone counts, and not for signing in.
    """

    def __init__(self, database: Database, *, account_attempts: int, address_attempts: int) -> None:
        self._database = database
        self._account_attempts = account_attempts
        self._address_attempts = address_attempts
        self._under_way: WeakValueDictionary[str, _Place] = WeakValueDictionary()

    @asynccontextmanager
    async def few_at_a_time(
        self, account: str | None, address: str, device: str = ""
    ) -> AsyncGenerator[None]:
        """Attempts for one account wait for each other, and all but a few from one address: many at once
        would all pass the check. Where the account is known they wait for those from there alone. Raises
        Unavailable when one that is waited for raises it."""
        keys = _keys(account, address, device)
        waits = [(keys.address, _AT_ONCE_FROM_ADDRESS), (keys.account, 1)]
        if keys.account:
            async with self._database.read(None) as session:
                if known := await _known(session, keys, now()):
                    waits = [(known, 1)]
        async with AsyncExitStack() as places:
            for key, most in waits:
                if key:
                    place = self._under_way.setdefault(key, _Place(most))
                    await places.enter_async_context(place.attempt())
            yield

    async def check(self, account: str | None, address: str, device: str = "") -> None:
        """Raises Exhausted while a delay runs, with `details["retryAfter"]` in seconds."""
        keys, moment = _keys(account, address, device), now()
        async with self._database.read(None) as session:
            known = await _known(session, keys, moment)
            checked = [known] if known else [keys.address, keys.account]
            blocked = await session.scalars(
                select(SignInFailure.blocked_until).where(SignInFailure.key.in_(checked))
            )
            longest = max((until - moment for until in blocked if until is not None), default=timedelta())
        if longest > timedelta():
            seconds = int(longest.total_seconds()) + 1
            raise Exhausted(ErrorCode.TOO_MANY_ATTEMPTS, retry_after=seconds)

    async def failed(self, account: str | None, address: str, device: str = "") -> None:
        keys, moment = _keys(account, address, device), now()
        async with self._database.write(None) as session:
            await session.execute(
                delete(SignInFailure).where(
                    (SignInFailure.last_at < moment - _FORGOTTEN_AFTER)
                    | SignInFailure.key.startswith("address:")
                    & (SignInFailure.last_at < moment - _ADDRESS_FORGOTTEN_AFTER)
                )
            )
            await self._count(session, keys.address, self._address_attempts)
            if keys.account:
                counted = await _known(session, keys, moment) or keys.account
                await self._count(session, counted, self._account_attempts)

    async def succeeded(self, account: str, address: str, device: str = "") -> None:
        keys, moment = _keys(account, address, device), now()
        async with self._database.read(None) as session:
            counted = await _known(session, keys, moment) or keys.account
            clears = await session.scalar(
                select(SignInFailure.key).where(SignInFailure.key.in_([keys.address, counted])).limit(1)
            )
            noted_at = await session.scalar(select(SignInPlace.last_at).where(SignInPlace.key == keys.place))
        is_noted = noted_at is not None and noted_at > moment - _PLACE_NOTED_EVERY
        if is_noted and clears is None:
            return
        async with self._database.write(None) as session:
            await session.execute(delete(SignInFailure).where(SignInFailure.key == counted))
            await session.execute(
                update(SignInFailure)
                .where(SignInFailure.key == keys.address, SignInFailure.failures > 0)
                .values(failures=SignInFailure.failures - 1)
            )
            if not is_noted:
                await _note_place(session, keys.place, moment)

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


async def _known(session: AsyncSession, keys: _Keys, moment: datetime) -> str:
    """The key that attempts count under where somebody has signed in to the account with this device, or else
    from this address; empty where nobody has."""
    if await is_known_device(session, keys.device, moment):
        return f"device:{keys.device}"
    place = select(SignInPlace.key).where(
        SignInPlace.key == keys.place, SignInPlace.last_at > moment - _PLACE_FORGOTTEN_AFTER
    )
    return (keys.place and await session.scalar(place)) or ""


async def _note_place(session: AsyncSession, place: str, moment: datetime) -> None:
    await session.execute(delete(SignInPlace).where(SignInPlace.last_at < moment - _PLACE_FORGOTTEN_AFTER))
    insert = upsert(session, SignInPlace).values(key=place, last_at=moment)
    await session.execute(
        insert.on_conflict_do_update(index_elements=[SignInPlace.key], set_={"last_at": moment})
    )


def _keys(account: str | None, address: str, device: str = "") -> _Keys:
    network = network_of(address)
    if account is None:
        return _Keys(f"address:link:{network}")
    account = account.casefold()
    return _Keys(
        f"address:{network}",
        f"account:{digest(account)}",
        f"place:{digest(f'{account} {network}')}",
        device_hash(account, device),
    )
