"""Lamps of calls (BLF): what phones see of others' calls, by extension and by the name of a device."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence

import structlog
from cachetools import TTLCache
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.database import Database
from switchroom.engines.kamailio.presence import Watched
from switchroom.jobs.retry import DATABASE_AWAY
from switchroom.tasks import set_within
from switchroom.telephony.calls.snapshot import CallSnapshot, ChangeKind, Happened, LegDirection, LegStatus
from switchroom.telephony.lamps.bodies import DIALOG_INFO, PIDF, Dialog, DialogState, dialog_info, presence
from switchroom.telephony.lamps.publisher import Publisher
from switchroom.telephony.resources.callflows import CallflowNumber, CallflowRow
from switchroom.telephony.resources.devices import Device
from switchroom.telephony.resources.realms import SipRealm, prefix_of
from switchroom.telephony.resources.references import ResourceReference

LOOK_EVERY = 3.0
"""Seconds between two looks at who watches."""

_REMEMBERED = 30.0
"""Seconds for which it is remembered what somebody is called."""

DIALOG, PRESENCE = "dialog", "presence"

log = structlog.stdlib.get_logger(__name__)


class Party(Struct, frozen=True):
    """A device, or a user, who has calls."""

    organization_id: int
    kind: str
    id: int


Dialogs = Mapping[Party, Mapping[str, Dialog]]
"""Calls of parties, by the uuid of their leg."""

_NOTHING: Mapping[str, Dialog] = {}


class CallLamps:
    """Lamps of the calls that this worker has. `note` is told of each change, `run` is to be kept going."""

    def __init__(self, database: Database, publisher: Publisher) -> None:
        self._database = database
        self._publisher = publisher
        self._calls: dict[str, CallSnapshot] = {}
        self._parties: defaultdict[Party, dict[str, Dialog]] = defaultdict(dict)
        self._changed: set[Party] = set()
        self._names: TTLCache[Party, Sequence[str]] = TTLCache(10_000, _REMEMBERED)
        self._woken = asyncio.Event()

    def note(self, snapshot: CallSnapshot, happened: Happened) -> None:
        """Take in a change of a call. It neither blocks nor raises."""
        before = self._calls.get(snapshot.id)
        if happened.kind is ChangeKind.ENDED:
            self._calls.pop(snapshot.id, None)
            now: Dialogs = {}
        else:
            self._calls[snapshot.id] = snapshot
            now = _dialogs(snapshot)
        earlier: Dialogs = _dialogs(before) if before is not None else {}
        for party in earlier.keys() | now.keys():
            was, is_ = earlier.get(party, _NOTHING), now.get(party, _NOTHING)
            if was == is_:
                continue
            dialogs = self._parties[party]
            for leg in was.keys() - is_.keys():
                dialogs.pop(leg, None)
            dialogs.update(is_)
            if not dialogs:
                del self._parties[party]
            self._changed.add(party)
        if self._changed:
            self._woken.set()

    async def run(self) -> None:
        """Publish what changes, and for who begins to watch what there is, until cancelled."""
        loop = asyncio.get_running_loop()
        look_at = loop.time()
        while True:
            if loop.time() >= look_at:
                if await self._publisher.look():
                    self._changed.update(self._parties)
                await self._publisher.refresh()
                look_at = loop.time() + LOOK_EVERY
            changed, self._changed = self._changed, set()
            for party in changed:
                try:
                    await self._publish(party)
                except DATABASE_AWAY as error:
                    log.warning("lamps not published", reason=type(error).__name__)
            await set_within(self._woken, max(look_at - loop.time(), 0.0))
            self._woken.clear()

    async def _publish(self, party: Party) -> None:
        """Tell those who watch a party what calls it has."""
        if not self._publisher.watched:
            return
        dialogs = [*self._parties.get(party, {}).values()]
        is_up = any(one.state is DialogState.CONFIRMED for one in dialogs)
        for uri in await self._uris(party):
            body = dialog_info(uri, dialogs or [_NO_CALL])
            await self._publisher.publish(Watched(DIALOG, uri), body, DIALOG_INFO)
            body = presence(uri, on_the_phone=is_up)
            await self._publisher.publish(Watched(PRESENCE, uri), body, PIDF)

    async def _uris(self, party: Party) -> Sequence[str]:
        """The addresses at which a party is watched."""
        known = self._names.get(party)
        if known is None:
            async with self._database.read(party.organization_id) as session:
                known = [one async for one in _addresses(session, party)]
            self._names[party] = known
        return known


_NO_CALL = Dialog("none", DialogState.TERMINATED, is_caller=False)
"""What is told once a call is over: phones keep a lamp lit that they hear nothing more of."""


def _dialogs(snapshot: CallSnapshot) -> Dialogs:
    """The legs that are up or ring, by whose they are."""
    found: defaultdict[Party, dict[str, Dialog]] = defaultdict(dict)
    for leg in snapshot.legs:
        if leg.ended_at is not None:
            continue
        state = DialogState.EARLY if leg.state is LegStatus.RINGING else DialogState.CONFIRMED
        dialog = Dialog(leg.uuid, state, is_caller=leg.direction is LegDirection.INBOUND)
        for kind, id_ in (("devices", leg.device_id), ("users", leg.user_id)):
            if id_ is not None:
                found[Party(snapshot.organization_id, kind, id_)][leg.uuid] = dialog
    return found


async def _addresses(session: AsyncSession, party: Party) -> AsyncGenerator[str]:
    """The extensions whose callflow begins with the party, in each realm of the account; of a device also its
    name, with and without the prefix that phones are told."""
    if party.kind == "devices":
        device = await session.scalar(select(Device).where(Device.id == party.id))
        if device is not None:
            yield f"sip:{device.username}@{device.realm}"
            yield f"sip:{prefix_of(device.realm)}.{device.username}@{device.realm}"
    query = (
        select(CallflowNumber.number, CallflowRow.details["flow"])
        .join(CallflowRow, CallflowRow.id == CallflowNumber.callflow_id)
        .join(ResourceReference, ResourceReference.source_id == CallflowRow.id)
        .where(
            ResourceReference.organization_id == party.organization_id,
            ResourceReference.source_kind == "callflows",
            ResourceReference.target_kind == party.kind,
            ResourceReference.target_id == party.id,
        )
    )
    module = party.kind.removesuffix("s")
    numbers = [
        number
        for number, flow in await session.execute(query)
        if flow["module"] == module and flow["data"].get("id") == party.id
    ]
    if not numbers:
        return
    realms = await session.scalars(
        select(SipRealm.realm).where(SipRealm.organization_id == party.organization_id)
    )
    for realm in realms:
        for number in numbers:
            yield f"sip:{number}@{realm}"
