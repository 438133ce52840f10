"""Registrations as the platform knows them: true within a second, in the table and in the event log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from switchroom.bus import Bus
from switchroom.db.database import Database
from switchroom.engines.kamailio.configuration import KamailioConfiguration, Limits
from switchroom.engines.kamailio.engine import KamailioEngine
from switchroom.events.models import Event
from switchroom.identity.models import Organization
from switchroom.jobs.lease import LEASE
from switchroom.jobs.named_lease import NamedLeases
from switchroom.telephony import registrations
from switchroom.telephony.registrations import RegistrationMirror
from switchroom.telephony.resources.devices import Device, Registration
from switchroom.telephony.resources.realms import SipRealm
from tests.engines.kamailio.phones import REALM, Phone, ha1, udp
from tests.ports import free_port, inner_sip_ports

pytestmark = pytest.mark.kamailio


class Telephones:
    """A registrar over the platform's database, and its mirror."""

    def __init__(self, url: str, directory: Path) -> None:
        self.database = Database(url)
        self.configuration = KamailioConfiguration(
            database_url=url,
            port=free_port(),
            limits=Limits(device_registers=(100, 1000)),
            **inner_sip_ports(),
        )
        self.engine = KamailioEngine(directory / "kamailio", self.configuration)
        self.mirror = RegistrationMirror(self.database, Bus(), self.engine.directory)
        self._mirroring: asyncio.Task[None] | None = None

    async def prepare(self) -> None:
        async with self.database.write(None) as session:
            organization = Organization(ulid="0" * 26, display_name="Acme")
            session.add(organization)
            await session.flush()
            session.add(SipRealm(organization_id=organization.id, realm=REALM))
            await session.flush()
            session.add(
                Device(
                    id=17,
                    organization_id=organization.id,
                    name="desk",
                    username="ab12cd34",
                    realm=REALM,
                    ha1=ha1("ab12cd34", REALM, "secret"),
                    ha1_prefixed=ha1("acme.ab12cd34", REALM, "secret"),
                )
            )

    def mirror_again(self) -> None:
        self._mirroring = asyncio.create_task(self.mirror.run())

    async def stop_mirroring(self) -> None:
        if self._mirroring is not None:
            self._mirroring.cancel()
            with suppress(asyncio.CancelledError):
                await self._mirroring

    async def rows(self) -> list[Registration]:
        async with self.database.read(None) as session:
            return list(await session.scalars(select(Registration)))

    async def events(self) -> list[tuple[str, str]]:
        async with self.database.read(None) as session:
            found = await session.scalars(select(Event).order_by(Event.id))
            return [(event.type, event.object_id) for event in found if event.type.startswith("device.")]

    async def until_rows(self, number: int, limit: float = 60.0) -> list[Registration]:
        """Wait until there are so many."""
        async with asyncio.timeout(limit):
            while len(rows := await self.rows()) != number:  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.02)
        return rows

    async def until_renewed(self, expires: datetime) -> None:
        """Wait until the only one is good for longer."""
        async with asyncio.timeout(60):
            while (await self.rows())[0].expires_at <= expires:  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.02)


@pytest.fixture
async def telephones(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Telephones]:
    monkeypatch.setattr(registrations, "COMPARE_EVERY", 1.0)
    telephones = Telephones(database_url, tmp_path)
    await telephones.prepare()
    await telephones.engine.start()
    telephones.mirror_again()
    yield telephones
    await telephones.stop_mirroring()
    await telephones.engine.stop()
    await telephones.database.close()


async def test_what_a_device_registers_is_known_within_a_second(telephones: Telephones) -> None:
    async with udp(("127.0.0.1", telephones.configuration.port)) as wire:
        phone = Phone(wire, "acme.ab12cd34")
        registered = await phone.register(more={"User-Agent": "Desk 1.0"})
        assert registered.status == 200
        (row,) = await telephones.until_rows(1)
        assert (row.device_id, row.user_agent) == (17, "Desk 1.0")
        assert (row.contact_ip, row.contact_port) == wire.address[:2]
        assert await telephones.events() == [("device.registered", "17")]

        expires = row.expires_at
        await asyncio.sleep(1.0)  # the registrar counts in whole seconds
        assert (await phone.register(600)).status == 200
        await telephones.until_renewed(expires)
        assert await telephones.events() == [("device.registered", "17")]

        assert (await phone.register(0)).status == 200
        await telephones.until_rows(0)
        assert await telephones.events() == [("device.registered", "17"), ("device.unregistered", "17")]


async def test_another_process_goes_on_soon_when_one_was_killed(telephones: Telephones) -> None:
    """Who registers meanwhile is not unknown for as long as a lease on other work lasts."""
    await telephones.stop_mirroring()
    killed = NamedLeases(telephones.database, registrations.LEASE_NAME, lease=registrations.LEASE)
    assert await killed.take_it()
    telephones.mirror_again()
    async with udp(("127.0.0.1", telephones.configuration.port)) as wire:
        assert (await Phone(wire).register()).status == 200
        await telephones.until_rows(1, limit=LEASE.total_seconds())


async def test_a_disabled_device_is_put_out(telephones: Telephones) -> None:
    async with udp(("127.0.0.1", telephones.configuration.port)) as wire:
        phone = Phone(wire)
        assert (await phone.register()).status == 200
        await telephones.until_rows(1)
        async with telephones.database.write(None) as session:
            await session.execute(update(Device).values(enabled=False))
        await telephones.until_rows(0)
        assert (await phone.register()).status == 401
