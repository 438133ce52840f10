"""Registrations of devices: the table, kept as Kamailio's registrar has it, and the events of its changes."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.bus import Bus
from switchroom.db.database import Database, columns_of, notify
from switchroom.engines.kamailio.configuration import Interfaces, read_interfaces
from switchroom.engines.kamailio.events import Banned, Connected, RegistrationsChanged, kamailio_events
from switchroom.engines.kamailio.rpc import KamailioRefused, KamailioRpc, KamailioUnreachable
from switchroom.engines.kamailio.state import STATE_FILE, Contact, read_contacts
from switchroom.events.append import append
from switchroom.events.types import DeviceRegistered, DeviceUnregistered
from switchroom.jobs.singleton import HeldLease, Singleton
from switchroom.tasks import set_within
from switchroom.telephony.resources.devices import ContactsChanged, Device, Registration

LOOK_EVERY = 5.0
"""Seconds between two looks for a registrar, where none has been configured yet."""

GATHER = 0.1
"""Seconds for which changes are gathered, to be written together."""

LEASE_NAME = "sip registrations"
LEASE = timedelta(seconds=4)
"""Time for which a process that was killed keeps others from its work: devices that register meanwhile
cannot be called."""

COMPARE_EVERY = 30.0
"""Seconds after which all is compared: a device may have been disabled or deleted."""

_MOST_NAMED = 1000
"""Devices that a statement names; where more are different all rows are looked at."""

_LONGEST_CONTACT, _LONGEST_AGENT, _LONGEST_ADDRESS = 400, 200, 45

log = structlog.stdlib.get_logger(__name__)


class RegistrationMirror:
    """Mirror of the registrar on this machine: `device_registrations` is as it says within a second, written
    by one process at a time. Contacts of devices that are not any more, or are disabled, are ended."""

    def __init__(self, database: Database, bus: Bus, directory: Path) -> None:
        """`directory` is Kamailio's."""
        self._database = database
        self._directory = directory
        self._singleton = Singleton(database, bus, LEASE_NAME, lease=LEASE)

    async def run(self) -> None:
        """Keep it so, until cancelled."""
        interfaces = read_interfaces(self._directory)
        while interfaces is None:
            await asyncio.sleep(LOOK_EVERY)
            interfaces = read_interfaces(self._directory)
        there = interfaces

        async def follow(lease: HeldLease) -> None:
            await self._follow(lease, there)

        await self._singleton.run(follow)

    async def _follow(self, lease: HeldLease, interfaces: Interfaces) -> None:
        changes = _Changes()
        listening = asyncio.create_task(_listen(interfaces, changes), name="registrations")
        try:
            while True:
                if not await set_within(changes.there, COMPARE_EVERY) and changes.connected:
                    changes.all = True
                await asyncio.sleep(GATHER)
                devices = changes.take()
                if devices is None or devices:
                    await self._compare(lease, interfaces, devices)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _compare(self, lease: HeldLease, interfaces: Interfaces, devices: list[int] | None) -> None:
        """Bring the rows of some devices, or all, to what the registrar has."""
        contacts = await asyncio.to_thread(read_contacts, self._directory / STATE_FILE, devices)
        if devices is None:
            # Hardly anything is to be written of thousands, while nobody else may write.
            different = await self._different(contacts)
            if not different:
                return
            if len(different) <= _MOST_NAMED:
                devices = sorted(different)
                contacts = [one for one in contacts if one.device_id in different]
        async with self._database.write(None) as session:
            await lease.hold(session)
            unwanted = await write_registrations(session, contacts, devices)
        for device_id in unwanted:
            try:
                async with KamailioRpc(interfaces) as rpc:
                    await rpc.unregister(device_id)
            except (KamailioUnreachable, KamailioRefused) as error:
                log.warning("registration not ended", device_id=device_id, reason=str(error))

    async def _different(self, contacts: Sequence[Contact]) -> set[int]:
        """The devices whose rows are not what the registrar has, and those that should have no contacts."""
        async with self._database.read(None) as session:
            rows = await columns_of(session, _ROWS, {})
            enabled = await columns_of(session, _ENABLED, {})
        return await asyncio.to_thread(_different, contacts, rows, {row[0] for row in enabled})


