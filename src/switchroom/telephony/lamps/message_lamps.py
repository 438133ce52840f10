"""Lamps of messages that wait (MWI): how many there are, for watchers of a box and for its owner's phones."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from contextlib import aclosing

from msgspec import Struct, field
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.bus import Bus
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.engines.kamailio.presence import Watched
from switchroom.events.log import EventFilter, EventLog, LoggedEvent
from switchroom.events.tail import EventTail
from switchroom.jobs.singleton import HeldLease, Singleton
from switchroom.tasks import set_within
from switchroom.telephony.lamps.bodies import MESSAGE_SUMMARY, Counts, message_summary
from switchroom.telephony.lamps.publisher import Publisher
from switchroom.telephony.resources.devices import Device, Registration
from switchroom.telephony.resources.realms import SipRealm, prefix_of
from switchroom.telephony.resources.vmboxes import VoicemailBoxRow
from switchroom.telephony.routing.voicemail.box import Folder
from switchroom.telephony.voicemail.models import VoicemailMessage

EVENT = "message-summary"
LOOK_EVERY = 3.0
"""Seconds between two looks at who watches."""

_OF_BOX = re.compile(r"(?:\*9[78])?(\d{1,15})")
"""User part that a key watches as the lamp of a box: the box's number, as it is dialled to listen to it."""

CHANGES = EventFilter(types=("voicemail.*", "vmbox.*", "device.registered"))
"""Events after which lamps of messages are shown anew."""


class _Phone(Struct, frozen=True):
    """A phone of a box's owner."""

    device_id: int
    username: str
    realm: str

    @property
    def uris(self) -> Sequence[str]:
        """The addresses of its own by which it may ask for its lamp."""
        return (self.uri, f"sip:{prefix_of(self.realm)}.{self.username}@{self.realm}")

    @property
    def uri(self) -> str:
        return f"sip:{self.username}@{self.realm}"


class _Changes(Struct):
    """Changes since they were last taken: to boxes, to all boxes of accounts, to phones that
    registered; each with its account."""

    boxes: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    accounts: set[int] = field(default_factory=set[int])
    devices: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])

    def note(self, event: LoggedEvent) -> None:
        if event.type.startswith("voicemail."):
            self.boxes.add((event.organization_id, int(event.object_id)))
        elif event.type.startswith("vmbox."):
            self.accounts.add(event.organization_id)
        else:
            self.devices.add((event.organization_id, int(event.object_id)))


