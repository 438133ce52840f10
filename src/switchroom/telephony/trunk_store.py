"""Store of what is known of trunks: their configuration, as far as that needs it, states and addresses."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.events.append import append
from switchroom.events.types import TrunkRegistered, TrunkUnregistered
from switchroom.identity.models import Organization
from switchroom.jobs.singleton import HeldLease
from switchroom.telephony.carriers import Hop, transport_of
from switchroom.telephony.resources.realms import TelephonyAccount
from switchroom.telephony.resources.trunk_states import (
    LONGEST_REASON,
    TrunkAddress,
    TrunkClaim,
    TrunkCondition,
    TrunkState,
)
from switchroom.telephony.resources.trunks import TrunkRow, Trunks
from switchroom.telephony.routing.numbers import country_prefix
from switchroom.telephony.trunk_claims import Claimant, claims_at, free_hops


class ConfiguredTrunk(Struct, frozen=True, kw_only=True):
    """Configuration of an enabled trunk. The password is as it is in the database."""

    id: int
    organization_id: int
    server: str
    port: int
    transport: str
    username: str
    password_encrypted: str
    takes_calls: bool
    digits_stripped: int
    digits_prepended: str
    country_prefix: str
    shares_server: bool
    verifies_certificate: bool

    @property
    def is_checked(self) -> bool:
        """Whether the server's certificate is checked."""
        return self.verifies_certificate and transport_of(self.transport) == "tls"

    @property
    def claimant(self) -> Claimant:
        return Claimant(
            trunk_id=self.id,
            organization_id=self.organization_id,
            by_address=not self.username,
            shares_server=self.shares_server,
            is_checked=self.is_checked,
        )


class Condition(Struct, frozen=True, kw_only=True):
    """Condition of a trunk, as it is to be told; see TrunkState."""

    condition: TrunkCondition
    code: int = 0
    reason: str = ""
    expires_at: datetime | None = None


class TrunkStore:
    """Reads and writes of the one process that holds the lease."""

    def __init__(self, database: Database, lease: HeldLease, kind: Trunks) -> None:
        self._database = database
        self._lease = lease
        self._kind = kind

    async def configured(self) -> dict[int, ConfiguredTrunk]:
        """All trunks that are enabled and have a server, of accounts that are not closed."""
        query = (
            select(TrunkRow, TelephonyAccount.details["country"])
            .join(Organization, Organization.id == TrunkRow.organization_id)
            .outerjoin(TelephonyAccount, TelephonyAccount.organization_id == Organization.id)
            .where(TrunkRow.enabled, Organization.closed_at.is_(None))
        )
        async with self._database.read(None) as session:
            rows = (await session.execute(query)).all()
        found = (_configured(row, self._kind.values_of(row), country or "") for row, country in rows)
        return {one.id: one for one in found if one.server}

    async def prepare(self, trunks: Mapping[int, ConfiguredTrunk]) -> dict[int, TrunkState]:
        """The states of these trunks, made where there are none; those of all others are taken away. A trunk
        that is only disabled keeps its claims: the contract with the carrier goes on."""
        async with self._database.read(None) as session:
            before = {row.trunk_id: row for row in await session.scalars(select(TrunkState))}
            outdated = await self._outdated_claims(session, trunks)
        missing = [trunk for id_, trunk in trunks.items() if not _is_as(before.get(id_), trunk)]
        gone = [row for id_, row in before.items() if id_ not in trunks]
        if missing or gone or outdated:
            async with self._database.write(None) as session:
                await self._lease.hold(session)
                await session.execute(delete(TrunkClaim).where(TrunkClaim.id.in_(outdated)))
                for row in gone:
                    for table in (TrunkAddress, TrunkState):
                        await session.execute(delete(table).where(table.trunk_id == row.trunk_id))
                    if row.condition == TrunkCondition.REGISTERED:
                        event = TrunkUnregistered(code=0, reason="")
                        append(session, row.organization_id, event, str(row.trunk_id))
                for trunk in missing:
                    row = before.get(trunk.id) or _new_state(trunk)
                    row.digits_stripped = trunk.digits_stripped
                    row.digits_prepended = trunk.digits_prepended
                    row.country_prefix = trunk.country_prefix
                    before[trunk.id] = await session.merge(row)
        return {id_: before[id_] for id_ in trunks}

    async def note(self, trunk: ConfiguredTrunk, condition: Condition, sequence: int) -> None:
        """Write the condition of a trunk, with the number of its next REGISTER, and what that changes in the
        event log. Nothing for one that is not there any more."""
        async with self._database.write(None) as session:
            await self._lease.hold(session)
            row = await session.get(TrunkState, trunk.id)
            if row is None:
                return
            was, row.condition = row.condition, condition.condition.value
            row.code, row.reason = condition.code, condition.reason[:LONGEST_REASON]
            row.expires_at, row.sequence = condition.expires_at, sequence
            if was == condition.condition:
                return
            row.changed_at = now()
            if condition.condition is TrunkCondition.REGISTERED:
                event = TrunkRegistered(server=trunk.server)
                append(session, trunk.organization_id, event, str(trunk.id))
            elif was == TrunkCondition.REGISTERED:
                event = TrunkUnregistered(code=condition.code, reason=row.reason)
                append(session, trunk.organization_id, event, str(trunk.id))

    async def claim(self, trunk: ConfiguredTrunk, hops: Sequence[Hop]) -> tuple[Hop, ...]:
        """Claim the addresses that the trunk's server has, and no others. Answers those that the account has
        now; the others are another's, which was there first."""
        async with self._database.read(None) as session:
            free = free_hops(trunk.claimant, hops, await claims_at(session, hops))
            own = await _claims_of(session, trunk)
        if {_claimed(row) for row in own} == _to_claim(trunk, free):
            return free
        async with self._database.write(None) as session:
            await self._lease.hold(session)
            if await session.get(TrunkState, trunk.id) is None:
                return ()
            before = {_claimed(row): row for row in await _claims_of(session, trunk)}
            for claimed in before.keys() - _to_claim(trunk, hops):
                await session.delete(before.pop(claimed))
            await session.flush()
            free = free_hops(trunk.claimant, hops, await claims_at(session, hops))
            granted = _to_claim(trunk, free)
            for claimed in before.keys() - granted:
                await session.delete(before[claimed])
            session.add_all(
                TrunkClaim(
                    organization_id=trunk.organization_id,
                    trunk_id=trunk.id,
                    address=address,
                    port=port,
                    server=server,
                    by_address=by_address,
                )
                for address, port, server, by_address in sorted(granted - before.keys())
            )
            return free

    async def _outdated_claims(
        self, session: AsyncSession, trunks: Mapping[int, ConfiguredTrunk]
    ) -> Sequence[int]:
        """Ids of claims of trunks that nobody looks after and that lead elsewhere by now."""
        query = select(TrunkClaim.id, TrunkClaim.trunk_id, TrunkClaim.server)
        idle = [row for row in (await session.execute(query)).all() if row[1] not in trunks]
        if not idle:
            return ()
        rows = await session.scalars(select(TrunkRow).where(TrunkRow.id.in_({row[1] for row in idle})))
        servers = {row.id: self._kind.values_of(row)["server"] for row in rows}
        return [id_ for id_, trunk_id, server in idle if servers.get(trunk_id) != server]

    async def write_addresses(self, trunk: ConfiguredTrunk, hops: Collection[Hop]) -> None:
        """Make the addresses that calls of the trunk come from these."""
        wanted = {(hop.source, hop.port) for hop in hops}
        async with self._database.write(None) as session:
            await self._lease.hold(session)
            if await session.get(TrunkState, trunk.id) is None:
                return
            rows = await session.scalars(select(TrunkAddress).where(TrunkAddress.trunk_id == trunk.id))
            before = {(row.address, row.port): row for row in rows}
            for place, row in before.items():
                if place not in wanted:
                    await session.delete(row)
            session.add_all(
                TrunkAddress(
                    organization_id=trunk.organization_id, trunk_id=trunk.id, address=address, port=port
                )
                for address, port in sorted(wanted - before.keys())
            )


