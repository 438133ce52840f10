"""Lamps of calls (BLF): what phones see of others' calls, by extension and by the name of a device."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import structlog
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.bus import Bus
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.engines.kamailio.presence import Watched
from switchroom.jobs.retry import DATABASE_AWAY
from switchroom.tasks import set_within
from switchroom.telephony.calls.device_states import readable
from switchroom.telephony.calls.journal import GONE_AFTER
from switchroom.telephony.calls.live_rows import CallWorkerRow, LiveCallRow
from switchroom.telephony.calls.snapshot import CallSnapshot, ChangeKind, Happened, LegDirection, LegStatus
from switchroom.telephony.lamps.bodies import DIALOG_INFO, PIDF, Dialog, DialogState, dialog_info, presence
from switchroom.telephony.lamps.publisher import Publisher
from switchroom.telephony.resources.callflows import CallflowNumber, CallflowRow
from switchroom.telephony.resources.devices import ContactsChanged, Device, Registration
from switchroom.telephony.resources.realms import SipRealm, prefix_of

LOOK_EVERY = 3.0
"""Seconds between two looks at who watches."""

_FIND_ALL_EVERY = 60.0
"""Seconds after which it is found out anew who is watched where: callflows may lead elsewhere."""

_FOUND_AT_ONCE = 500

DIALOG, PRESENCE = "dialog", "presence"

log = structlog.stdlib.get_logger(__name__)


class WatchedParty(Struct, frozen=True):
    """Device, or user, whose calls lamps show."""

    organization_id: int
    kind: str
    id: int


T = TypeVar("T")

Dialogs = Mapping[WatchedParty, Mapping[str, Dialog]]
"""Calls of parties, by the uuid of their leg."""

_NOTHING: Mapping[str, Dialog] = {}


class CallLamps:
    """Lamps of the calls that this worker has, and the presence of parties without calls in the accounts
    whose calls come to it. A party whose calls another worker has is that one's to tell of. `note` is told of
    each change, `run` is to be kept going."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        publisher: Publisher,
        has_account: Callable[[int], bool],
        *,
        number: int | None = None,
    ) -> None:
        """`has_account` says whether the calls of an account come to this worker, and `number` is its own;
        None where there is no other worker."""
        self._database = database
        self._publisher = publisher
        self._has_account = has_account
        self._number = number
        self._noted: dict[str, tuple[CallSnapshot, bool]] = {}
        """The last that was told of calls and is not taken in yet, and whether it was their end."""
        self._calls: dict[str, Dialogs] = {}
        self._parties: defaultdict[WatchedParty, dict[str, Dialog]] = defaultdict(dict)
        self._changed: set[WatchedParty] = set()
        self._watched: defaultdict[WatchedParty, set[str]] = defaultdict(set)
        self._present: dict[WatchedParty, bool] = {}
        """Parties whose presence is watched, and whether they can be reached."""
        self._to_tell: set[WatchedParty] = set()
        """Parties of which the presence alone is to be published."""
        self._moved: set[int] = set()
        """Accounts of which somebody may be reached who could not, or the other way."""
        self._organizations: frozenset[int] = frozenset()
        """Ids of the accounts in which somebody is watched."""
        self._elsewhere: frozenset[WatchedParty] = frozenset()
        """Parties that are watched and have calls at other workers."""
        self._woken = asyncio.Event()
        bus.subscribe(ContactsChanged, self._contacts_changed)

    async def _contacts_changed(self, notice: ContactsChanged) -> None:
        if self._present:
            self._moved.add(notice.organization_id)
            self._woken.set()

    def note(self, snapshot: CallSnapshot, happened: Happened) -> None:
        """Take in a change of a call. It neither blocks nor raises."""
        self._noted[snapshot.id] = snapshot, happened.kind is ChangeKind.ENDED
        # While nobody watches, it is enough to take the change in before the next look at the watchers.
        if snapshot.organization_id in self._organizations:
            self._woken.set()

    def _take_in(self) -> None:
        """Find out whose calls have changed."""
        noted, self._noted = self._noted, {}
        for snapshot, is_over in noted.values():
            self._take(snapshot, is_over=is_over)

    def _take(self, snapshot: CallSnapshot, *, is_over: bool) -> None:
        earlier: Dialogs = self._calls.get(snapshot.id) or {}
        if is_over:
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

    async def run(self) -> None:
        """Publish changes, and for new watchers what there is, until cancelled."""
        loop = asyncio.get_running_loop()
        look_at = find_all_at = loop.time()
        while True:
            self._woken.clear()
            self._take_in()
            if loop.time() >= look_at:
                fresh = await self._publisher.look()
                anew = loop.time() >= find_all_at
                present = await self._find(self._publisher.watched if anew else fresh, anew=anew)
                if present is None:
                    find_all_at = loop.time()
                elif anew:
                    find_all_at = loop.time() + _FIND_ALL_EVERY
                await self._look_elsewhere()
                await self._look_for(present or ())
                await self._publisher.refresh()
                look_at = loop.time() + LOOK_EVERY
            moved, self._moved = self._moved, set()
            await self._look_for({one for one in self._present if one.organization_id in moved})
            changed, self._changed = self._changed, set()
            to_tell, self._to_tell = self._to_tell - changed, set()
            for party in to_tell:
                await self._publish_presence(party)
            for party in changed:
                await self._publish(party)
            await set_within(self._woken, max(look_at - loop.time(), 0.0))

    async def _find(self, watched: Iterable[Watched], *, anew: bool) -> Collection[WatchedParty] | None:
        """Find out which parties are watched there, beside those that are known or, `anew`, in their place.
        Those with calls are to be published. Returns those whose presence is watched, None while the database
        is away."""
        uris = {one.uri for one in watched if one.event in (DIALOG, PRESENCE)}
        if not uris and not anew:
            return ()
        try:
            async with self._database.read(None) as session:
                found = await parties_at(session, uris)
        except DATABASE_AWAY as error:
            log.warning("watchers not known", reason=type(error).__name__)
            return None
        if anew:
            self._watched.clear()
            self._present.clear()
            self._organizations = frozenset()
        for uri, party in found.items():
            self._watched[party].add(uri)
        self._organizations |= {party.organization_id for party in found.values()}
        # Changes too that were noted while the parties were looked up.
        self._take_in()
        self._changed.update(party for party in found.values() if party in self._parties)
        present = {one.uri for one in watched if one.event == PRESENCE}
        return {party for uri, party in found.items() if uri in present}

    async def _look_elsewhere(self) -> None:
        """Find out who has calls at other workers: their lamps are not published again from here. Once they
        have none there, what that worker has said last may hide what is so here."""
        if self._number is None:
            return
        # Of other accounts nothing is published from here.
        accounts = {one for one in self._organizations if self._has_account(one)}
        accounts |= self._organizations.intersection(one.organization_id for one in self._parties)
        try:
            async with self._database.read(None) as session:
                found = await parties_elsewhere(session, accounts, self._number)
        except DATABASE_AWAY as error:
            log.warning("calls of other workers not known", reason=type(error).__name__)
            return
        found = found.intersection(self._watched)
        over, self._elsewhere = self._elsewhere - found, found
        for party in over | found.difference(self._parties):
            self._forget(party)
        own = [one for one in over if self._is_own(one)]
        self._changed.update(own)
        await self._look_for(own)

    def _is_own(self, party: WatchedParty) -> bool:
        """Whether its lamps are to be kept here."""
        if party in self._parties:
            return True
        return party not in self._elsewhere and self._has_account(party.organization_id)

    def _forget(self, party: WatchedParty) -> None:
        """What is published of a party stays so until another worker changes it, or it runs out."""
        for uri in self._watched.get(party, ()):
            for event in (DIALOG, PRESENCE):
                self._publisher.forget(Watched(event, uri))

    async def _look_for(self, parties: Collection[WatchedParty]) -> None:
        """Find out which of these can be reached; their presence is to be published. Those of accounts whose
        calls come to another worker, or who have calls at one, are left to that one."""
        own = [one for one in parties if self._is_own(one)]
        if not own:
            return
        try:
            async with self._database.read(None) as session:
                reached = await reachable(session, own)
        except DATABASE_AWAY as error:
            log.warning("presence not known", reason=type(error).__name__)
            self._moved.update(one.organization_id for one in own)
            return
        self._present.update((one, one in reached) for one in own)
        self._to_tell.update(own)

    async def _publish(self, party: WatchedParty) -> None:
        """Tell the watchers of a party what calls it has."""
        uris = self._watched.get(party)
        if uris is None:
            return
        if party in self._elsewhere and party not in self._parties:
            self._forget(party)
            return
        dialogs = [*self._parties.get(party, {}).values()] or [_NO_CALL]
        for uri in uris:
            await self._publisher.publish(Watched(DIALOG, uri), dialog_info(uri, dialogs), DIALOG_INFO)
        await self._publish_presence(party)
        if not self._is_own(party):
            self._forget(party)

    async def _publish_presence(self, party: WatchedParty) -> None:
        dialogs = [*self._parties.get(party, {}).values()]
        is_up = any(one.state is DialogState.CONFIRMED for one in dialogs)
        is_open = bool(dialogs) or self._present.get(party, True)
        for uri in self._watched.get(party, ()):
            body = presence(uri, is_open=is_open, on_the_phone=is_up)
            await self._publisher.publish(Watched(PRESENCE, uri), body, PIDF)