class MessageLamps:
    """Lamps of all boxes, kept by one worker at a time: for phones and keys that have subscribed to
    `message-summary`, and by NOTIFY unasked for phones of the owner that have not."""

    def __init__(
        self, database: Database, bus: Bus, events: EventLog, tail: EventTail, publisher: Publisher
    ) -> None:
        """`tail` is to be kept going elsewhere."""
        self._database = database
        self._events = events
        self._tail = tail
        self._publisher = publisher
        self._singleton = Singleton(database, bus, "lamps of messages")
        self._changes = _Changes()
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Keep the lamps, until cancelled."""
        await self._singleton.run(self._keep)

    async def _keep(self, lease: HeldLease) -> None:
        after = await self._events.newest(None)
        listening = asyncio.create_task(self._listen(after), name="lamps of messages")
        loop = asyncio.get_running_loop()
        look_at = loop.time()
        try:
            while True:
                if loop.time() >= look_at:
                    await self._show(await self._publisher.look())
                    await self._publisher.refresh()
                    look_at = loop.time() + LOOK_EVERY
                changes, self._changes = self._changes, _Changes()
                await self._show_changes(changes)
                await set_within(self._woken, max(look_at - loop.time(), 0.0))
                self._woken.clear()
                if listening.done():
                    listening.result()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self, after: int) -> None:
        async with aclosing(self._tail.follow(None, CHANGES, after=after)) as events:
            async for event in events:
                self._changes.note(event)
                self._woken.set()

    async def _show_changes(self, changes: _Changes) -> None:
        for organization_id in changes.accounts:
            async with self._database.read(organization_id) as session:
                realms = tuple(f"@{realm}" for realm in await _realms(session, organization_id))
            await self._show(one for one in self._publisher.watched if one.uri.endswith(realms))
        for organization_id, box_id in changes.boxes:
            await self._show_box(organization_id, box_id)
        for organization_id, device_id in changes.devices:
            async with self._database.read(organization_id) as session:
                phones = await _phones(session, organization_id, Device.id == device_id)
            for phone, owner_id in phones:
                await self._notify(organization_id, phone, owner_id, only_waiting=True)

    async def _show(self, watched: Iterable[Watched]) -> None:
        for one in watched:
            if one.event == EVENT:
                await self._show_at(one.uri)

    async def _show_at(self, uri: str) -> None:
        """Tell the watchers of an address, of a phone or a box."""
        user, _, realm = uri.removeprefix("sip:").partition("@")
        async with self._database.read(None) as session:
            organization_id = await session.scalar(
                select(SipRealm.organization_id).where(SipRealm.realm == realm.lower())
            )
        if organization_id is None:
            return
        async with self._database.read(organization_id) as session:
            username = user.removeprefix(f"{prefix_of(realm)}.")
            phones = await _phones(
                session, organization_id, and_(Device.username == username, Device.realm == realm.lower())
            )
            if phones:
                counts = await _counts(session, VoicemailBoxRow.owner_id == phones[0][1])
            else:
                found = _OF_BOX.fullmatch(user)
                if found is None:
                    return
                counts = await _counts(session, VoicemailBoxRow.mailbox == found[1])
        await self._publish(uri, counts)

    async def _show_box(self, organization_id: int, box_id: int) -> None:
        """Tell everybody who has a lamp of the box."""
        async with self._database.read(organization_id) as session:
            query = select(VoicemailBoxRow).where(
                VoicemailBoxRow.organization_id == organization_id, VoicemailBoxRow.id == box_id
            )
            box = await session.scalar(query)
            if box is None:
                return
            counts = await _counts(session, VoicemailBoxRow.id == box_id)
            realms = await _realms(session, organization_id)
            phones = await _phones(session, organization_id, Device.owner_id == box.owner_id)
        for realm in realms:
            for prefix in ("", "*97", "*98"):
                uri = f"sip:{prefix}{box.mailbox}@{realm}"
                if Watched(EVENT, uri) in self._publisher.watched:
                    await self._publish(uri, counts)
        for phone, owner_id in phones if box.owner_id is not None else ():
            watched = [one for one in phone.uris if Watched(EVENT, one) in self._publisher.watched]
            for uri in watched:
                await self._show_at(uri)
            if not watched:
                await self._notify(organization_id, phone, owner_id)

    async def _publish(self, uri: str, counts: Counts) -> None:
        await self._publisher.publish(Watched(EVENT, uri), message_summary(uri, counts), MESSAGE_SUMMARY)

    async def _notify(
        self, organization_id: int, phone: _Phone, owner_id: int | None, *, only_waiting: bool = False
    ) -> None:
        """Tell a phone that can be reached and has not subscribed."""
        if owner_id is None or any(Watched(EVENT, uri) in self._publisher.watched for uri in phone.uris):
            return
        async with self._database.read(organization_id) as session:
            registered = select(Registration.id).where(
                Registration.device_id == phone.device_id, Registration.expires_at > now()
            )
            if await session.scalar(registered.limit(1)) is None:
                return
            counts = await _counts(session, VoicemailBoxRow.owner_id == owner_id)
        if counts.new or not only_waiting:
            body = message_summary(phone.uri, counts)
            await self._publisher.notify(phone.device_id, phone.uri, EVENT, body, MESSAGE_SUMMARY)


async def _realms(session: AsyncSession, organization_id: int) -> Sequence[str]:
    return (
        await session.scalars(select(SipRealm.realm).where(SipRealm.organization_id == organization_id))
    ).all()


async def _phones(
    session: AsyncSession, organization_id: int, which: ColumnElement[bool]
) -> Sequence[tuple[_Phone, int | None]]:
    """Phones, each with its owner."""
    query = select(Device.id, Device.username, Device.realm, Device.owner_id).where(
        Device.organization_id == organization_id, which
    )
    return [(_Phone(row[0], row[1], row[2]), row[3]) for row in await session.execute(query)]


async def _counts(session: AsyncSession, boxes: ColumnElement[bool]) -> Counts:
    """The messages of all boxes of the session's account that are meant."""
    query = (
        select(VoicemailMessage.folder, func.count())
        .join(VoicemailBoxRow, VoicemailBoxRow.id == VoicemailMessage.box_id)
        .where(boxes)
        .group_by(VoicemailMessage.folder)
    )
    found = {row[0]: row[1] for row in await session.execute(query)}
    return Counts(found.get(Folder.NEW, 0), found.get(Folder.SAVED, 0))
