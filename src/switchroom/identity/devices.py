"""Devices that people have signed in with: browsers, told by a random key that they keep in a cookie."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.identity.models import SignInDevice
from switchroom.identity.secrets import digest, random_key

DEVICE_FORGOTTEN_AFTER = timedelta(days=90)
"""Time after the last sign-in by a device at which it is forgotten."""

_MOST_OF_ACCOUNT = 10
"""The devices that are known of one account; another takes the place of the one not used for longest."""

_LONGEST_KEY = 128
"""Characters of a key that are looked at; those made here are shorter."""


def device_hash(account: str, key: str) -> str:
    """Digest that is kept of a device's key: good for this account only. Empty without a key that could be
    one."""
    return digest(f"{account.casefold()} {key}") if 0 < len(key) <= _LONGEST_KEY else ""


async def is_known_device(session: AsyncSession, hashed: str, moment: datetime) -> bool:
    """Whether somebody has signed in to the account with the device of `device_hash`."""
    if not hashed:
        return False
    query = select(SignInDevice.key_hash).where(
        SignInDevice.key_hash == hashed, SignInDevice.last_at > moment - DEVICE_FORGOTTEN_AFTER
    )
    return await session.scalar(query) is not None


async def remember_device(session: AsyncSession, account: str, key: str) -> str:
    """The key of a device that has just signed in to the account, when the transaction commits: `key`, if it
    is known for this account, or a new one. A key that was made for another account, or by somebody else, is
    not taken over: the person who put it there would be known here too."""
    moment, account_hash = now(), digest(account.casefold())
    hashed = device_hash(account, key)
    if await is_known_device(session, hashed, moment):
        seen = update(SignInDevice).where(SignInDevice.key_hash == hashed).values(last_at=moment)
        await session.execute(seen)
        return key
    key = random_key()
    session.add(SignInDevice(key_hash=device_hash(account, key), account_hash=account_hash, last_at=moment))
    await session.flush()
    latest = (
        select(SignInDevice.key_hash)
        .where(SignInDevice.account_hash == account_hash)
        .order_by(SignInDevice.last_at.desc(), SignInDevice.key_hash)
        .limit(_MOST_OF_ACCOUNT)
    )
    await session.execute(
        delete(SignInDevice)
        .where(
            (SignInDevice.last_at < moment - DEVICE_FORGOTTEN_AFTER)
            | (SignInDevice.account_hash == account_hash) & SignInDevice.key_hash.not_in(latest)
        )
        .execution_options(synchronize_session=False)
    )
    return key
