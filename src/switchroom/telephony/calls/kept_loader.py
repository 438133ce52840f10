"""Kept loader: what calls have been loaded with, until anything of the account changes.

Loading takes ten times what the rest of a set-up takes. Every change of what is configured, and of what
can be reached, is an event of the account, whose notice forgets all that is kept of it; the API has it
forgotten before it answers, so that a change counts from the next call on. Nothing is kept while notices
cannot be heard, nothing from before they could be, and nothing for longer than a minute, so that what was
changed without one counts too.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import TypeVar, cast

from msgspec import Struct

from switchroom.bus import Bus
from switchroom.events.notices import EventsAppended
from switchroom.telephony.calls.loaded import Caller, Incoming, LoadedFlow, Refused, TrunkAccess
from switchroom.telephony.calls.loader import Loader
from switchroom.telephony.resources.devices import ContactsChanged
from switchroom.telephony.routing.call import Call
from switchroom.telephony.routing.destinations import Destination
from switchroom.telephony.routing.flow import nodes_of

T = TypeVar("T")

KEPT_FOR = 60.0
"""Seconds."""

MOST_KEPT = 50_000
"""Of all accounts together, counted as `_size` does: about 100 MB."""

_OF_CALLS = ("call.", "voicemail.", "conference.joined", "conference.left")
"""Beginnings of the types of events that change nothing of what is loaded."""


class _Entry(Struct, frozen=True):
    account: int
    until: float
    found: object
    size: int


class KeptLoader:
    """A loader that remembers. Its methods are those of `Loader`."""

    def __init__(
        self, loader: Loader, bus: Bus, is_hearing: Callable[[], bool], keep_for: float = KEPT_FOR
    ) -> None:
        """`is_hearing` says whether the notices of all processes arrive here. What is loaded is kept for
        `keep_for` seconds."""
        self._loader = loader
        self._is_hearing = is_hearing
        self._keep_for = keep_for
        self._kept: OrderedDict[Hashable, _Entry] = OrderedDict()
        self.size = 0
        self._keys: dict[int, set[Hashable]] = {}
        self._changes = 0
        bus.subscribe(EventsAppended, self._heard)
        bus.subscribe(ContactsChanged, self._moved)

    async def caller(self, device_id: int, dialled: str) -> Caller | Refused:
        return await self._remember(
            ("caller", device_id, dialled),
            lambda: self._loader.caller(device_id, dialled),
            lambda found: found.account.id if isinstance(found, Caller) else None,
        )

    async def incoming(self, trunk_id: int, called: str) -> Incoming | Refused:
        return await self._remember(
            ("incoming", trunk_id, called),
            lambda: self._loader.incoming(trunk_id, called),
            lambda found: found.account.id if isinstance(found, Incoming) else None,
        )

    async def contact_name(self, organization_id: int, number: str, country: str) -> str:
        return await self._remember(
            ("contact", organization_id, number, country),
            lambda: self._loader.contact_name(organization_id, number, country),
            lambda _: organization_id,
        )

    async def destination(self, organization_id: int, number: str, country: str) -> Destination:
        return await self._remember(
            ("destination", organization_id, number, country),
            lambda: self._loader.destination(organization_id, number, country),
            lambda _: organization_id,
        )

    async def flow(self, organization_id: int, callflow_id: int, call: Call) -> LoadedFlow | None:
        return await self._remember(
            ("flow", organization_id, callflow_id, Loader.known_of(call)),
            lambda: self._loader.flow(organization_id, callflow_id, call),
            lambda found: organization_id if found is not None else None,
        )

    async def flow_to(self, organization_id: int, to: Destination, call: Call) -> LoadedFlow | None:
        return await self._remember(
            ("flow_to", organization_id, to, Loader.known_of(call)),
            lambda: self._loader.flow_to(organization_id, to, call),
            lambda found: organization_id if found is not None else None,
        )

    async def with_number(self, loaded: LoadedFlow, number: str, country: str) -> LoadedFlow:
        return await self._loader.with_number(loaded, number, country)

    async def devices_to_ring(
        self, organization_id: int, device_id: int | None, user_id: int | None
    ) -> Sequence[int]:
        """Nothing of it is kept: programs ask for it."""
        return await self._loader.devices_to_ring(organization_id, device_id, user_id)

    async def music_on_hold(
        self, organization_id: int, device_id: int | None, user_id: int | None
    ) -> tuple[int | None, int | None]:
        return await self._remember(
            ("music", organization_id, device_id, user_id),
            lambda: self._loader.music_on_hold(organization_id, device_id, user_id),
            lambda _: organization_id,
        )

    async def realm(self, organization_id: int) -> str:
        return await self._remember(
            ("realm", organization_id),
            lambda: self._loader.realm(organization_id),
            lambda _: organization_id,
        )

    async def trunk_access(self, organization_id: int, trunk_id: int) -> TrunkAccess | None:
        """Nothing of it is kept: it is asked for once a call that is taken up."""
        return await self._loader.trunk_access(organization_id, trunk_id)

    async def sound_versions(self, organization_id: int, media_ids: Sequence[int]) -> Mapping[int, str]:
        return await self._remember(
            ("sounds", organization_id, tuple(media_ids)),
            lambda: self._loader.sound_versions(organization_id, media_ids),
            lambda _: organization_id,
        )

    def forget_all(self) -> None:
        """Keep nothing of what was loaded so far: notices may have been missed."""
        self._changes += 1
        self._kept.clear()
        self._keys.clear()
        self.size = 0

    async def _remember(
        self, key: Hashable, load: Callable[[], Awaitable[T]], account_of: Callable[[T], int | None]
    ) -> T:
        """Return what is kept under the key, or load it now, and keep it where it is an account's."""
        if not self._is_hearing():
            self.forget_all()
            return await load()
        kept = self._kept.get(key)
        if kept is not None and kept.until > time.monotonic():
            return cast(T, kept.found)
        changes = self._changes
        found = await load()
        account = account_of(found)
        # A change while it was loaded may be in it, or not.
        if account is not None and changes == self._changes:
            self._keep(account, key, found)
        return found

    def _keep(self, account: int, key: Hashable, found: object) -> None:
        self._drop(key)
        now = time.monotonic()
        entry = _Entry(account, now + self._keep_for, found, _size(found))
        self._kept[key] = entry
        self._keys.setdefault(account, set()).add(key)
        self.size += entry.size
        # All are kept for as long, so the oldest are over first.
        while self._kept:
            oldest = next(iter(self._kept))
            if self._kept[oldest].until > now and self.size <= MOST_KEPT:
                break
            self._drop(oldest)

    def _drop(self, key: Hashable) -> None:
        entry = self._kept.pop(key, None)
        if entry is not None:
            self.size -= entry.size
            keys = self._keys[entry.account]
            keys.discard(key)
            if not keys:
                del self._keys[entry.account]

    async def _heard(self, notice: EventsAppended) -> None:
        if all(one.startswith(_OF_CALLS) for one in notice.types) and notice.types:
            return
        self.forget(notice.organization_id)

    async def _moved(self, notice: ContactsChanged) -> None:
        self.forget(notice.organization_id)

    def forget(self, organization_id: int) -> None:
        """Load anew what is asked of the account from now on."""
        self._changes += 1
        for key in list(self._keys.get(organization_id, ())):
            self._drop(key)


def _size(found: object) -> int:
    """Number of resources that were loaded, and of modules of a flow: each takes about two kilobytes."""
    if not isinstance(found, LoadedFlow):
        return 1
    flow = found.flow
    held = (
        flow.users,
        flow.devices,
        flow.groups,
        flow.menus,
        flow.calendars,
        flow.conferences,
        flow.vmboxes,
        flow.trunks,
        flow.plan.numbers,
        *(group.members for group in flow.groups.values()),
    )
    return 1 + sum(len(one) for one in held) + sum(1 for _ in nodes_of(flow.root))