_NO_CALL = Dialog("none", DialogState.TERMINATED, is_caller=False)
"""Dialog that is published once a call is over: phones keep a lamp lit that they hear nothing more of."""


def _parties(snapshot: CallSnapshot) -> Iterator[WatchedParty]:
    """Parties that have, or had, a leg of the call."""
    for leg in snapshot.legs:
        for kind, id_ in (("device", leg.device_id), ("user", leg.user_id)):
            if id_ is not None:
                yield WatchedParty(snapshot.organization_id, kind, id_)


def _dialogs(snapshot: CallSnapshot) -> Dialogs:
    """The legs that are up or ring, by whose they are."""
    found: defaultdict[WatchedParty, dict[str, Dialog]] = defaultdict(dict)
    for leg in snapshot.legs:
        if leg.ended_at is not None:
            continue
        state = DialogState.EARLY if leg.state is LegStatus.RINGING else DialogState.CONFIRMED
        dialog = Dialog(leg.uuid, state, is_caller=leg.direction is LegDirection.INBOUND)
        for kind, id_ in (("device", leg.device_id), ("user", leg.user_id)):
            if id_ is not None:
                found[WatchedParty(snapshot.organization_id, kind, id_)][leg.uuid] = dialog
    return found


async def reachable(session: AsyncSession, parties: Collection[WatchedParty]) -> frozenset[WatchedParty]:
    """Devices and users among these that a call can reach now: with a contact that has not expired."""
    ids = {kind: sorted(one.id for one in parties if one.kind == kind) for kind in ("device", "user")}
    found: set[WatchedParty] = set()
    for kind, column in (("device", Device.id), ("user", Device.owner_id)):
        for part in _pieces(ids[kind]):
            query = (
                select(Device.organization_id, column)
                .join(Registration, Registration.device_id == Device.id)
                .where(column.in_(part), Device.enabled, Registration.expires_at > now())
            )
            rows = [(row[0], row[1]) for row in await session.execute(query)]
            found.update(WatchedParty(account, kind, id_) for account, id_ in rows if id_ is not None)
    return frozenset(found)


