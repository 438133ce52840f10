"""A house with two people, a phone each (100 and 101), a voicemail box, and a real presence server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, text

from switchroom.bus import Bus
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.engines.kamailio.configuration import KamailioConfiguration
from switchroom.engines.kamailio.engine import KamailioEngine
from switchroom.engines.sip.core import AgentOptions
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.engines.sip.message import Request
from switchroom.engines.sip.user_agent import UserAgent
from switchroom.identity.models import Membership, Organization, Person
from switchroom.telephony.lamps.publisher import Publisher
from switchroom.telephony.resources.callflows import CallflowNumber, CallflowRow
from switchroom.telephony.resources.devices import ContactsChanged, Device, Registration
from switchroom.telephony.resources.realms import SipRealm
from switchroom.telephony.resources.references import ResourceReference
from switchroom.telephony.resources.vmboxes import VoicemailBoxRow
from tests.engines.kamailio.phones import LIMIT, REALM, Message, Phone, ha1, udp
from tests.ports import free_port, inner_sip_ports

NAMES = {100: "ab12cd34", 101: "ef56gh78"}
"""Devices of the phones, by their extensions."""


class House:
    """The extension is the id of everything that somebody has; the box of 100 is 100 too."""

    def __init__(self, directory: Path, url: str) -> None:
        self.database, self.bus = Database(url), Bus()
        self.configuration = KamailioConfiguration(
            database_url=url, port=free_port(), workers=(free_port(),), **inner_sip_ports()
        )
        self.engine = KamailioEngine(directory / "kamailio", self.configuration)
        self.organization_id = 0
        self._agent: UserAgent | None = None

    async def start(self) -> None:
        async with self.database.write(None) as session:
            organization = Organization(ulid="0" * 26, display_name="Acme")
            session.add(organization)
            await session.flush()
            self.organization_id = own = organization.id
            session.add(SipRealm(organization_id=own, realm=REALM))
            for extension, name in NAMES.items():
                person = Person(username=f"{extension}@example.org", password_hash="")
                session.add(person)
                await session.flush()
                session.add(
                    Membership(id=extension, organization_id=own, person_id=person.id, standing="participant")
                )
                await session.flush()
                session.add(
                    Device(
                        id=extension,
                        organization_id=own,
                        owner_id=extension,
                        name="desk",
                        username=name,
                        realm=REALM,
                        ha1=ha1(name, REALM, "secret"),
                        ha1_prefixed=ha1(f"acme.{name}", REALM, "secret"),
                    )
                )
                flow = {"module": "user", "data": {"id": extension}}
                session.add(CallflowRow(id=extension, organization_id=own, name="", details={"flow": flow}))
                await session.flush()
                session.add(CallflowNumber(organization_id=own, number=str(extension), callflow_id=extension))
                session.add(
                    ResourceReference(
                        organization_id=own,
                        source_kind="callflows",
                        source_id=extension,
                        target_kind="users",
                        target_id=extension,
                    )
                )
            session.add(
                VoicemailBoxRow(
                    id=100, organization_id=own, name="100", mailbox="100", owner_id=100, details={}
                )
            )
        await self.engine.start()
        self._agent = await self._open()

    async def _open(self) -> UserAgent:
        core = ("127.0.0.1", self.configuration.core_port)
        local = ("127.0.0.1", self.configuration.workers[0])
        return await UserAgent.open(local, AgentOptions(next_hop=core), _Silent())

    @asynccontextmanager
    async def database_away(self) -> AsyncGenerator[None]:
        """Nobody finds out whose extensions are whose while the block runs."""
        await self._execute("ALTER TABLE callflow_numbers RENAME TO callflow_numbers_away")
        try:
            yield
        finally:
            await self._execute("ALTER TABLE callflow_numbers_away RENAME TO callflow_numbers")

    async def _execute(self, statement: str) -> None:
        async with self.database.write(None) as session:
            await session.execute(text(statement))

    async def register(self, device_id: int) -> None:
        """A contact of a device, as the mirror of the registrar writes it."""
        contact = f"sip:{device_id}@192.0.2.1:5060"
        row = Registration(
            organization_id=self.organization_id,
            device_id=device_id,
            contact=contact,
            expires_at=now() + timedelta(hours=1),
        )
        async with self.database.write(None) as session:
            session.add(row)
        await self.bus.publish(ContactsChanged(self.organization_id))

    async def unregister(self, device_id: int) -> None:
        """Take the contact away."""
        async with self.database.write(None) as session:
            await session.execute(delete(Registration).where(Registration.device_id == device_id))
        await self.bus.publish(ContactsChanged(self.organization_id))

    def publisher(self) -> Publisher:
        assert self._agent is not None
        return Publisher(self._agent, self.engine.directory, expires=600)

    async def stop(self) -> None:
        if self._agent is not None:
            self._agent.close()
        await self.engine.stop()
        await self.database.close()

    async def add_device(self, name: str, realm: str) -> None:
        """A device of another account."""
        async with self.database.write(None) as session:
            organization = Organization(ulid="1" * 26, display_name="Other")
            session.add(organization)
            await session.flush()
            session.add(SipRealm(organization_id=organization.id, realm=realm))
            await session.flush()
            session.add(
                Device(
                    organization_id=organization.id,
                    name="desk",
                    username=name,
                    realm=realm,
                    ha1=ha1(name, realm, "secret"),
                    ha1_prefixed="",
                )
            )

    @asynccontextmanager
    async def phone(
        self, extension: int = 101, *, prefixed: bool = False, realm: str = REALM
    ) -> AsyncGenerator[Lamp]:
        async with udp(("127.0.0.1", self.configuration.port)) as wire:
            name = NAMES[extension]
            phone = Phone(wire, f"acme.{name}" if prefixed else name, realm=realm)
            yield Lamp(phone, self.configuration.core_port)


class Lamp:
    """A key of a phone that watches something."""

    def __init__(self, phone: Phone, core_port: int = 0) -> None:
        """`core_port` is the server's port within dialogs, for who ends a subscription."""
        self.phone = phone
        self.core_port = core_port

    async def watch(self, user: str, event: str) -> Message:
        """Subscribe. Returns what the phone is told first."""
        uri = f"sip:{user}@{self.phone.realm}"
        said = {"Event": event, "Expires": "600"}
        challenge = await self.phone.ask(self.phone.request("SUBSCRIBE", uri=uri, to=f"<{uri}>", more=said))
        credentials = self.phone.authorization(challenge, "SUBSCRIBE", uri)
        request = self.phone.request("SUBSCRIBE", uri=uri, to=f"<{uri}>", more={**said, **credentials})
        await self.phone.wire.send(request)
        answered = told = None
        while answered is None or told is None:
            message = await self.phone.receive()
            if message.start.startswith("SIP/2.0"):
                assert message.status in (200, 202), message.start
                answered = message
            else:
                told = await self._taken(message)
        return told

    async def watch_until(self, user: str, event: str, text: str) -> Message:
        """Subscribe. Returns what the phone is told once it has this text, which may be at once."""
        told = await self.watch(user, event)
        return told if text in told.body else await self.told_until(text)

    async def end(self, told: Message) -> Message:
        """The answer to the end of the subscription, whosever it is, that a phone was told this in."""
        return await self.refresh(told, expires=0)

    async def refresh(self, told: Message, expires: int) -> Message:
        """The answer to a refresh of that subscription, for so many seconds."""
        self.phone.call_id = told.header("Call-ID")
        user = told.header("From").partition("sip:")[2].partition("@")[0]
        tag = told.header("From").partition(";tag=")[2]
        self.phone.number = max(self.phone.number, 100)
        return await self.refresh_dialog(user, told.header("Event"), tag, expires)

    async def refresh_dialog(self, user: str, event: str, tag: str, expires: int) -> Message:
        """The answer to a refresh of a subscription with this tag."""
        uri = f"sip:presence@127.0.0.1:{self.core_port}"
        to = f"<sip:{user}@{self.phone.realm}>;tag={tag}"
        said = {"Event": event, "Expires": str(expires)}
        challenge = await self.phone.ask(self.phone.request("SUBSCRIBE", uri=uri, to=to, more=said))
        if challenge.status not in (401, 407):
            return challenge
        credentials = self.phone.authorization(challenge, "SUBSCRIBE", uri)
        return await self.phone.ask(
            self.phone.request("SUBSCRIBE", uri=uri, to=to, more={**said, **credentials})
        )

    async def told(self, limit: float = LIMIT) -> Message:
        """The next that the phone is told."""
        async with asyncio.timeout(limit):
            return await self._taken(await self.phone.asked("NOTIFY"))

    async def told_state(self, state: str) -> Message:
        """What the phone is told once the subscription is in this state."""
        async with asyncio.timeout(LIMIT):
            while not (message := await self.told()).header("Subscription-State").startswith(state):
                pass
        return message

    async def told_until(self, text: str, limit: float = LIMIT) -> Message:
        """What the phone is told once it has this text."""
        async with asyncio.timeout(limit):
            while text not in (message := await self.told(limit)).body:
                pass
        return message

    async def _taken(self, message: Message) -> Message:
        assert message.start.startswith("NOTIFY"), message.start
        await self.phone.wire.send(message.reply(200, "OK"))
        return message


def states(message: Message) -> list[str]:
    """The states of dialogs in what a phone was told."""
    return re.findall(r"<state[^>]*>(\w+)</state>", message.body)


class _Silent:
    def on_call(self, call: IncomingCall) -> None:
        call.refuse(480)

    def on_message(self, request: Request) -> int:
        return 405
