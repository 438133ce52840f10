"""Voids access tokens before their time: kept in a small table, and by every process in memory."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.bus import Bus
from switchroom.db.base import now
from switchroom.db.database import Database, columns_of, notify
from switchroom.identity.models import Revocation
from switchroom.identity.notices import AccessRevoked, OrganizationClosed
from switchroom.identity.tokens import EVERYBODY, TokenSigner
from switchroom.settings import LONGEST_TOKEN

_OVERLAP = timedelta(minutes=1)
"""Time that a look goes back behind the one before: a row is stamped before its transaction commits, and the
clocks of two machines differ."""

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_REVOKED = select(Revocation.organization_id, Revocation.subject_id, Revocation.revoked_at).where(
    Revocation.revoked_at >= bindparam("since")
)


def revoke(session: AsyncSession, organization_id: int, subject_id: str) -> None:
    """Void all tokens so far of a person, an API key or a link, when the transaction commits."""
    row = _add(session, organization_id, subject_id)
    notify(session, AccessRevoked(organization_id, subject_id, row.revoked_at))


def revoke_all(session: AsyncSession, organization_id: int) -> None:
    """Void all tokens so far of an organization that closes, but guests', when the transaction commits."""
    row = _add(session, organization_id, EVERYBODY)
    notify(session, OrganizationClosed(organization_id, row.revoked_at))


def _add(session: AsyncSession, organization_id: int, subject_id: str) -> Revocation:
    moment = now()
    row = Revocation(
        organization_id=organization_id,
        subject_id=subject_id,
        revoked_at=moment,
        expires_at=moment + timedelta(seconds=LONGEST_TOKEN),
    )
    session.add(row)
    return row


class RevocationFollower:
    """Tells the signer what has been revoked: at start, at once here, and every second elsewhere. Listeners
    on the bus hear also of revocations that no notice came of, such as the command line's. Every hour it
    removes what only concerns tokens that have expired."""

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
        self._heard: set[AccessRevoked] = set()
        bus.subscribe(AccessRevoked, self._revoked)
        bus.subscribe(OrganizationClosed, self._closed)

    async def load(self) -> None:
        """Read the rows that are new since the look before. Those of the first are told to the signer only:
        nobody has come in yet."""
        moment, first = now(), self._since is None
        since = _EARLIEST if self._since is None else self._since - _OVERLAP
        async with self._database.read(None) as session:
            rows = await columns_of(session, _REVOKED, {"since": since})
        self._since = moment
        for organization_id, subject_id, revoked_at in rows:
            self._signer.revoke(organization_id, subject_id, revoked_at.timestamp())
            notice = AccessRevoked(organization_id, subject_id, revoked_at)
            if notice not in self._heard:
                self._heard.add(notice)
                if not first:
                    await self._deliver(notice)
        self._heard = {one for one in self._heard if one.revoked_at >= moment - 2 * _OVERLAP}

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

    async def _deliver(self, notice: AccessRevoked) -> None:
        """Deliver a notice to this process alone: each looks for itself."""
        if notice.subject_id == EVERYBODY:
            await self._bus.deliver(OrganizationClosed(notice.organization_id, notice.revoked_at))
        else:
            await self._bus.deliver(notice)

    async def _revoked(self, notice: AccessRevoked) -> None:
        self._heard.add(notice)
        self._signer.revoke(notice.organization_id, notice.subject_id, notice.revoked_at.timestamp())

    async def _closed(self, notice: OrganizationClosed) -> None:
        await self._revoked(AccessRevoked(notice.organization_id, EVERYBODY, notice.revoked_at))
