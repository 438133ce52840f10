"""Revocations go when no token that they void can be good any more, on each database."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select

from switchroom.bus import Bus
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.identity.models import Organization, Revocation
from switchroom.identity.notices import AccessRevoked, OrganizationClosed
from switchroom.identity.revocation import RevocationFollower, revoke, revoke_all
from switchroom.identity.tokens import TokenSigner

LIMIT = 60.0


async def test_they_go_while_the_process_runs(database_url: str) -> None:
    database = Database(database_url)
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


async def test_what_another_process_revokes_is_heard_of_here_once(database_url: str) -> None:
    here, elsewhere = Bus(), Bus()
    database = Database(database_url, here)
    other = Database(database_url, elsewhere)
    heard: list[object] = []

    async def hear(notice: object) -> None:
        heard.append(notice)

    async with database.write(None) as session:
        for number in (1, 2):
            session.add(Organization(id=number, ulid=str(number) * 26, display_name="Acme"))
        await session.flush()
        revoke(session, 1, "before")
    follower = RevocationFollower(database, TokenSigner(b"secret"), here)
    here.subscribe(AccessRevoked, hear)
    here.subscribe(OrganizationClosed, hear)
    try:
        await follower.load()
        async with database.write(None) as session:
            revoke(session, 1, "mine")
            revoke_all(session, 1)
        async with other.write(None) as session:
            revoke(session, 1, "theirs")
            revoke_all(session, 2)
        for _ in range(2):
            await follower.load()
    finally:
        await database.close()
        await other.close()

    subjects = [one.subject_id for one in heard if isinstance(one, AccessRevoked)]
    assert subjects == ["mine", "theirs"]
    assert [one.organization_id for one in heard if isinstance(one, OrganizationClosed)] == [1, 2]


async def _until_there_is(database: Database, subject_id: str) -> None:
    """And nothing else."""
    found: list[str] = []
    while found != [subject_id]:
        await asyncio.sleep(0.01)
        async with database.read(None) as session:
            found = list(await session.scalars(select(Revocation.subject_id)))