async def parties_elsewhere(
    session: AsyncSession, organizations: Collection[int], number: int
) -> frozenset[WatchedParty]:
    """Devices and users of these accounts who have calls at other workers than this one, as far as those
    workers have been seen lately."""
    found: set[WatchedParty] = set()
    for part in _pieces(sorted(organizations)):
        rows = (
            select(LiveCallRow.snapshot)
            .join(CallWorkerRow, CallWorkerRow.number == LiveCallRow.worker)
            .where(
                LiveCallRow.organization_id.in_(part),
                LiveCallRow.worker != number,
                CallWorkerRow.seen_at >= now() - GONE_AFTER,
            )
        )
        for snapshot in readable(await session.scalars(rows)):
            found.update(_dialogs(snapshot))
    return frozenset(found)


async def parties_at(session: AsyncSession, uris: Collection[str]) -> Mapping[str, WatchedParty]:
    """Parties at these addresses: the device with that name, with or without the prefix that phones are told,
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
    devices: dict[tuple[str, str], WatchedParty] = {}
    flows: dict[tuple[int, str], WatchedParty] = {}
    for part in _pieces(sorted(names)):
        query = select(Device.realm, Device.username, Device.organization_id, Device.id)
        for realm, username, organization_id, id_ in await session.execute(
            query.where(Device.realm.in_(realms), Device.username.in_(part))
        ):
            devices[(realm, username)] = WatchedParty(organization_id, "device", id_)
        numbers = select(
            CallflowNumber.organization_id, CallflowNumber.number, CallflowRow.details["flow"]
        ).join(CallflowRow, CallflowRow.id == CallflowNumber.callflow_id)
        for organization_id, number, flow in await session.execute(
            numbers.where(CallflowNumber.organization_id.in_(organizations), CallflowNumber.number.in_(part))
        ):
            match flow:
                case {"module": "user" | "device" as kind, "data": {"id": int(id_)}}:
                    flows[(organization_id, number)] = WatchedParty(organization_id, kind, id_)
                case _:
                    pass
    found: dict[str, WatchedParty] = {}
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


def _pieces(names: Sequence[T]) -> Iterator[Sequence[T]]:
    return (names[begin : begin + _FOUND_AT_ONCE] for begin in range(0, len(names), _FOUND_AT_ONCE))
