"""Lamps of calls (BLF): what phones see of others' calls, by extension and by the name of a device."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import structlog
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

LOOK_EVERY = 3.0
"""Seconds between two looks at who watches."""

_FIND_ALL_EVERY = 60.0
"""Seconds after which it is found out anew who is watched where: callflows may lead elsewhere."""

_FOUND_AT_ONCE = 500

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
        self._calls: dict[str, Dialogs] = {}
        self._parties: defaultdict[Party, dict[str, Dialog]] = defaultdict(dict)
        self._changed: set[Party] = set()
        self._watched: defaultdict[Party, set[str]] = defaultdict(set)
        self._woken = asyncio.Event()

    def note(self, snapshot: CallSnapshot, happened: Happened) -> None:
        """Take in a change of a call. It neither blocks nor raises."""
        earlier: Dialogs = self._calls.get(snapshot.id) or {}
        if happened.kind is ChangeKind.ENDED:
            self._calls.pop(snapshot.id, None)
            # Also of one that was not known: another process may have lit its lamps.
            self._changed.update(_parties(snapshot))
            now: Dialogs = {}
        else:
            now = self._calls[snapshot.id] = _dialogs(snapshot)
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
        look_at = find_all_at = loop.time()
        while True:
            if loop.time() >= look_at:
                fresh = await self._publisher.look()
                if loop.time() >= find_all_at:
                    self._watched.clear()
                    fresh = self._publisher.watched
                    find_all_at = loop.time() + _FIND_ALL_EVERY
                await self._find(fresh)
                await self._publisher.refresh()
                look_at = loop.time() + LOOK_EVERY
            changed, self._changed = self._changed, set()
            for party in changed:
                await self._publish(party)
            await set_within(self._woken, max(look_at - loop.time(), 0.0))
            self._woken.clear()

    async def _find(self, watched: Iterable[Watched]) -> None:
        """Find out who is watched there. Those who have calls are to be published."""
        uris = {one.uri for one in watched if one.event in (DIALOG, PRESENCE)}
        if not uris:
            return
        try:
            async with self._database.read(None) as session:
                found = await parties_at(session, uris)
        except DATABASE_AWAY as error:
            log.warning("watchers not known", reason=type(error).__name__)
            return
        for uri, party in found.items():
            self._watched[party].add(uri)
            if party in self._parties:
                self._changed.add(party)

    async def _publish(self, party: Party) -> None:
        """Tell those who watch a party what calls it has."""
        uris = self._watched.get(party)
        if uris is None:
            return
        dialogs = [*self._parties.get(party, {}).values()]
        is_up = any(one.state is DialogState.CONFIRMED for one in dialogs)
        for uri in uris:
            body = dialog_info(uri, dialogs or [_NO_CALL])
            await self._publisher.publish(Watched(DIALOG, uri), body, DIALOG_INFO)
            body = presence(uri, on_the_phone=is_up)
            await self._publisher.publish(Watched(PRESENCE, uri), body, PIDF)


_NO_CALL = Dialog("none", DialogState.TERMINATED, is_caller=False)
"""What is told once a call is over: phones keep a lamp lit that they hear nothing more of."""


def _parties(snapshot: CallSnapshot) -> Iterator[Party]:
    """Everybody who has, or had, a leg."""
    for leg in snapshot.legs:
        for kind, id_ in (("device", leg.device_id), ("user", leg.user_id)):
            if id_ is not None:
                yield Party(snapshot.organization_id, kind, id_)


def _dialogs(snapshot: CallSnapshot) -> Dialogs:
    """The legs that are up or ring, by whose they are."""
    found: defaultdict[Party, dict[str, Dialog]] = defaultdict(dict)
    for leg in snapshot.legs:
        if leg.ended_at is not None:
            continue
        state = DialogState.EARLY if leg.state is LegStatus.RINGING else DialogState.CONFIRMED
        dialog = Dialog(leg.uuid, state, is_caller=leg.direction is LegDirection.INBOUND)
        for kind, id_ in (("device", leg.device_id), ("user", leg.user_id)):
            if id_ is not None:
                found[Party(snapshot.organization_id, kind, id_)][leg.uuid] = dialog
    return found


async def parties_at(session: AsyncSession, uris: Collection[str]) -> Mapping[str, Party]:
    """Who is at these addresses: the device with that name, with or without the prefix that phones are told,
    or the user or device that the callflow of that extension begins with."""
    asked = {uri: _parts(uri) for uri in uris}
    known = await session.execute(
        select(SipRealm.realm, SipRealm.organization_id).where(
            SipRealm.realm.in_({realm for _, realm in asked.values()})
        )
    )
    realms: dict[str, int] = {row[0]: row[1] for row in known}
    names = {name for user, realm in asked.values() for name in (user, _plain(user, realm))}
    organizations = set(realms.values())
    devices: dict[tuple[str, str], Party] = {}
    flows: dict[tuple[int, str], Party] = {}
    for part in _pieces(sorted(names)):
        query = select(Device.realm, Device.username, Device.organization_id, Device.id)
        for realm, username, organization_id, id_ in await session.execute(
            query.where(Device.realm.in_(realms), Device.username.in_(part))
        ):
            devices[(realm, username)] = Party(organization_id, "device", id_)
        numbers = select(
            CallflowNumber.organization_id, CallflowNumber.number, CallflowRow.details["flow"]
        ).join(CallflowRow, CallflowRow.id == CallflowNumber.callflow_id)
        for organization_id, number, flow in await session.execute(
            numbers.where(CallflowNumber.organization_id.in_(organizations), CallflowNumber.number.in_(part))
        ):
            match flow:
                case {"module": "user" | "device" as kind, "data": {"id": int(id_)}}:
                    flows[(organization_id, number)] = Party(organization_id, kind, id_)
                case _:
                    pass
    found: dict[str, Party] = {}
    for uri, (user, realm) in asked.items():
        party = devices.get((realm, user)) or devices.get((realm, _plain(user, realm)))
        party = party or flows.get((realms.get(realm, 0), user))
        if party is not None:
            found[uri] = party
    return found


def _parts(uri: str) -> tuple[str, str]:
    """Name and realm of an address."""
    user, _, realm = uri.partition(":")[2].partition("@")
    return user, realm.lower()


def _plain(user: str, realm: str) -> str:
    return user.removeprefix(f"{prefix_of(realm)}.")


def _pieces(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[begin : begin + _FOUND_AT_ONCE] for begin in range(0, len(names), _FOUND_AT_ONCE))
