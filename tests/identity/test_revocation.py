"""Revocations go when no token that they void can be good any more, on each database."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select

from switchroom.bus import Bus
from switchroom.db import schema
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.identity.models import Organization, Revocation
from switchroom.identity.revocation import RevocationFollower
from switchroom.identity.tokens import TokenSigner

LIMIT = 20.0


async def test_they_go_while_the_process_runs(database_url: str) -> None:
    database = Database(database_url)
    await schema.upgrade(database)
    follower = RevocationFollower(database, TokenSigner(b"secret"), Bus(), interval=0.01, tidy_every=0.05)
    await follower.load()
    following = asyncio.create_task(follower.follow())
    try:
        async with database.write(None) as session:
            session.add(Organization(id=1, ulid="A" * 26, display_name="Acme"))
            await session.flush()
            for subject, age in (("old", -1), ("new", 1)):
                moment = now()
                session.add(
                    Revocation(
                        organization_id=1,
                        subject_id=subject,
                        revoked_at=moment,
                        expires_at=moment + timedelta(hours=age),
                    )
                )

        await asyncio.wait_for(_until_there_is(database, "new"), LIMIT)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await database.close()


async def _until_there_is(database: Database, subject_id: str) -> None:
    """And nothing else."""
    found: list[str] = []
    while found != [subject_id]:
        await asyncio.sleep(0.01)
        async with database.read(None) as session:
            found = list(await session.scalars(select(Revocation.subject_id)))
