"""Claims of carriers: which account a server belongs to, where accounts would have calls go to the same one.

A carrier that knows this platform by its address lets anybody here call who reaches it, and bills the account
that has the contract. So an address is one account's, unless every account says who it is there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.database import Database
from switchroom.telephony.carriers import Hop
from switchroom.telephony.resources.trunk_states import TrunkClaim


class Claimant(Struct, frozen=True, kw_only=True):
    """A trunk, as far as claims go. `shares_server` is the operator's word that it may be at another's. One
    that `is_checked` has claimed an address once its certificate was found to be right."""

    trunk_id: int
    organization_id: int
    by_address: bool
    shares_server: bool = False
    is_checked: bool = False


class TrunkClaims:
    """Claims, as they are looked at before a call. Raises Unavailable when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def free(self, claimant: Claimant, hops: Sequence[Hop]) -> tuple[Hop, ...]:
        """Addresses of a trunk's server that are not another account's, and that are the server's as far as
        that is checked."""
        async with self._database.read(None) as session:
            claims = await claims_at(session, hops)
        free = free_hops(claimant, hops, claims)
        if not claimant.is_checked:
            return free
        own = {(one.address, one.port) for one in claims if one.trunk_id == claimant.trunk_id}
        return tuple(hop for hop in free if (hop.source, hop.port) in own)


async def claims_at(session: AsyncSession, hops: Iterable[Hop]) -> Sequence[TrunkClaim]:
    """All claims of these addresses, at whichever port. The session must see all accounts."""
    query = select(TrunkClaim).where(TrunkClaim.address.in_({hop.source for hop in hops}))
    return (await session.scalars(query)).all()


def free_hops(claimant: Claimant, hops: Iterable[Hop], claims: Sequence[TrunkClaim]) -> tuple[Hop, ...]:
    """Addresses among these that no other account has claimed before."""
    return tuple(hop for hop in hops if claimant.shares_server or not _is_taken(claimant, hop, claims))


def _is_taken(claimant: Claimant, hop: Hop, claims: Sequence[TrunkClaim]) -> bool:
    there = [claim for claim in claims if _is_at(claim, hop)]
    # A claim by credentials does not make the account the first there without credentials, too.
    own = (
        claim.id
        for claim in there
        if claim.organization_id == claimant.organization_id and (claim.by_address or not claimant.by_address)
    )
    since = min(own, default=math.inf)
    return any(
        claim.organization_id != claimant.organization_id
        and (claim.by_address or claimant.by_address)
        and claim.id < since
        for claim in there
    )


def _is_at(claim: TrunkClaim, hop: Hop) -> bool:
    """Whether both are one carrier's: it may have any number of ports and transports, but at an address of
    loopback each port is another program's."""
    return claim.address == hop.source and (
        claim.port == hop.port or not ip_address(claim.address).is_loopback
    )
