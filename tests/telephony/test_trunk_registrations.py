"""Trunks at carriers over the wire: registered, refused, silent, changed; and calls that come in by them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import delete, select, update

from switchroom.bus import Bus
from switchroom.db.database import Database, notify
from switchroom.engines.kamailio.configuration import KamailioConfiguration
from switchroom.engines.kamailio.engine import KamailioEngine
from switchroom.events.models import Event
from switchroom.identity.models import Organization
from switchroom.telephony import trunk_registrations
from switchroom.telephony.carrier_certificates import CarrierCertificates
from switchroom.telephony.carriers import CarrierAddresses, Lookup
from switchroom.telephony.resources.phone_numbers import PhoneNumberRow
from switchroom.telephony.resources.trunk_states import TrunkAddress, TrunkState
from switchroom.telephony.resources.trunks import TrunkRow, Trunks, TrunksChanged
from switchroom.telephony.resources.vault import Vault
from switchroom.telephony.trunk_registrations import OwnSide, TrunkRegistrations
from tests.engines.kamailio.phones import Message, Phone, udp
from tests.engines.kamailio.test_calls import received
from tests.ports import free_port, inner_sip_ports
from tests.telephony.registrar import PASSWORD, USERNAME, Registrar, registrar

pytestmark = pytest.mark.kamailio

NUMBER = "+3225550100"


class Office:
    """An account with trunks, over a Kamailio of its own."""

    def __init__(self, url: str, directory: Path) -> None:
        self.bus = Bus()
        self.database = Database(url, self.bus)
        self.configuration = KamailioConfiguration(
            database_url=url, port=free_port(), workers=(free_port(),), **inner_sip_ports()
        )
        self.engine = KamailioEngine(directory / "kamailio", self.configuration)
        self.vault = Vault(b"secret")
        self.certificates = CarrierCertificates()
        self.account = 0
        self.tasks: list[asyncio.Task[None]] = []

    async def prepare(self) -> None:
        self.account = await self.add_account("0" * 26)

    async def add_account(self, ulid: str) -> int:
        async with self.database.write(None) as session:
            organization = Organization(ulid=ulid, display_name="Acme")
            session.add(organization)
            await session.flush()
            return organization.id

    def start(self, *networks: str, lookup: Lookup | None = None) -> asyncio.Task[None]:
        """One process that keeps the trunks."""
        carriers = CarrierAddresses(
            networks or ("127.0.0.0/8",), lambda: frozenset({self.configuration.port}), lookup=lookup
        )
        own = OwnSide("127.0.0.1", self.configuration.port)
        registrations = TrunkRegistrations(
            self.database,
            self.bus,
            self.engine.directory,
            Trunks(),
            self.vault,
            carriers,
            self.certificates,
            own,
        )
        self.tasks.append(asyncio.create_task(registrations.run()))
        return self.tasks[-1]

    async def add_trunk(self, port: int, account: int | None = None, **more: Any) -> int:
        details = {"server": "127.0.0.1", "port": port, "country": "BE", **more}
        password = self.vault.encrypt(PASSWORD) if "username" in details else ""
        async with self.database.write(None) as session:
            row = TrunkRow(
                organization_id=account or self.account,
                name="t",
                details=details,
                password_encrypted=password,
            )
            session.add(row)
            await session.flush()
            notify(session, TrunksChanged(self.account))
            return row.id

    async def change(self, statement: Any) -> None:
        async with self.database.write(None) as session:
            await session.execute(statement)
            notify(session, TrunksChanged(self.account))

    async def state(self, trunk_id: int) -> TrunkState | None:
        async with self.database.read(None) as session:
            return await session.get(TrunkState, trunk_id)

    async def until(self, trunk_id: int, condition: str | None, limit: float = 60.0) -> TrunkState | None:
        """Wait until the trunk is in this condition, None: until it has none."""
        row = None
        try:
            async with asyncio.timeout(limit):
                while True:
                    row = await self.state(trunk_id)
                    if (row and row.condition) == condition:
                        return row
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{row and (row.condition, row.code, row.reason)}") from None

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self.engine.stop()
        await self.database.close()

    async def addresses(self, trunk_id: int) -> list[tuple[str, int]]:
        async with self.database.read(None) as session:
            rows = await session.scalars(select(TrunkAddress).where(TrunkAddress.trunk_id == trunk_id))
            return [(row.address, row.port) for row in rows]

    async def events(self) -> list[tuple[str, Mapping[str, Any]]]:
        async with self.database.read(None) as session:
            found = await session.scalars(select(Event).order_by(Event.id))
            return [(event.type, event.data) for event in found if event.type.startswith("trunk.")]


@pytest.fixture
async def office(database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    office = Office(database_url, tmp_path)
    await office.prepare()
    await office.engine.start()
    yield office
    await office.stop()


@pytest.fixture
async def carrier() -> AsyncIterator[Registrar]:
    async with registrar() as carrier:
        yield carrier


async def until(condition: Callable[[], bool], limit: float = 60.0) -> None:
    async with asyncio.timeout(limit):
        while not condition():  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.02)


def contact_of(carrier: Registrar) -> str:
    (contact,) = carrier.contacts
    return contact


async def test_a_trunk_is_registered_and_takes_calls(office: Office, carrier: Registrar) -> None:
    office.start()
    trunk = await office.add_trunk(carrier.port, username=USERNAME)
    state = await office.until(trunk, "registered")
    assert state is not None
    assert state.expires_at is not None
    contact = contact_of(carrier)
    assert contact == f"sip:{state.token}@127.0.0.1:{office.configuration.port}"
    _, second = carrier.registers
    assert second.start == f"REGISTER sip:127.0.0.1:{carrier.port} SIP/2.0"
    assert f"<sip:{USERNAME}@127.0.0.1>" in second.header("To")
    assert not [line for line in second.lines if line.lower().startswith("x-sr-")]
    assert await office.events() == [("trunk.registered", {"server": "127.0.0.1"})]
    # Platforms of other tests in this process count theirs too.
    await until(lambda: REGISTRY.get_sample_value("switchroom_trunks", {"condition": "registered"}) == 1)

    async with udp(port=office.configuration.workers[0]) as worker:
        caller = Phone(carrier.wire)
        carrier.wire.transport.sendto(
            caller.request("INVITE", uri=contact, to=f"<sip:{NUMBER}@carrier.example>"),
            ("127.0.0.1", office.configuration.port),
        )
        call = await received(worker)
        assert call.header("X-SR-Trunk") == str(trunk)
        assert call.header("X-SR-Account") == str(office.account)
        assert NUMBER in call.header("To")


async def test_it_is_renewed_with_one_call_id_and_rising_numbers(office: Office, carrier: Registrar) -> None:
    carrier.grants = 2
    office.start()
    trunk = await office.add_trunk(carrier.port, username=USERNAME)
    await until(lambda: len(carrier.registers) >= 6)
    assert len({one.header("Call-ID") for one in carrier.registers}) == 1
    numbers = [int(one.header("CSeq").split()[0]) for one in carrier.registers]
    assert numbers == sorted(set(numbers))
    assert len({re.sub("expires=.*", "", one.header("Contact")) for one in carrier.registers}) == 1

    # Another process goes on where this one ends.
    before = len(carrier.registers)
    office.tasks[0].cancel()
    await asyncio.gather(*office.tasks, return_exceptions=True)
    assert len(carrier.contacts) == 1, "who ends does not withdraw it"
    office.tasks.clear()
    office.start()
    await until(lambda: len(carrier.registers) >= before + 2)
    later = carrier.registers[-1]
    assert later.header("Call-ID") == carrier.registers[0].header("Call-ID")
    assert int(later.header("CSeq").split()[0]) > max(numbers)
    await office.until(trunk, "registered")


async def test_a_reason_of_other_bytes_harms_nobody(office: Office, carrier: Registrar) -> None:
    carrier.refuses, carrier.reason = 403, b"Refus\xe9 \x01"
    office.start()
    trunk = await office.add_trunk(carrier.port, username=USERNAME)
    state = await office.until(trunk, "refused")
    assert state is not None
    assert (state.code, state.reason) == (403, "Refus\ufffd ")


async def test_changes_count_at_once(office: Office, carrier: Registrar) -> None:
    office.start()
    trunk = await office.add_trunk(carrier.port, username=USERNAME)
    await office.until(trunk, "registered")
    row = update(TrunkRow).where(TrunkRow.id == trunk)

    await office.change(row.values(password_encrypted=office.vault.encrypt("wrong")))
    state = await office.until(trunk, "refused")
    assert state is not None
    assert state.code == 401
    await office.change(row.values(password_encrypted=office.vault.encrypt(PASSWORD)))
    await office.until(trunk, "registered")
    await office.change(row.values(enabled=False))
    await office.until(trunk, None)
    await until(lambda: carrier.contacts == {})  # it is withdrawn
    assert await office.addresses(trunk) == []
    await office.change(row.values(enabled=True))
    await office.until(trunk, "registered")
    await office.change(delete(TrunkRow).where(TrunkRow.id == trunk))
    await until(lambda: carrier.contacts == {})
    types = [type_.removeprefix("trunk.") for type_, _ in await office.events()]
    assert types == [*["registered", "unregistered"] * 2, "registered"], "a deletion is an event of its own"


async def test_what_a_carrier_says_is_told(office: Office, carrier: Registrar) -> None:
    office.start()
    carrier.refuses = 403
    trunk = await office.add_trunk(carrier.port, username=USERNAME)
    state = await office.until(trunk, "refused")
    assert state is not None
    assert (state.code, state.reason) == (403, "No")
    brief = await office.add_trunk(carrier.port, username=f"{USERNAME}@other.example")
    carrier.refuses, carrier.least = 0, 600
    await office.until(brief, "refused")
    assert any("<sip:3225550100@other.example>" in one.header("From") for one in carrier.registers)


async def test_a_carrier_that_does_not_answer_is_tried_again(
    office: Office, carrier: Registrar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("switchroom.engines.sip.registration._FIRST_PAUSE", 0.2)
    carrier.silent = True
    office.start()
    trunk = await office.add_trunk(carrier.port, username=USERNAME)
    state = await office.until(trunk, "unanswered")
    assert state is not None
    carrier.silent = False
    await office.until(trunk, "registered")


async def test_a_trunk_without_registration_is_known_by_its_address(office: Office) -> None:
    office.start()
    async with udp() as wire, udp(port=office.configuration.workers[0]) as worker:
        host, port = wire.address[:2]
        outgoing = await office.add_trunk(port, calls_direction="outgoing")
        await office.until(outgoing, "by_address")
        assert await office.addresses(outgoing) == []
        trunk = await office.add_trunk(port)
        await office.until(trunk, "by_address")
        assert await office.addresses(trunk) == [(host, port)]
        async with office.database.write(None) as session:
            session.add(
                PhoneNumberRow(
                    organization_id=office.account, number=NUMBER, state="in_service", trunk_id=trunk
                )
            )
        server = ("127.0.0.1", office.configuration.port)
        caller = Phone(wire)
        uri = "sip:025550100@127.0.0.1"
        wire.transport.sendto(caller.request("INVITE", uri=uri, to=f"<{uri}>"), server)
        call = await received(worker)
        assert call.header("X-SR-Trunk") == str(trunk)
        await worker.send(call.reply(404, "Not Found"))
        await caller.answer()

        await office.change(update(TrunkRow).where(TrunkRow.id == trunk).values(enabled=False))
        caller.call_id = "another"
        async with asyncio.timeout(60):
            while True:
                wire.transport.sendto(caller.request("INVITE", uri=uri, to=f"<{uri}>"), server)
                answer = await first(caller, worker)
                if answer.status == 407:
                    break


async def first(caller: Phone, worker: Any) -> Message:
    """The final answer to a call, which a worker refuses where it comes there."""

    async def refuse() -> None:
        call = await received(worker)
        await worker.send(call.reply(404, "Not Found"))

    refusing = asyncio.create_task(refuse())
    try:
        return await caller.answer()
    finally:
        refusing.cancel()


async def test_a_trunk_leads_to_no_place_inside(office: Office, carrier: Registrar) -> None:
    office.start("10.0.0.0/8")
    inside = await office.add_trunk(carrier.port, username=USERNAME)
    state = await office.until(inside, "forbidden")
    assert state is not None
    assert "127.0.0.1" in state.reason
    unknown = await office.add_trunk(5060, server="no.such.name.invalid", username=USERNAME)
    await office.until(unknown, "unresolved")
    assert carrier.registers == []
    assert await office.addresses(inside) == []


async def test_one_process_registers_at_a_time(
    office: Office, carrier: Registrar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trunk_registrations, "COMPARE_EVERY", 0.2)
    office.start()
    office.start()
    trunk = await office.add_trunk(carrier.port, username=USERNAME)
    await office.until(trunk, "registered")
    await asyncio.sleep(0.5)  # what a second one would have used
    assert len(carrier.registers) == 2
