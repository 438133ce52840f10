"""Delays of sign-ins that last as long as a test needs."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from switchroom.db.base import now
from switchroom.identity.models import SignInFailure
from tests.platform import RunningPlatform


async def delays_last(running: RunningPlatform) -> None:
    """Make delays that run as long as they become by going on: the first are over in seconds."""
    await _end(running, now() + timedelta(minutes=10))


async def delays_are_over(running: RunningPlatform) -> None:
    """Let the time of all delays go by."""
    await _end(running, now() - timedelta(seconds=1))


async def _end(running: RunningPlatform, moment: datetime) -> None:
    async with running.platform.storage.database.write(None) as session:
        blocked = update(SignInFailure).where(SignInFailure.blocked_until.is_not(None))
        await session.execute(blocked.values(blocked_until=moment))