async def _claims_of(session: AsyncSession, trunk: ConfiguredTrunk) -> Sequence[TrunkClaim]:
    return (await session.scalars(select(TrunkClaim).where(TrunkClaim.trunk_id == trunk.id))).all()


def _to_claim(trunk: ConfiguredTrunk, hops: Collection[Hop]) -> set[tuple[str, int, str, bool]]:
    return {(hop.source, hop.port, trunk.server, not trunk.username) for hop in hops}


def _claimed(row: TrunkClaim) -> tuple[str, int, str, bool]:
    return (row.address, row.port, row.server, row.by_address)


def _configured(row: TrunkRow, values: Mapping[str, Any], country: str) -> ConfiguredTrunk:
    rules = values["advanced"]["incoming"]
    code = country_prefix(values["country"] or country)
    return ConfiguredTrunk(
        id=row.id,
        organization_id=row.organization_id,
        server=values["server"],
        port=values["port"],
        transport=values["transport"],
        username=values["username"],
        password_encrypted=row.password_encrypted,
        takes_calls=values["calls_direction"] != "outgoing",
        digits_stripped=rules["strip_numbers"],
        digits_prepended=rules["prepend_numbers"],
        country_prefix=f"+{code}" if code else "",
        shares_server=values["advanced"].get("shared_server", False),
        verifies_certificate=values["advanced"].get("verify_certificate", True),
    )


def _is_as(row: TrunkState | None, trunk: ConfiguredTrunk) -> bool:
    return row is not None and (row.digits_stripped, row.digits_prepended, row.country_prefix) == (
        trunk.digits_stripped,
        trunk.digits_prepended,
        trunk.country_prefix,
    )


def _new_state(trunk: ConfiguredTrunk) -> TrunkState:
    return TrunkState(
        trunk_id=trunk.id,
        organization_id=trunk.organization_id,
        # Token by which Kamailio knows a contact of ours: see its routes.
        token=f"t{secrets.token_hex(16)}",
        condition=TrunkCondition.UNANSWERED.value,
        call_id=secrets.token_hex(16),
        sequence=1,
        changed_at=now(),
    )
