"""Carriers that two accounts want: who was there first has them, unless the operator lets both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from switchroom.engines.interfaces import INTERFACES_FILE
from switchroom.telephony import carriers, trunk_registrations
from switchroom.telephony.carriers import Hop
from switchroom.telephony.resources.trunk_states import TrunkClaim
from switchroom.telephony.resources.trunks import TrunkRow
from switchroom.telephony.trunk_claims import Claimant, TrunkClaims
from tests.telephony.registrar import USERNAME
from tests.telephony.test_trunk_registrations import Office

NETWORK, CARRIER, OTHER = "192.0.2.0/24", "192.0.2.10", "192.0.2.11"
"""Addresses for documentation: who does not register there sends nothing."""

OPEN = {"verify_certificate": False, "incoming": {"strip_numbers": 0, "prepend_numbers": ""}}
"""Nobody answers there, so nobody shows a certificate."""

SHARED = {"advanced": {"shared_server": True, "incoming": {"strip_numbers": 0, "prepend_numbers": ""}}}


@pytest.fixture
async def office(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    """An account with trunks, and no SIP server."""
    for name in ("LOOK_EVERY", "RESOLVE_EVERY"):
        monkeypatch.setattr(trunk_registrations, name, 0.05)
    monkeypatch.setattr(carriers, "REMEMBERED", 0.0)
    monkeypatch.setattr(carriers, "OUTDATED", 0.0)
    office = Office(database_url, tmp_path)
    await office.prepare()
    office.configuration.write(office.engine.directory)
    assert (office.engine.directory / INTERFACES_FILE).exists()
    yield office
    await office.stop()


@pytest.fixture
async def rival(office: Office) -> int:
    """Another account."""
    return await office.add_account("1" * 26)


async def claims(office: Office) -> list[tuple[int, str, int]]:
    async with office.database.read(None) as session:
        rows = await session.scalars(select(TrunkClaim).order_by(TrunkClaim.id))
        return [(row.trunk_id, row.address, row.port) for row in rows]


async def may_call(office: Office, account: int, hop: Hop, *, by_address: bool = True) -> bool:
    claimant = Claimant(trunk_id=0, organization_id=account, by_address=by_address)
    return await TrunkClaims(office.database).free(claimant, [hop]) == (hop,)


async def test_a_carrier_is_the_first_accounts(office: Office, rival: int) -> None:
    office.start(NETWORK)
    first = await office.add_trunk(5060, server=CARRIER)
    await office.until(first, "by_address")
    for port, transport, more in (
        (5060, "udp", {}),
        (5080, "tcp", {}),
        (5061, "tls", {"calls_direction": "outgoing", "advanced": OPEN}),
        # Who makes a name up is known by the address as well.
        (5060, "udp", {"username": USERNAME}),
    ):
        trunk = await office.add_trunk(port, rival, server=CARRIER, transport=transport, **more)
        state = await office.until(trunk, "forbidden")
        assert state is not None
        assert "another account" in state.reason
        assert CARRIER in state.reason
        assert await office.addresses(trunk) == []
        hop = Hop(CARRIER, port, transport)
        assert not await may_call(office, rival, hop, by_address="username" not in more)
        assert await may_call(office, office.account, hop)
    assert await may_call(office, rival, Hop(OTHER, 5060))
    own = await office.add_trunk(5080, server=CARRIER)
    await office.until(own, "by_address")
    assert await claims(office) == [(first, CARRIER, 5060), (own, CARRIER, 5080)]


async def test_who_calls_out_only_has_a_carrier_too(office: Office, rival: int) -> None:
    office.start(NETWORK)
    first = await office.add_trunk(5060, rival, server=CARRIER, calls_direction="outgoing")
    await office.until(first, "by_address")
    trunk = await office.add_trunk(5060, server=CARRIER)
    await office.until(trunk, "forbidden")
    assert not await may_call(office, office.account, Hop(CARRIER, 5060))


async def test_one_of_two_at_once_has_it(office: Office, rival: int) -> None:
    trunks = [
        await office.add_trunk(5060, account, server=CARRIER)
        for _ in range(4)
        for account in (office.account, rival)
    ]
    office.start(NETWORK)
    conditions: list[str] = []
    async with asyncio.timeout(60):
        while conditions.count("by_address") + conditions.count("forbidden") < len(trunks):
            await asyncio.sleep(0.02)
            conditions = [state.condition for one in trunks if (state := await office.state(one))]
    owners = {
        account
        for account, condition in zip((office.account, rival) * 4, conditions, strict=True)
        if condition == "by_address"
    }
    assert len(owners) == 1
    assert conditions.count("by_address") == 4
    allowed = [await may_call(office, account, Hop(CARRIER, 5060)) for account in (office.account, rival)]
    assert sorted(allowed) == [False, True]


async def test_programs_of_one_machine_are_several(office: Office, rival: int) -> None:
    office.start("127.0.0.0/8")
    first = await office.add_trunk(41001)
    await office.until(first, "by_address")
    other = await office.add_trunk(41002, rival)
    await office.until(other, "by_address")
    same = await office.add_trunk(41001, rival)
    await office.until(same, "forbidden")


async def test_accounts_that_say_who_they_are_share_a_carrier(office: Office, rival: int) -> None:
    office.start(NETWORK)
    trunks = [
        await office.add_trunk(5060, account, server=CARRIER, username=USERNAME)
        for account in (office.account, rival)
    ]
    async with asyncio.timeout(60):
        while len(await claims(office)) < 2:  # noqa: ASYNC110 - another task does it
            await asyncio.sleep(0.02)
    assert await may_call(office, office.account, Hop(CARRIER, 5060), by_address=False)
    assert await may_call(office, rival, Hop(CARRIER, 5060), by_address=False)

    # Who was there first does not have it alone by not saying so any more.
    details = {"server": CARRIER, "port": 5060, "country": "BE"}
    await office.change(update(TrunkRow).where(TrunkRow.id == trunks[0]).values(details=details))
    await office.until(trunks[0], "forbidden")
    assert await may_call(office, rival, Hop(CARRIER, 5060), by_address=False)


async def test_the_operator_lets_both(office: Office, rival: int) -> None:
    office.start(NETWORK)
    first = await office.add_trunk(5060, server=CARRIER)
    await office.until(first, "by_address")
    second = await office.add_trunk(5060, rival, server=CARRIER, **SHARED)
    await office.until(second, "by_address")
    assert await office.addresses(second) == [(CARRIER, 5060)]
    assert await may_call(office, office.account, Hop(CARRIER, 5060)), "the first goes on"
    shared = Claimant(trunk_id=second, organization_id=rival, by_address=True, shares_server=True)
    assert await TrunkClaims(office.database).free(shared, [Hop(CARRIER, 5060)])
    third = await office.add_trunk(5060, rival, server=CARRIER)
    await office.until(third, "forbidden")


async def test_a_trunk_that_rests_keeps_its_carrier(office: Office, rival: int) -> None:
    office.start(NETWORK)
    first = await office.add_trunk(5060, server=CARRIER)
    await office.until(first, "by_address")
    second = await office.add_trunk(5060, rival, server=CARRIER)
    await office.until(second, "forbidden")

    row = update(TrunkRow).where(TrunkRow.id == first)
    await office.change(row.values(enabled=False))
    await office.until(first, None)
    assert await office.addresses(first) == []
    await asyncio.sleep(0.3)  # some looks of the second
    await office.until(second, "forbidden")
    assert not await may_call(office, rival, Hop(CARRIER, 5060))

    # It leads elsewhere, as far as its account is concerned.
    await office.change(row.values(details={"server": OTHER, "port": 5060}))
    await office.until(second, "by_address")
    assert await office.addresses(second) == [(CARRIER, 5060)]
    await office.change(row.values(enabled=True))
    await office.until(first, "by_address")
    assert await office.addresses(first) == [(OTHER, 5060)]


async def test_a_deleted_trunk_gives_its_carrier_up(office: Office, rival: int) -> None:
    office.start(NETWORK)
    first = await office.add_trunk(5060, server=CARRIER)
    await office.until(first, "by_address")
    second = await office.add_trunk(5060, rival, server=CARRIER)
    await office.until(second, "forbidden")
    await office.change(delete(TrunkRow).where(TrunkRow.id == first))
    await office.until(second, "by_address")
    assert not await may_call(office, office.account, Hop(CARRIER, 5060))


async def test_names_that_lead_elsewhere_later(office: Office, rival: int) -> None:
    known = {"first.example": [CARRIER], "second.example": [OTHER]}

    async def look_up(name: str) -> Sequence[str]:
        return known[name]

    office.start(NETWORK, lookup=look_up)
    first = await office.add_trunk(5060, server="first.example")
    await office.until(first, "by_address")
    second = await office.add_trunk(5060, rival, server="second.example")
    await office.until(second, "by_address")

    known["second.example"] = [CARRIER, OTHER]
    async with asyncio.timeout(60):
        while await office.addresses(second) != [(OTHER, 5060)]:  # noqa: ASYNC110 - another task does it
            await asyncio.sleep(0.02)
    known["second.example"] = [CARRIER]
    assert not await may_call(office, rival, Hop(CARRIER, 5060)), "also before anybody has looked"
    await office.until(second, "forbidden")
    assert await office.addresses(second) == []

    known["first.example"] = ["192.0.2.12"]
    await office.until(second, "by_address")
    assert await office.addresses(second) == [(CARRIER, 5060)]
    assert await claims(office) == [(first, "192.0.2.12", 5060), (second, CARRIER, 5060)]