_ROWS = select(
    Registration.device_id,
    Registration.contact,
    Registration.user_agent,
    Registration.contact_ip,
    Registration.contact_port,
    Registration.expires_at,
)
_ENABLED = select(Device.id).where(Device.enabled)


def _different(
    contacts: Sequence[Contact],
    rows: Sequence[tuple[int, str, str, str, int, datetime]],
    enabled: Collection[int],
) -> set[int]:
    wanted = {(one.device_id, one.uri[:_LONGEST_CONTACT]): _columns(one) for one in contacts}
    there = {row[:2]: row[2:] for row in rows}
    changed = {key[0] for key in wanted.keys() | there.keys() if wanted.get(key) != there.get(key)}
    return changed | {one.device_id for one in contacts if one.device_id not in enabled}


def _columns(contact: Contact) -> tuple[str, str, int, datetime]:
    """Columns of a contact's row, but for its key."""
    return (
        contact.user_agent[:_LONGEST_AGENT],
        contact.address.strip("[]")[:_LONGEST_ADDRESS],
        contact.port,
        contact.expires_at,
    )


class _Changes:
    """Changes of registrations since they were last taken: of some devices, or of all."""

    def __init__(self) -> None:
        self.there = asyncio.Event()
        self.all = False
        self.connected = False
        self._devices: set[int] = set()

    def note(self, device: int | None) -> None:
        if device is None:
            self.all = self.connected = True
        else:
            self._devices.add(device)
        self.there.set()

    def take(self) -> list[int] | None:
        """The devices, None for all."""
        devices = None if self.all else sorted(self._devices)
        self.all = False
        self._devices.clear()
        self.there.clear()
        return devices


async def _listen(interfaces: Interfaces, changes: _Changes) -> None:
    async with aclosing(kamailio_events(interfaces)) as events:
        async for event in events:
            match event:
                case Connected():
                    changes.note(None)
                case RegistrationsChanged(device):
                    changes.note(device)
                case Banned(address):
                    log.warning("address banned for failed SIP credentials", address=address)


async def write_registrations(
    session: AsyncSession, contacts: Sequence[Contact], devices: list[int] | None
) -> list[int]:
    """Make the rows of these devices, or of all, those of the contacts, and append the events of devices that
    can be reached now and could not before, or the other way. Returns the devices whose contacts should not
    be there."""
    enabled = select(Device.id, Device.organization_id).where(Device.enabled)
    rows = select(Registration)
    if devices is not None:
        enabled, rows = enabled.where(Device.id.in_(devices)), rows.where(Registration.device_id.in_(devices))
    else:
        enabled = enabled.where(Device.id.in_({one.device_id for one in contacts}))
    organizations = {row.id: row.organization_id for row in await session.execute(enabled)}
    before = {(row.device_id, row.contact): row for row in await session.scalars(rows)}
    now = {
        (one.device_id, one.uri[:_LONGEST_CONTACT]): one for one in contacts if one.device_id in organizations
    }
    for key, contact in now.items():
        row = before.get(key)
        if row is None:
            row = Registration(
                organization_id=organizations[contact.device_id],
                device_id=contact.device_id,
                contact=key[1],
                registered_at=contact.registered_at,
            )
            session.add(row)
        row.user_agent, row.contact_ip, row.contact_port, row.expires_at = _columns(contact)
    gone = [row.id for key, row in before.items() if key not in now]
    if gone:
        await session.execute(delete(Registration).where(Registration.id.in_(gone)))
    changed = {organizations[device] for device, _ in now.keys() - before.keys()}
    changed |= {row.organization_id for key, row in before.items() if key not in now}
    for organization_id in changed:
        notify(session, ContactsChanged(organization_id))
    reached_before = {device for device, _ in before}
    reached_now = {device for device, _ in now}
    for device_id, contact in {key[0]: one for key, one in now.items()}.items():
        if device_id not in reached_before:
            registered = DeviceRegistered(
                contact_ip=contact.address.strip("[]"),
                contact_port=contact.port,
                user_agent=contact.user_agent,
            )
            append(session, organizations[device_id], registered, str(device_id))
    for (device_id, _), row in before.items():
        if device_id not in reached_now:
            reached_now.add(device_id)
            append(session, row.organization_id, DeviceUnregistered(), str(device_id))
    return sorted({one.device_id for one in contacts} - organizations.keys())
