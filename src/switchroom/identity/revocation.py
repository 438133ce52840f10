"""Voids access tokens before their time: kept in a small table, and by every process in memory."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.bus import Bus
from switchroom.db.base import now
from switchroom.db.database import Database, notify
from switchroom.identity.models import Revocation
from switchroom.identity.notices import AccessRevoked
from switchroom.identity.tokens import TokenSigner
from switchroom.settings import LONGEST_TOKEN

_OVERLAP = timedelta(minutes=1)
"""How far a look goes back behind the one before: a row is stamped before its transaction commits, and the
clocks of two machines differ."""


def revoke(session: AsyncSession, organization_id: int, subject_id: str) -> None:
    """Void all tokens so far of a person, an API key or a link, when the transaction commits."""
    moment = now()
    session.add(
        Revocation(
            organization_id=organization_id,
            subject_id=subject_id,
            revoked_at=moment,
            expires_at=moment + timedelta(seconds=LONGEST_TOKEN),
        )
    )
    notify(session, AccessRevoked(organization_id, subject_id))


class RevocationFollower:
    """Tells the signer what has been revoked: at start, at once here, and every second elsewhere. Every hour
    it removes what only concerns tokens that have expired."""

    def __init__(
        self,
        database: Database,
        signer: TokenSigner,
        bus: Bus,
        *,
        interval: float = 1.0,
        tidy_every: float = 3600.0,
    ) -> None:
        """Times are in seconds."""
        self._database = database
        self._signer = signer
        self._bus = bus
        self._interval = interval
        self._tidy_every = tidy_every
        self._since: datetime | None = None
        bus.subscribe(AccessRevoked, self._revoked_here)

    async def load(self) -> None:
        """Read the rows that are new since the look before."""
        moment = now()
        query = select(Revocation)
        if self._since is not None:
            query = query.where(Revocation.revoked_at >= self._since - _OVERLAP)
        async with self._database.read(None) as session:
            rows = (await session.scalars(query)).all()
        self._since = moment
        for row in rows:
            self._signer.revoke(row.subject_id, row.revoked_at.timestamp())

    async def tidy(self) -> None:
        """Remove what only tokens that have expired were refused for."""
        async with self._database.write(None) as session:
            await session.execute(delete(Revocation).where(Revocation.expires_at <= now()))

    async def follow(self) -> None:
        """Look for revocations of other processes until cancelled."""
        tidied = time.monotonic()
        while True:
            await self.load()
            if time.monotonic() - tidied >= self._tidy_every:
                await self.tidy()
                tidied = time.monotonic()
            await asyncio.sleep(self._interval)

    async def _revoked_here(self, notice: AccessRevoked) -> None:
        self._signer.revoke(notice.subject_id, now().timestamp())
