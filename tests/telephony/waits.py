"""Waits of those who have guessed a PIN."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from switchroom.db.base import now
from switchroom.identity.models import SignInFailure
from tests.platform import RunningPlatform


def prolong_waits(running: RunningPlatform, since: datetime) -> None:
    """Have those who have to wait since then wait for an hour: they wait for a second at first, which is over
    on a busy machine before anybody looks."""

    async def write() -> None:
        async with running.platform.storage.database.write(None) as session:
            of_now = (SignInFailure.blocked_until.is_not(None), SignInFailure.last_at >= since)
            keys = update(SignInFailure).where(*of_now).returning(SignInFailure.key)
            found = await session.scalars(keys.values(blocked_until=now() + timedelta(hours=1)))
            assert found.all(), "nobody has to wait"

    running.run(write())
